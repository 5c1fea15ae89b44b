# SPDX-License-Identifier: Apache-2.0
"""The Zephyr module: its files agree with each other and with the Makefile, and its port answers the grammar.

No Zephyr is installed here. The port is compiled against stand-ins for Zephyr's headers and runs on this computer;
what a real Zephyr would make of it is not tested.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dut_firmware.nn.generate.tflite_to_c import generate
from tests.firmware.zephyr_build import FIRMWARE, MODULE, SAMPLE, STUB, compiled, configuration, kconfig, wanted
from tests.support.dut_build import READY, needs_gcc, run_make
from tests.support.tflite_writer import SmallModel, SmallOperator, SmallTensor

needs_cmake = pytest.mark.skipif(
    shutil.which("cmake") is None, reason="cmake is missing: install the package cmake"
)
PORT = FIRMWARE / "port" / "zephyr" / "zephyr_port.c"
BOOT = b"m-timestamp-mode-%b\r\n%bm-init-done\r\n" + READY


def talk(program: Path, sent: bytes, status: int = 0, **environment: str) -> tuple[bytes, str]:
    """Return what is said, and what happens to the pin: the letters of zephyr_stub/stub.c."""
    done = subprocess.run(
        [program], input=sent, capture_output=True, check=False, timeout=30, env={"PATH": "", **environment}
    )
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr.decode()


@pytest.fixture(scope="module")
def energy(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("zephyr-energy")
    return compiled(configuration(ENERGY_MODE=1, BAUD=9600), folder, STUB / "model.c")


@pytest.fixture(scope="module")
def performance(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("zephyr-performance")
    return compiled(configuration(BAUD=115200), folder, STUB / "model.c")


# --- the module's files ----------------------------------------------------------------------------------------


def test_the_module_names_files_that_exist() -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
    module = yaml.safe_load((MODULE / "module.yml").read_text(encoding="utf-8"))
    assert set(module) == {"name", "build"}
    assert (FIRMWARE / module["build"]["cmake"] / "CMakeLists.txt").is_file()
    assert (FIRMWARE / module["build"]["kconfig"]).is_file()


@needs_cmake
@needs_gcc
def test_its_sources_are_the_makefiles(tmp_path: Path) -> None:
    """A file that is new in the core must not be missing in an image of Zephyr."""
    printed = run_make("-f", "Makefile", "--eval=list: ; @echo $(CORE) , $(wildcard nn/*.c)", "list")
    core, nn = (
        {str(FIRMWARE / name) for name in part.split()} for part in printed.stdout.splitlines()[-2].split(",")
    )
    assert len(core) > 5
    plain = wanted(configuration(), tmp_path)
    assert plain.library == ["energy_runner_dut"]
    assert sorted(plain.source) == sorted(core | {str(PORT)})
    with_network = wanted(configuration(KERNELS=1, NETWORK="/net"), tmp_path)
    assert sorted(with_network.source) == sorted(core | nn | {str(PORT), "/net/er_network.c"})
    assert with_network.include == [str(FIRMWARE / "dut"), str(FIRMWARE / "nn"), "/net"]
    assert sorted(wanted(configuration(PORT="n"), tmp_path).source) == sorted(core)


@needs_cmake
def test_a_module_that_is_off_adds_nothing(tmp_path: Path) -> None:
    off = wanted(configuration(on=False), tmp_path)
    assert (off.source, off.define, off.include, off.library) == ([], [], [], [])


def test_every_option_is_defined_and_used() -> None:
    used = set()
    for path in (MODULE / "CMakeLists.txt", PORT, SAMPLE / "prj.conf", SAMPLE / "CMakeLists.txt"):
        used |= set(re.findall(r"\bCONFIG_(ENERGY_RUNNER_DUT\w*)", path.read_text(encoding="utf-8")))
    assert used == set(kconfig())


def test_the_sample_has_what_an_application_needs() -> None:
    lists = (SAMPLE / "CMakeLists.txt").read_text(encoding="utf-8")
    assert "list(APPEND ZEPHYR_EXTRA_MODULES ${DUT_FIRMWARE})\nfind_package(Zephyr" in lists
    assert (SAMPLE / "../../.." / "zephyr" / "module.yml").resolve() == MODULE / "module.yml"
    for name in re.findall(r"(?:PRIVATE |DUT_FIRMWARE}/)((?:src|port)/\S+\.c)", lists):
        assert (SAMPLE / name).is_file() or (FIRMWARE / name).is_file(), name
    overlay = (SAMPLE / "example.overlay").read_text(encoding="utf-8")
    assert "energy-runner,dut-uart" in overlay
    assert "timestamp-gpios" in overlay


# --- the port, on stand-ins ------------------------------------------------------------------------------------


@needs_cmake
@needs_gcc
def test_an_energy_build_answers(energy: Path) -> None:
    said, pin = talk(energy, b"name%profile%db load 3%db 010203%infer 2 1%timestamp%\xff%")
    assert said == (
        BOOT % (b"energy", b"") + b"m-name-dut-[Zephyr board]\r\n" + READY
        + b"m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[kws01]\r\n" + READY
        + b"m-[Expecting 3 bytes]\r\n" + READY + b"m-load-done\r\n" + READY
        + b"m-warmup-start-1\r\nm-warmup-done\r\nm-infer-start-2\r\nm-infer-done\r\nm-results-[3.000]\r\n" + READY
        + READY + b"e-[Unknown command: \\xff]\r\n" + READY
    )  # fmt: skip
    assert pin == "=v^" + "vt^v^" + "v^"


@needs_cmake
@needs_gcc
def test_the_kernel_timer_ends_the_pulse_within_a_long_inference(energy: Path) -> None:
    _, pin = talk(energy, b"infer 2 0%", STUB_INFER_US="5000")
    assert pin == "=v^" + "vt!^v^"
    _, pin = talk(energy, b"infer 2 0%", STUB_INFER_US="300")
    assert pin == "=v^" + "vt^v^", "an inference that is shorter ends it, and the timer"


@needs_cmake
@needs_gcc
@pytest.mark.parametrize(("cycles_of_64_bits", "step_us"), [(False, 100), (True, 1)])
def test_a_performance_build_counts_microseconds(tmp_path: Path, cycles_of_64_bits: bool, step_us: int) -> None:
    options = configuration(BAUD=115200)
    if cycles_of_64_bits:
        options["CONFIG_TIMER_HAS_64BIT_CYCLE_COUNTER"] = "1"
    said, pin = talk(compiled(options, tmp_path, STUB / "model.c"), b"infer 10 0%", STUB_INFER_US="1234")
    assert said.startswith(b"m-timestamp-mode-performance\r\nm-lap-us-")
    start, stop = (int(lap) for lap in re.findall(rb"m-lap-us-(\d+)", said)[1:])
    assert abs(stop - start - 12340) < step_us
    assert pin == "="


@needs_cmake
@needs_gcc
def test_bytes_that_found_no_room_make_their_command_fail_and_no_other(performance: Path) -> None:
    sent = b"name%" + b"db load 3%" * 12 + b"name%"
    said, _ = talk(performance, sent, STUB_BURST="500")
    assert said.count(b"m-name-dut-") == 1
    said, _ = talk(performance, sent + b"%name%", STUB_BURST=str(len(sent)))
    assert b"e-[A NUL byte is in the command]\r\n" in said
    assert said.endswith(b"m-name-dut-[Zephyr board]\r\n" + READY)


@needs_cmake
@needs_gcc
@pytest.mark.parametrize("missing", ["STUB_NO_UART", "STUB_NO_GPIO"])
def test_without_its_devices_it_stops(performance: Path, missing: str) -> None:
    said, _ = talk(performance, b"name%", status=3, **{missing: "1"})
    assert b"m-ready" not in said


@needs_cmake
@needs_gcc
def test_a_network_on_the_kernels(tmp_path: Path) -> None:
    tensors = [SmallTensor((1, 640), 0.39, 89), SmallTensor((1, 640), 0.78, 80)]
    model = SmallModel(tensors, [SmallOperator("ADD", (0, 0), (1,), {0: ("b", 0)})]).bytes()
    network = tmp_path / "network"
    network.mkdir()
    generate(model, "ad01", network, benchmark="ad01")
    options = configuration(KERNELS=1, NETWORK=network, MODEL='"ad01"', INPUT_BYTES=2560, ENERGY_MODE=1)
    said, _ = talk(compiled(options, tmp_path), b"profile%infer 1 0%")
    assert b"m-model-[ad01]\r\n" in said
    assert re.search(rb"m-results-\[\d+\.\d{3}\]\r\nm-ready\r\n$", said)


@needs_cmake
@needs_gcc
def test_the_sample_links_with_the_template_model(tmp_path: Path) -> None:
    model = FIRMWARE / "port" / "template" / "template_model.c"
    said, _ = talk(compiled(configuration(ENERGY_MODE=1), tmp_path, model), b"results%")
    assert said.endswith(b"m-results-[]\r\n" + READY)

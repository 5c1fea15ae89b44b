# SPDX-License-Identifier: Apache-2.0
"""The Arduino library that `make arduino` lays out, and its example: compiled for this computer, and for an AVR.

The Arduino core is a stand-in here; what a real one would make of the sketch is not tested.
"""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.support.dut_build import FIRMWARE, READY, needs_gcc, run_make
from tests.support.tflite_writer import SmallModel, SmallOperator, SmallTensor

STUB = Path(__file__).with_name("arduino_stub")
needs_gxx = pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is missing: install the package g++")
needs_avr = pytest.mark.skipif(
    shutil.which("avr-g++") is None and not os.environ.get("ENERGY_RUNNER_CI"),
    reason="avr-g++ is missing: install the packages gcc-avr and avr-libc",
)
pytestmark = [needs_gcc, needs_gxx]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def laid_out(out: Path, *words: str) -> Path:
    done = run_make(f"OUT={out}", *words, "arduino")
    assert done.returncode == 0, done.stderr
    return out / "EnergyRunnerDut"


def sketch_of(library: Path) -> Path:
    return library / "examples" / "Monitor" / "Monitor.ino"


def run(*command: object) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


def built(library: Path) -> Path:
    """Compile as the Arduino IDE does: each C file by itself, without flags of ours; the sketch as C++."""
    objects = []
    for source in sorted((library / "src").glob("*.c")):
        objects.append(source.with_suffix(".o"))
        run("gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", *SANITIZE, "-c", source, "-o", objects[-1])
    compiler = [
        "g++",
        "-std=gnu++11",
        "-Wall",
        "-Wextra",
        "-Werror",
        *SANITIZE,
        f"-I{STUB}",
        f"-I{library / 'src'}",
    ]
    run(*compiler, "-include", "Arduino.h", "-x", "c++", "-c", sketch_of(library), "-o", library / "sketch.o")
    run(*compiler, STUB / "core.cpp", library / "sketch.o", *objects, "-o", library / "dut")
    return library / "dut"


def talk(program: Path, sent: bytes) -> tuple[bytes, str]:
    done = subprocess.run([program], input=sent, capture_output=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr.decode()


def network(folder: Path) -> Path:
    weights = SmallTensor((1, 640), 0.39, 89)
    model = SmallModel(
        [weights, SmallTensor((1, 640), 0.78, 80)], [SmallOperator("ADD", (0, 0), (1,), {0: ("b", 0)})]
    )
    (folder / "ad01.tflite").write_bytes(model.bytes())
    return folder / "ad01.tflite"


def test_the_properties_are_those_that_the_format_requires() -> None:
    text = (FIRMWARE / "arduino" / "library.properties").read_text(encoding="utf-8")
    properties = dict(line.partition("=")[::2] for line in text.splitlines())
    required = {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "architectures"}
    assert required <= set(properties)
    assert all(properties.values())
    project = tomllib.loads((FIRMWARE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert properties["version"] == project["version"]
    assert not properties["name"].lower().startswith("arduino"), "such names are Arduino's own"


def test_the_library_has_the_core_and_nothing_else(tmp_path: Path) -> None:
    library = laid_out(tmp_path)
    names = {path.name for path in (library / "src").iterdir()}
    core = {path.name for path in (FIRMWARE / "dut").glob("*.[ch]")}
    assert names == core | {"EnergyRunnerDut.h", "template_model.c"}
    for name in core - {"er_config.h"}:
        assert (library / "src" / name).read_bytes() == (FIRMWARE / "dut" / name).read_bytes()
    assert (library / "library.properties").is_file()
    assert sketch_of(library).is_file()


def test_an_energy_build_pulls_its_pin_and_answers(tmp_path: Path) -> None:
    said, pin = talk(
        built(laid_out(tmp_path, "MODE=energy")), b"name%db load 256%db load 257%infer 2 1%timestamp%"
    )
    assert said == (
        b"m-timestamp-mode-energy\r\nm-init-done\r\n" + READY + b"m-name-dut-[unspecified]\r\n" + READY
        + b"m-[Expecting 256 bytes]\r\n" + READY
        + b"e-[Supplied buffer size 257 exceeds maximum of 256]\r\n" + READY
        + b"m-warmup-start-1\r\nm-warmup-done\r\nm-infer-start-2\r\nm-infer-done\r\nm-results-[]\r\n" + READY
        + READY
    )  # fmt: skip
    assert pin == "9600 " + "^=" + "v_^_" + "v^v_^" + "v_^_"


def test_a_performance_build_prints_laps_with_a_network_in_it(tmp_path: Path) -> None:
    library = laid_out(tmp_path, f"NETWORK={network(tmp_path)}", "BENCHMARK=ad01")
    said, pin = talk(built(library), b"profile%db load 2560%db load 2561%db load 0%infer 2 0%")
    assert b"m-model-[ad01]\r\n" in said
    assert b"m-[Expecting 2560 bytes]\r\n" in said
    assert b"exceeds maximum of 2560]\r\n" in said
    lap = rb"m-lap-us-\d+\r\n"
    assert re.search(
        rb"m-infer-start-2\r\n" + 2 * lap + rb"m-infer-done\r\nm-results-\[\d+\.\d{3}\]\r\nm-ready\r\n$", said
    )
    assert pin == "115200 "


def test_laying_out_again_leaves_nothing_of_the_last_time(tmp_path: Path) -> None:
    laid_out(tmp_path, f"NETWORK={network(tmp_path)}", "BENCHMARK=ad01")
    library = laid_out(tmp_path)
    assert not (library / "src" / "er_network.c").exists()
    assert (library / "src" / "template_model.c").exists()


@needs_avr
@pytest.mark.parametrize("mode", ["energy", "performance"])
def test_it_compiles_for_a_part_of_16_bits(tmp_path: Path, mode: str) -> None:
    """An AVR has an int of 16 bits: shifts and products that assume 32 would be errors here."""
    library = laid_out(tmp_path, f"MODE={mode}", f"NETWORK={network(tmp_path)}", "BENCHMARK=ad01")
    flags = ["-mmcu=atmega2560", "-Os", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
    sources = sorted((library / "src").glob("*.c"))
    done = subprocess.run(
        ["avr-gcc", "-std=gnu11", *flags, "-c", *map(str, sources)],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    sketch = ["-x", "c++", "-include", "Arduino.h", "-c", sketch_of(library), "-o", tmp_path / "sketch.o"]
    run("avr-g++", "-std=gnu++11", *flags[:4], "-Werror", f"-I{STUB}", f"-I{library / 'src'}", *sketch)

# SPDX-License-Identifier: Apache-2.0
"""The monitor and a small network in one library: what is loaded with `db` is inferred, and its results printed.

The networks are drawn here and mean nothing, but have the sizes of the benchmarks; the official ones are in
tests/reference.
"""

import re
import subprocess

import numpy as np
import pytest

from instruments.clock import VirtualClock
from instruments.devices.dut.twin_classifier import TENSORS
from instruments.errors import Unavailable
from instruments.twin_bench.cosim.host_dut import HostDut, HostDutLink
from tests.support.dut_build import READY, Firmware, booted, built, needs_gcc, run_make
from tests.support.nn_build import BuiltModel
from tests.support.tflite_writer import SmallModel, SmallOperator, SmallTensor

pytestmark = needs_gcc
NAME = b"m-name-dut-[host port, not a board]\r\n"


def connected(inputs, outputs, scale, zero_point):
    """One FULLY_CONNECTED layer with random weights."""
    weights = np.random.default_rng(inputs).integers(-127, 128, (outputs, inputs)).astype(np.int8)
    tensors = [
        SmallTensor((1, inputs), scale, zero_point),
        SmallTensor(weights.shape, 0.01, 0, weights),
        SmallTensor((1, outputs), scale * np.sqrt(inputs), 5),
    ]
    return SmallModel(tensors, [SmallOperator("FULLY_CONNECTED", (0, 1, -1), (2,), {0: ("b", 0)})]).bytes()


def doubled(size):
    """An output as large as the input, as an autoencoder has it: the input added to itself."""
    tensors = [SmallTensor((1, size), 0.39, 89), SmallTensor((1, size), 0.78, 80)]
    return SmallModel(tensors, [SmallOperator("ADD", (0, 0), (1,), {0: ("b", 0)})]).bytes()


NETWORKS = {
    "ad01": doubled(640),
    "ic01": connected(3072, 10, 1.0, -128),
    "kws01": connected(490, 12, 0.58, 83),
    "vww01": connected(27648, 2, 1 / 255, -128),
}


INT8, FLOAT32 = 9, 0


def unusable(kind):
    """What no kernel can run: another operator, or floats."""
    tensors = [SmallTensor((1, 490), 0.5, 3, kind=kind), SmallTensor((1, 12), 0.5, 3, kind=kind)]
    name = "MAX_POOL_2D" if kind == INT8 else "FULLY_CONNECTED"
    return SmallModel(tensors, [SmallOperator(name, (0, 0, -1), (1,), {0: ("b", 0)})]).bytes()


UNUSABLE = {"pooled": unusable(INT8), "floats": unusable(FLOAT32)}


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    for name, data in (NETWORKS | UNUSABLE).items():
        (folder / f"{name}.tflite").write_bytes(data)
    return folder


def joined(networks, benchmark, mode="energy"):
    return booted(mode, networks / f"{benchmark}.tflite", benchmark)


def stimulus(benchmark, seed):
    generator = np.random.default_rng(seed)
    if benchmark == "ad01":
        return generator.uniform(-80.0, 15.0, 640).astype("<f4").tobytes()
    return generator.bytes({"ic01": 3072, "kws01": 490, "vww01": 27648}[benchmark])


def line(values):
    return f"m-results-[{','.join(f'{np.float32(value):.3f}' for value in values)}]\r\n".encode()


@pytest.mark.parametrize("task", NETWORKS)
def test_results_are_those_of_the_network(networks, tmp_path, task):
    dut = joined(networks, task)
    alone = BuiltModel(NETWORKS[task], tmp_path)
    for seed in range(3):
        data = stimulus(task, seed)
        dut.load(data)
        tensor = TENSORS[task](data, np.float32(alone.input.scales[0]), int(alone.input.zero_points[0]))
        output = alone.run(tensor).astype(float)
        values = (output - int(alone.output.zero_points[0])) * float(alone.output.scales[0])
        if task == "ad01":
            values = [np.mean((np.frombuffer(data, "<f4").astype(float) - values) ** 2)]
        assert dut.ask(b"infer 2 1%").endswith(line(values) + READY)
        assert dut.ask(b"results%") == line(values) + READY
    assert dut.events() == "ivt<i^i>v_^" * 3


def test_it_says_which_network_it_holds_and_that_it_is_no_board(networks):
    dut = joined(networks, "ic01")
    assert dut.ask(b"name%") == NAME + READY
    assert b"m-model-[ic01]\r\n" in dut.ask(b"profile%")


def test_results_before_any_inference_are_zeros_and_inference_without_stimulus_is_of_zeros(networks):
    dut = joined(networks, "ad01")
    assert dut.ask(b"results%") == b"m-results-[0.000]\r\n" + READY
    without = dut.ask(b"infer 1 0%")
    dut.load(bytes(2560))
    assert dut.ask(b"infer 1 0%") == without


def test_results_stay_those_of_the_last_inference_when_the_next_stimulus_is_loaded(networks):
    dut = joined(networks, "ad01")
    dut.load(stimulus("ad01", 1))
    dut.ask(b"infer 1 0%")
    before = dut.ask(b"results%")
    dut.load(stimulus("ad01", 2))
    assert dut.ask(b"results%") == before
    dut.ask(b"infer 1 0%")
    assert dut.ask(b"results%") != before


def test_a_stimulus_of_another_size_is_refused(networks):
    dut = joined(networks, "kws01")
    dut.load(bytes(489))
    assert dut.ask(b"infer 1 0%") == b"e-[The stimulus has not the size of the model's input]\r\n" + READY


def test_two_duts_in_one_process_know_nothing_of_each_other(networks):
    one, other = joined(networks, "kws01"), joined(networks, "kws01")
    one.load(bytes(490))
    other.ask(b"db load 3%db 010203%")
    assert other.ask(b"db print%").startswith(b"m-buffer-01-02-03\r\n")
    assert b"m-infer-done" in one.ask(b"infer 1 0%")
    assert b"m-infer-done" not in other.ask(b"infer 1 0%")


def test_the_link_hands_out_what_was_said_and_waits_where_nothing_was(networks):
    clock = VirtualClock()
    link = HostDutLink(HostDut(built("libdut_host.so", "energy", networks / "kws01.tflite", "kws01")))
    link.open(clock.deadline(1.0))
    assert link.read(clock.deadline(1.0), max_bytes=5) == b"m-tim"
    assert link.read(clock.deadline(1.0)).endswith(READY)
    assert clock.now_ns() == 0
    link.write(b"na", clock.deadline(1.0))
    assert link.read(clock.deadline(3.0)) == b""
    assert clock.now_ns() == 3_000_000_000
    link.write(b"me%", clock.deadline(1.0))
    link.open(clock.deadline(1.0))  # a power cycle: what was said before is lost
    assert link.read(clock.deadline(1.0)).startswith(b"m-timestamp-mode-energy\r\n")


def test_a_library_that_is_none_is_named(tmp_path):
    with pytest.raises(Unavailable, match=r"no\.so.*make -C dut_firmware library"):
        HostDut(tmp_path / "no.so")
    (tmp_path / "text.so").write_text("text")
    with pytest.raises(Unavailable, match=r"text\.so"):
        HostDut(tmp_path / "text.so")


def test_the_console_ends_with_its_input_and_the_sanitizers_find_nothing(networks):
    program = built("dut_console", "performance", networks / "ad01.tflite", "ad01")
    values = np.array([np.nan, np.inf, -np.inf, 3e38] * 160, "<f4").tobytes()
    sent = b"db load 2560%" + b"".join(
        b"db " + values[at : at + 32].hex().encode() + b"%" for at in range(0, 2560, 32)
    )
    done = subprocess.run([program], input=sent + b"infer 2 1%", capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.endswith(b"m-results-[nan]\r\n" + READY)


# --- what make refuses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("NETWORK={here}/kws01.tflite",), "NETWORK .* and BENCHMARK .* go together"),
        (("BENCHMARK=kws01",), "NETWORK .* and BENCHMARK .* go together"),
        (("NETWORK={here}/none.tflite", "BENCHMARK=kws01"), r"none\.tflite is not there"),
        (("NETWORK={here}/kws01.tflite", "BENCHMARK=kws1"), "error: there is no benchmark 'kws1'"),
        (("NETWORK={here}/kws01.tflite", "BENCHMARK=ic01"), "error: its input has 490 values"),
        (
            ("NETWORK={here}/pooled.tflite", "BENCHMARK=kws01"),
            r"pooled\.tflite: error: layer 0 \(MAX_POOL_2D\) is an operator without a kernel here",
        ),
        (
            ("NETWORK={here}/floats.tflite", "BENCHMARK=kws01"),
            r"error: layer 0 \(FULLY_CONNECTED\) .*type float32; int8",
        ),
        (
            ("NETWORK={here}/kws01.tflite", "BENCHMARK=kws01", "NETWORK_LIMITS=--flash 1000 --ram 100"),
            r"error: kws01 is too big for the target: it needs \d+ bytes of flash, \d+ more .* RAM, \d+ more",
        ),
        (
            ("NETWORK={here}/kws01.tflite", "BENCHMARK=kws01", "DEFINES=-DMAX_DB_INPUT_SIZE=489"),
            "error: .*MAX_DB_INPUT_SIZE is smaller than a stimulus of this network",
        ),
        (("MODE=fast",), "MODE is 'fast'; it must be performance or energy"),
    ],
)
def test_make_says_what_is_wrong(networks, tmp_path, words, message):
    done = run_make(f"OUT={tmp_path}", *(word.format(here=networks) for word in words), "library")
    assert done.returncode != 0
    assert re.search(message, done.stderr)
    assert not (tmp_path / "libdut_host.so").exists()


def test_other_settings_build_again_and_the_same_ones_do_not(networks, tmp_path):
    settings = [f"OUT={tmp_path}", f"NETWORK={networks}/kws01.tflite", "BENCHMARK=kws01"]
    library = tmp_path / "libdut_host.so"

    def model_string():
        dut = Firmware(library)
        dut.boot_lines()
        return dut.ask(b"profile%")

    assert run_make(*settings, "library").returncode == 0
    first = library.stat().st_mtime_ns
    assert run_make(*settings, "library").returncode == 0
    assert library.stat().st_mtime_ns == first
    settings[1:] = [f"NETWORK={networks}/ad01.tflite", "BENCHMARK=ad01"]
    assert run_make(*settings, "library").returncode == 0
    assert b"m-model-[ad01]" in model_string()


def test_sizes_name_the_network_and_the_compiler_that_is_missing(networks, tmp_path):
    settings = (f"NETWORK={networks}/kws01.tflite", "BENCHMARK=kws01", "ARM=no-such-")
    done = run_make(f"OUT={tmp_path}", *settings, "size")
    assert done.returncode == 0, done.stderr
    assert re.search(r"core and network, by gcc.*\n +text.*\n +\d+.*core\.o\n +\d+.*network\.o\n", done.stdout)
    assert re.search(r"cortex_m: not built, no-such-gcc is missing; install the package \S+arm", done.stdout)

# SPDX-License-Identifier: Apache-2.0
"""The DUT's firmware, built for a Cortex-M4, in the emulated core: real ELF, real bytes, exact cycles."""

import re
import subprocess

import numpy as np
import pytest

from energy_runner.benchmarks.catalogue import load_benchmark
from instruments.twin_bench.cosim.cortex_m import Kind
from tests.support.core_bench import FREQUENCY_HZ, READY, RunningCore, elf_of, make, needs
from tests.support.demo_data import KEYWORDS_LAYERS, KEYWORDS_OPERATIONS, network
from tests.support.demo_data import stimuli as demo_stimuli
from tests.support.network_oracle import Oracle, interpreter

pytestmark = needs("arm-none-eabi-gcc", "make", "cc")
pytest.importorskip("unicorn", reason="unicorn is missing: pip install unicorn")

LAYERS = len(KEYWORDS_LAYERS)
IDLE, RECEIVE, TRANSMIT, INFER = 1, 2, 3, 4


@pytest.fixture
def model():
    return network()


@pytest.fixture
def stimuli():
    return demo_stimuli()[:50]


@pytest.fixture
def board(model):
    board = RunningCore(elf_of(model))
    board.boot()
    return board


# --- it is the firmware ------------------------------------------------------------------------------------


def test_boot(model):
    board = RunningCore(elf_of(model))
    assert board.boot() == b"m-timestamp-mode-energy\r\nm-init-done\r\nm-ready\r\n"
    assert [event.value for event in board.of(Kind.TIMESTAMP)] == [0, 1]
    assert board.core.baud == 9601
    assert board.core.waiting
    assert board.core.fault is None


def test_it_says_that_it_is_no_board(board):
    assert board.ask(b"name%") == b"m-name-dut-[emulated Cortex-M4]\r\n" + READY
    assert b"m-model-[demo-keywords]" in board.ask(b"profile%")


def test_load_and_infer(board, stimuli):
    board.load(stimuli[0])
    assert board.ask(b"db print%").count(b"m-buffer") == 62
    board.events.clear()
    lines = board.ask(b"infer 5 1%").split(b"\r\n")
    assert lines[:4] == [b"m-warmup-start-1", b"m-warmup-done", b"m-infer-start-5", b"m-infer-done"]
    assert lines[4].startswith(b"m-results-[0.9"), "the first stimulus is of class 0"
    layers = board.of(Kind.LAYER)
    assert [event.layer_index for event in layers] == list(range(LAYERS)) * 6
    assert tuple(event.layer_kind for event in layers[:LAYERS]) == KEYWORDS_LAYERS
    assert sum(event.operations for event in layers[:LAYERS] if event.layer_kind <= 3) == KEYWORDS_OPERATIONS
    fall, rise, stop, end = [event.cycle for event in board.of(Kind.TIMESTAMP)]
    starts = [event.cycle for event in layers[::LAYERS]]
    # The timer's interrupt raises the pin within the first inference of the window, 1 ms after it fell; after the
    # second edge the firmware does.
    assert 64_000 < rise - fall < 64_200
    assert fall < starts[1] < rise < starts[2]
    assert 64_000 < end - stop < 64_200
    assert len(set(np.diff(starts[2:]))) == 1
    # Window: five inferences, and what the monitor does between them is below 1e-5 of it.
    assert stop - fall == pytest.approx(5 * (starts[3] - starts[2]), rel=1e-5)


def test_a_performance_build_counts_microseconds(model, stimuli):
    board = RunningCore(elf_of(model, "performance"), "performance")
    assert board.boot().startswith(b"m-timestamp-mode-performance\r\nm-lap-us-")
    assert board.core.baud == 115207
    board.load(stimuli[0])
    answer = board.ask(b"infer 2 0%")
    start_us, stop_us = (int(line[9:]) for line in answer.split(b"\r\n") if line.startswith(b"m-lap-us-"))
    starts = [event.cycle for event in board.of(Kind.LAYER)[::LAYERS]]
    assert stop_us - start_us == pytest.approx(2 * (starts[1] - starts[0]) / FREQUENCY_HZ * 1e6, abs=2.0)
    assert board.of(Kind.TIMESTAMP) == []


def test_what_it_does_is_told(board):
    board.events.clear()
    board.ask(b"infer 1 0%")
    told = [event.value for event in board.of(Kind.ACTIVITY)]
    assert told == [RECEIVE, TRANSMIT, INFER, IDLE, TRANSMIT, IDLE]
    first, last = board.of(Kind.UART)[0], board.of(Kind.UART)[-1]
    assert first.cycle > board.of(Kind.ACTIVITY)[1].cycle
    assert last.cycle + board.frame_cycles <= board.of(Kind.ACTIVITY)[-1].cycle + 200


@pytest.mark.deep
def test_output_bytes_are_those_of_tflite_micro(board, model, stimuli):
    answer = interpreter(model.read_bytes())
    assert len(stimuli) == 50
    for stimulus in stimuli:
        wanted = answer(np.frombuffer(stimulus, np.int8).reshape(1, 49, 10, 1)).astype(int)
        board.load(stimulus)
        [line] = [line for line in board.ask(b"infer 1 0%").split(b"\r\n") if line.startswith(b"m-results-")]
        # Softmax has scale 1/256 and zero point -128, so three decimals tell every byte apart.
        values = [float(value) for value in line[11:-1].split(b",")]
        assert [round(256 * value) - 128 for value in values] == list(wanted)


@pytest.mark.deep
@pytest.mark.parametrize("name", ["demo-figure", "demo-machine", "demo-shapes"])
def test_every_benchmark_answers_as_tflite_micro(name):
    benchmark = load_benchmark(name)
    stimulus = demo_stimuli(benchmark)[1]
    board = RunningCore(elf_of(network(benchmark)))
    board.boot()
    board.load(stimulus)
    [line] = [line for line in board.ask(b"infer 1 0%", 30.0).split(b"\r\n") if line.startswith(b"m-results-")]
    wanted = list(Oracle(network(benchmark), name).values(stimulus))
    assert [float(value) for value in line[11:-1].split(b",")] == pytest.approx(wanted, abs=6e-4, rel=1e-6)


# --- it is exact -------------------------------------------------------------------------------------------


def test_events_do_not_depend_on_the_slices(model):
    told = []
    for slice_s in (0.0001, 0.0005, 0.007):
        board = RunningCore(elf_of(model), slice_cycles=round(slice_s * FREQUENCY_HZ))
        # All bytes are on their way from the beginning: a client that waits would wait for whole slices.
        command = b"name%db load 2%db 7f80%db load 0%infer 2 1%"
        for place, byte in enumerate(command):
            at = (place + 1 + 400 * command[:place].count(b"%")) * board.frame_cycles
            board.core.schedule_uart(4_000_000 + at, byte)
        board.run(4.0)
        assert len(board.of(Kind.LAYER)) == 3 * LAYERS
        told.append((board.events, board.core.instructions))
    assert len(told[0][0]) > 200
    assert told[0] == told[1] == told[2]


class Stepper:
    """Counts single instructions in Python, and those that an IT block skips, which unicorn does not show."""

    def __init__(self, flash: bytes) -> None:
        self.flash = flash
        self.count = 0
        self.block: dict[int, int] = {}  # address → count, within the IT block under way

    def __call__(self, _core, address, _size, _data):
        if address in self.block:
            self.count = self.block[address]
            return
        self.count = max([self.count, *self.block.values()]) + 1
        self.block = {}
        first = self.halfword(address)
        if first >> 8 == 0xBF and first & 0xF:  # IT: the lowest set bit tells how many instructions follow
            at = address + 2
            for place in range(4 - (first & -first).bit_length() + 1):
                self.block[at] = self.count + place + 1
                at += 4 if self.halfword(at) >> 11 >= 0b11101 else 2

    def halfword(self, address: int) -> int:
        return int.from_bytes(self.flash[address : address + 2], "little")


def test_cycles_of_events_are_those_of_single_instructions(model):
    import unicorn

    board = RunningCore(elf_of(model))
    engine, registers = board.core._engine, board.core._board
    step = Stepper(engine._flash[:])
    engine._core.hook_add(unicorn.UC_HOOK_CODE, step)
    accesses = []

    def noting(access):
        def noted(cycle, *arguments):
            accesses.append((cycle - board.core._slept, step.count - 1))
            return access(cycle, *arguments)

        return noted

    registers.read, registers.write = noting(registers.read), noting(registers.write)
    board.boot()
    assert len(accesses) > 300
    assert [at for at, _ in accesses] == [at for _, at in accesses]
    assert board.core.instructions == step.count


def test_the_transmitter_is_busy_for_a_frame(board):
    board.events.clear()
    board.ask(b"help%")
    gaps = np.diff([event.cycle for event in board.of(Kind.UART)])
    frame = 10 * 2604 * FREQUENCY_HZ // 25_000_000
    assert gaps.min() >= frame
    assert gaps.max() < frame + 1000


def test_a_wait_costs_nothing(board):
    before = board.core.instructions
    board.run(3600.0 / 1000)
    assert board.core.instructions == before
    assert board.core.waiting
    assert board.core.cycle == board.now


# --- the build ---------------------------------------------------------------------------------------------


def test_sizes_are_printed_and_within_what_a_small_part_has(model, tmp_path):
    built = make(model, tmp_path, FLASH_BYTES=48 * 1024, RAM_BYTES=64 * 1024)
    assert built.returncode == 0, built.stderr
    assert re.search(
        r"The firmware with demo-keywords\.tflite takes \d+ bytes of flash and \d+ bytes of RAM", built.stdout
    )
    symbols = subprocess.run(
        ["arm-none-eabi-nm", tmp_path / "dut_cortex_m.elf"], capture_output=True, text=True, check=True
    )
    assert not {"malloc", "printf", "_sbrk"} & {line.split()[-1] for line in symbols.stdout.splitlines()}


def test_too_big_a_model_is_refused_with_the_numbers(model, tmp_path):
    built = make(model, tmp_path, FLASH_BYTES=20000, RAM_BYTES=10000)
    assert built.returncode != 0
    [line] = [line for line in built.stderr.splitlines() if "too big" in line]
    flash, ram = (int(re.search(rf"(\d+) bytes of {kind}", line)[1]) for kind in ("flash", "RAM"))
    assert f"{flash} bytes of flash, {flash - 20000} more than the 20000 there are" in line
    assert f"{ram} bytes of RAM, {ram - 10000} more than the 10000 there are" in line
    assert not list(tmp_path.glob("dut_cortex_m.elf*"))


def test_the_stack_is_deep_enough(model):
    board = RunningCore(elf_of(model))
    top = int.from_bytes(board.core._image[:4], "little")
    board.core._engine._core.mem_write(top - 2048, b"\xa5" * 2048)
    board.boot()
    for command in (b"help%", b"x" * 100 + b"%", b"db load 1%", b"db 7g%", b"db load 0%", b"infer 1 0%"):
        board.ask(command)
    stack = bytes(board.core._engine._core.mem_read(top - 2048, 2048))
    assert 200 < len(stack.lstrip(b"\xa5")) < 1024


def test_a_missing_compiler_names_the_package(model, tmp_path):
    built = make(model, tmp_path, ARM="none-such-")
    assert built.returncode != 0
    assert "none-such-gcc is missing; install the packages gcc-arm-none-eabi" in built.stderr


def test_without_a_network_it_says_what_to_give(tmp_path):
    built = make(tmp_path, tmp_path, NETWORK="", BENCHMARK="")
    assert built.returncode != 0
    assert "NETWORK=model.tflite" in built.stderr

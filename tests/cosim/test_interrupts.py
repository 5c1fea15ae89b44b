# SPDX-License-Identifier: Apache-2.0
"""Interrupts of the emulated core: taken when unmasked, unnoticed by the program, the same however time is cut."""

import re
import subprocess

import pytest

from instruments.twin_bench.cosim.cortex_m import CortexM4, Kind
from instruments.twin_bench.cosim.toolchain import host_library
from tests.support.core_bench import FREQUENCY_HZ, HOOK, READY, RunningCore, elf_of, needs
from tests.support.demo_data import network

pytestmark = needs("arm-none-eabi-gcc", "make", "cc")
pytest.importorskip("unicorn", reason="unicorn is missing: pip install unicorn")

TIMER = 8
TICKS = 25


@pytest.fixture
def model():
    return network()


def test_a_handler_at_any_place_changes_nothing_but_the_time(model):
    """Hundreds of interrupts, wherever a slice ends: registers, flags and IT blocks come back as they were."""
    results = []
    for forced in (False, True):
        board = RunningCore(elf_of(model), slice_cycles=FREQUENCY_HZ // 1009)
        board.boot()
        board.ask(b"db load 490%")
        for at in range(0, 490, 35):
            board.ask(b"db " + bytes((37 * place) % 256 for place in range(at, at + 35)).hex().encode() + b"%")
        engine, taken = board.core._engine, 0
        board.send(b"infer 2 0%")
        answer = b""
        for _ in range(5000):
            answer += bytes(event.value for event in board.run(0.001) if event.kind is Kind.UART)
            if forced and not board.core.waiting and not engine._handling:
                engine.interrupt(TIMER)
                taken += 1
            if answer.endswith(READY):
                break
        assert taken >= 200 * forced
        results.append(answer)
    assert results[0] == results[1]
    assert re.search(rb"m-results-\[.*0\.\d*[1-9]", results[0]), "not of an empty stimulus"


def test_the_moment_of_the_interrupt_does_not_depend_on_the_slices(model):
    rises = []
    for slice_cycles in (6_400, 64_000, 999_983):
        board = RunningCore(elf_of(model), slice_cycles=slice_cycles)
        for place, byte in enumerate(b"infer 2 0%", 1):
            board.core.schedule_uart(20_000_000 + place * board.frame_cycles, byte)
        board.run(2.0)
        edges = board.of(Kind.TIMESTAMP)
        assert [event.value for event in edges] == [0, 1, 0, 1, 0, 1]
        rises.append(edges[3].cycle)
    assert len(set(rises)) == 1


def test_the_pulse_of_a_window_lasts_its_stated_time_and_not_an_inference(model):
    board = RunningCore(elf_of(model))
    board.boot()
    board.events.clear()
    board.ask(b"infer 2 0%")
    fall, rise, stop, end = (event.cycle for event in board.of(Kind.TIMESTAMP))
    assert 1e-3 * FREQUENCY_HZ <= rise - fall < 1.002e-3 * FREQUENCY_HZ
    assert 1e-3 * FREQUENCY_HZ <= end - stop < 1.002e-3 * FREQUENCY_HZ
    assert (stop - fall) / 2 > 100 * (rise - fall)


def test_a_byte_within_the_first_inference_is_no_interrupt(model):
    """The UART's interrupts only wake: nobody would clear one that was taken, and the core would hang."""
    board = RunningCore(elf_of(model))
    board.boot()
    board.send(b"infer 1 0%")
    board.run(0.02)
    board.send(b"x")
    board.run(1.0)
    assert board.core.fault is None
    assert board.ask(b"%").endswith(READY)
    assert board.ask(b"name%").startswith(b"m-name-dut-[")


# --- by hand -------------------------------------------------------------------------------------------------

# Sets the timer up to expire once, enables its interrupt in the NVIC, unmasks, and counts in r7 for ever; its
# handler stops the timer, clears its flag and counts in r6.
PROGRAM = """
    .syntax unified
    .thumb
    .word 0x20001000, start + 1
    .space 88, 0
    .word handler + 1
start:
    ldr r0, =0x40000000
    ldr r1, =0xe000e100
    mov r2, #256
    str r2, [r1]
    movs r3, #25
    str r3, [r0, #4]
    movs r3, #9
    {mask}
    str r3, [r0]
loop:
    adds r7, #1
    b loop
    .align 2
handler:
    adds r6, #1
    movs r3, #0
    str r3, [r0]
    movs r3, #1
    str r3, [r0, #12]
    bx lr
"""


@pytest.fixture
def assembled(tmp_path):
    def build(mask: str) -> CortexM4:
        (tmp_path / "small.s").write_text(PROGRAM.format(mask=mask))
        command = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-nostdlib", "-Wl,-Ttext=0,-e0", "small.s"]
        subprocess.run([*command, "-o", "small.elf"], cwd=tmp_path, check=True, timeout=60)
        return CortexM4(host_library(HOOK), tmp_path / "small.elf", FREQUENCY_HZ)

    return build


def counters(core: CortexM4) -> tuple[int, int]:
    import unicorn.arm_const as names

    return tuple(core._engine._core.reg_read(getattr(names, f"UC_ARM_REG_R{number}")) for number in (7, 6))


@pytest.mark.parametrize("slices", [1, 7, 100])
def test_it_is_taken_once_and_the_loop_goes_on(assembled, slices):
    core = assembled("cpsie i")
    for part in range(1, slices + 1):
        core.run_until(1000 * part // slices)
    # 9 instructions of set-up, 6 of the handler, one branch in the end or not: the rest is the loop of two.
    assert core.cycle in (999, 1000)
    loops, handled = counters(core)
    assert handled == 1
    assert 2 * loops in (core.cycle - 15, core.cycle - 14, core.cycle - 16)


def test_it_comes_when_the_timer_expires_and_not_before(assembled):
    core = assembled("cpsie i")
    expires = 9 + TICKS * FREQUENCY_HZ // 25_000_000
    core.run_until(expires - 2)
    assert counters(core)[1] == 0
    core.run_until(expires + 10)
    assert counters(core)[1] == 1


def test_what_is_masked_is_not_taken(assembled):
    core = assembled("cpsid i")
    core.run_until(1000)
    assert counters(core)[1] == 0
    assert core._board.awake


def test_a_stack_that_is_nowhere_is_a_fault(assembled):
    core = assembled("cpsie i\n movs r4, #0\n mov sp, r4")
    [event] = core.run_until(1000)
    assert event.kind is Kind.FAULT
    assert str(event.fault).startswith("no stack for an interrupt: store to an unmapped address")
    assert core.run_until(2000) == []
    assert core.cycle == 2000


def test_a_handler_that_is_nowhere_is_a_fault(assembled):
    core = assembled("cpsie i")
    core._engine._flash[4 * (16 + TIMER) : 4 * (16 + TIMER) + 4] = bytes(3) + b"\x30"
    [event] = core.run_until(1000)
    assert str(event.fault).startswith("jump to "), str(event.fault)


def test_a_jump_to_where_handlers_return_is_a_fault_outside_of_them(assembled):
    core = assembled("mvn r4, #6\n bx r4")
    [event] = core.run_until(1000)
    assert event.kind is Kind.FAULT

# SPDX-License-Identifier: Apache-2.0
"""The emulated core when things go wrong: lost bytes, a hung or crashed core, faults, files that hold no ELF."""

import sys

import pytest

from instruments.errors import Refused, Unavailable
from instruments.twin_bench.cosim.cortex_m import CortexM4, Kind
from instruments.twin_bench.cosim.toolchain import host_library
from tests.support.core_bench import FREQUENCY_HZ, HOOK, READY, RunningCore, elf_of, needs, said
from tests.support.demo_data import network

pytestmark = needs("arm-none-eabi-gcc", "make", "cc")
pytest.importorskip("unicorn", reason="unicorn is missing: pip install unicorn")


@pytest.fixture
def board():
    board = RunningCore(elf_of(network()))
    board.boot()
    return board


def test_bytes_during_an_inference_are_lost_and_the_command_is_refused(board):
    board.send(b"infer 1 0%")
    board.run(0.1)
    assert board.of(Kind.LAYER)
    board.send(b"name")
    board.run(1.0)
    answer = board.ask(b"e%")
    assert answer.endswith(b"e-[A NUL byte is in the command]\r\n" + READY)
    assert board.ask(b"name%").startswith(b"m-name-dut-[")


def test_a_hung_core_says_nothing(board):
    board.core.hang()
    before = board.core.instructions
    assert board.ask(b"name%", limit_s=0.5) == b""
    assert not board.core.waiting
    assert board.core.fault is None
    assert board.core.instructions - before == pytest.approx(0.5 * FREQUENCY_HZ, rel=0.1)


def test_a_crash_while_asleep_comes_with_the_next_byte(board):
    board.core.crash()
    board.run(0.1)
    assert board.core.fault is None
    assert board.ask(b"name%", limit_s=0.5) == b""
    [event] = board.of(Kind.FAULT)
    assert event.fault.what == "undefined instruction"
    assert event.value == event.fault.pc
    assert f"0x{event.value:08x}" in board.core.fault


def test_a_crash_within_an_inference(board):
    board.send(b"infer 1 0%")
    board.run(0.1)
    assert not board.core.waiting
    board.core.crash()
    before = board.core.cycle
    board.run(0.1)
    assert [event.cycle for event in board.of(Kind.FAULT)] == [before]
    assert said(board.run(1.0)) == b""
    assert board.core.cycle == board.now


def test_reset_forgets_a_crash(board):
    board.core.crash()
    board.ask(b"name%", limit_s=0.2)
    assert board.core.fault
    board.core.reset()
    board.now = 0
    assert board.core.fault is None
    assert board.boot().endswith(READY)


def thumb(*halfwords: int) -> bytes:
    """Return a flash image: stack, entry at 8, code, a branch to itself."""
    code = b"".join(word.to_bytes(2, "little") for word in (*halfwords, 0xE7FE))
    return (0x20001000).to_bytes(4, "little") + (9).to_bytes(4, "little") + code


def movs_lsls(value: int) -> tuple[int, int]:
    """Return MOVS r0, #value; LSLS r0, r0, #24: an address of a 16 MB page in r0."""
    return 0x2000 | value, 0x0600


@pytest.mark.parametrize(
    ("code", "fault", "cycle"),
    [
        ((*movs_lsls(0x30), 0x6800), "load from an unmapped address at 0x30000000, PC 0x0000000c", 2),
        ((*movs_lsls(0x30), 0x6000), "store to an unmapped address at 0x30000000, PC 0x0000000c", 2),
        ((*movs_lsls(0x00), 0x6000), "store to flash at 0x00000000, PC 0x0000000c", 2),
        ((*movs_lsls(0x40), 0x6B00), "load from a register that does not exist at 0x40000030, PC 0x0000000c", 2),
        ((*movs_lsls(0x40), 0x7000), "store to a register that does not exist at 0x40000000, PC 0x0000000c", 2),
        ((*movs_lsls(0x21), 0x3001, 0x4700), "jump to ", 4),
        ((*movs_lsls(0x20), 0x3001, 0x4700), "jump to memory that is not executable", 4),
        ((0xBF00, 0xDE00), "undefined instruction, PC 0x0000000a", 1),
        ((0xBF00, 0xDF00), "exception, PC 0x0000000c", 2),  # SVC ends, then its exception comes
    ],
)
def test_a_fault_stops_the_core_and_is_named(code, fault, cycle, tmp_path):
    core = CortexM4(host_library(HOOK), elf_with(thumb(*code), tmp_path), FREQUENCY_HZ)
    [event] = core.run_until(1000)
    assert event.kind is Kind.FAULT
    assert str(event.fault).startswith(fault), str(event.fault)
    assert event.cycle == cycle
    assert core.fault == str(event.fault)
    assert core.run_until(100_000) == []
    assert core.cycle == 100_000
    assert core.instructions == cycle


def elf_with(image: bytes, folder):
    """Write the least ELF: one segment at address 0."""
    header = b"\x7fELF\x01\x01\x01".ljust(16, b"\0")
    header += b"".join(
        value.to_bytes(size, "little")
        for value, size in ((2, 2), (40, 2), (1, 4), (9, 4), (52, 4), (0, 4), (0, 4), (52, 2), (32, 2), (1, 2))
    )
    header = header.ljust(52, b"\0")
    segment = (1, 84, 0, 0, len(image), len(image), 5, 4)
    (folder / "small.elf").write_bytes(header + b"".join(word.to_bytes(4, "little") for word in segment) + image)
    return folder / "small.elf"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a 32-bit little-endian Arm ELF"),
        (b"\x7fELF\x02\x01" + bytes(80), "not a 32-bit little-endian Arm ELF"),
        (None, "not a 32-bit little-endian Arm ELF"),
    ],
)
def test_what_is_no_elf_is_refused(content, says, tmp_path):
    file = elf_with(thumb(), tmp_path)
    file.write_bytes(file.read_bytes()[:-3] if content is None else content)
    with pytest.raises(Refused, match=says):
        CortexM4(host_library(HOOK), file, FREQUENCY_HZ)


def test_an_elf_beyond_the_flash_is_refused(tmp_path):
    with pytest.raises(Refused, match=r"ends at 4194305 bytes, the flash has 4194304"):
        CortexM4(host_library(HOOK), elf_with(bytes((4 << 20) + 1), tmp_path), FREQUENCY_HZ)


def test_a_missing_elf_is_unavailable(tmp_path):
    with pytest.raises(Unavailable, match="No such file"):
        CortexM4(host_library(HOOK), tmp_path / "none.elf", FREQUENCY_HZ)


def test_without_unicorn_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "unicorn", None)
    with pytest.raises(Unavailable, match=r"pip install 'energy-runner\[cosim\]'"):
        CortexM4(host_library(HOOK), elf_with(thumb(), tmp_path), FREQUENCY_HZ)

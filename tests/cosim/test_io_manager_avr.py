# SPDX-License-Identifier: Apache-2.0
"""The IO manager's firmware in an emulated ATmega328P: its grammar, both ways at once, and when edges came."""

import random
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from instruments.errors import Refused, Unavailable
from instruments.twin_bench.cosim import toolchain
from instruments.twin_bench.cosim.avr import Atmega328p, AvrEvent, AvrKind
from instruments.twin_bench.cosim.bits import BitReceiver, frame_levels, frame_ns
from tests.support.cosim_bench import needs_cosim

pytestmark = needs_cosim()

HZ = 16_000_000
SHIM = Path(toolchain.__file__).parent / "avr_host.c"
HOST_NS = frame_ns(115200)


class Uno:
    """A chip with its two serial lines and the timestamp pin; time in nanoseconds since reset."""

    def __init__(self, elf: Path) -> None:
        library = toolchain.host_library(SHIM, ("simavr", "elf"))
        self.chip = Atmega328p(library, elf)
        self.now_ns = 0
        self.said = b""
        self.sent = b""  # to the DUT
        self.events: list[AvrEvent] = []
        self._receiver = BitReceiver(9600)
        self._host_free_ns = 0
        self._dut_free_ns = 0
        for pin in ("D2", "D3"):
            self.chip.schedule_pin(0, pin, True)

    @staticmethod
    def cycle(at_ns: float) -> int:
        return round(at_ns * HZ / 1e9)

    def run(self, duration_s: float, slice_s: float = 1e-3) -> bytes:
        """Let time pass; return what the host heard meanwhile."""
        before, end_ns = len(self.said), self.now_ns + round(duration_s * 1e9)
        while self.now_ns < end_ns:
            self.now_ns = min(end_ns, self.now_ns + round(slice_s * 1e9))
            for event in self.chip.run_until(self.cycle(self.now_ns)):
                self.events.append(event)
                at_ns = round(event.cycle * 1e9 / HZ)
                if event.kind is AvrKind.UART:
                    self.said += bytes([event.value])
                else:
                    self.sent += bytes(b for _, b in self._receiver.change(at_ns, bool(event.value)))
            self.sent += bytes(b for _, b in self._receiver.settle(self.now_ns))
        return self.said[before:]

    def host(self, data: bytes) -> None:
        self._host_free_ns = max(self._host_free_ns, self.now_ns)
        for byte in data:
            self.chip.schedule_uart(self.cycle(self._host_free_ns), byte)
            self._host_free_ns += HOST_NS

    def dut(self, data: bytes, baud: float = 9600, gap_ns: int = 0) -> None:
        self._dut_free_ns = max(self._dut_free_ns, self.now_ns)
        for byte in data:
            for at_ns, level in frame_levels(byte, self._dut_free_ns, baud):
                self.chip.schedule_pin(self.cycle(at_ns), "D2", level)
            self._dut_free_ns += frame_ns(baud) + gap_ns

    def pulse(self, at_ns: float, low_ns: float = 1e6) -> None:
        self.chip.schedule_pin(self.cycle(at_ns), "D3", False)
        self.chip.schedule_pin(self.cycle(at_ns + low_ns), "D3", True)

    def laps(self) -> list[int]:
        lines = self.said.split(b"\r\n")
        return [int(line[9:]) for line in lines if line.startswith(b"m-lap-us-")]


@pytest.fixture(scope="module")
def elf():
    return toolchain.firmware("io_manager", "io_manager.elf", ("avr",), {})


@pytest.fixture
def uno(elf):
    uno = Uno(elf)
    assert uno.run(0.05) == b""
    return uno


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"name%", b"m-name-io\r\n"),
        (b"version%", b"m-version-1.0.3\r\n"),
        (b"res 1%", b"m-reset-polarity-1\r\n"),
        (b"res 2%", b"e-res-?#args?\r\n"),
        (b"enable-timer%", b"m-timer-enabled\r\n"),
        (b"disable-timer%", b"m-timer-disabled\r\n"),
        (b"tm 0%", b"m-timestmp-mode-FALLING\r\nm-[Timer disabled after mode change]\r\n"),
        (b"tm 1%", b"m-timestmp-mode-CHANGE\r\nm-[Timer disabled after mode change]\r\n"),
        (b"tm%", b"e-tm-?#args?\r\n"),
        (b"et%", b"e-[EMON Triggering not supported]\r\n"),
        (b"%", b"e-[Empty command]\r\n"),
        (b"  %", b"e-[Empty command]\r\n"),
        (b"\r\nname%", b"m-name-io\r\n"),
        (b"Name%", b"e-[Unknown command: Name]\r\n"),
        (b"a\r\n\xff%", b"e-[Unknown command: a\\x0d\\x0a\\xff]\r\n"),
        (b"x" * 85 + b"%", b"e-[The command is too long]\r\n"),
    ],
)
def test_answers(uno, command, answer):
    uno.host(command)
    assert uno.run(0.1) == answer + b"m-ready\r\n"


def test_a_command_goes_through_and_the_answer_comes_back_line_by_line(uno):
    uno.host(b"dut db load 490%")
    assert uno.run(0.2) == b"m-dut-passthrough(db load 490)\r\nm-ready\r\n"
    assert uno.sent == b"db load 490%"
    uno.dut(b"m-[Expecting 490 bytes]\r\nm-ready\r\n")
    assert uno.run(0.2) == b"[dut]: m-[Expecting 490 bytes]\r\n[dut]: m-ready\r\n"


@pytest.mark.parametrize("length", [1, 84, 126, 127, 128])
def test_long_lines_of_the_dut_stay_one_line(uno, length):
    line = bytes(32 + k % 90 for k in range(length))
    uno.dut(line + b"\n")
    assert uno.run(0.5) == b"[dut]: " + line + b"\r\n"


def test_noise_without_end_keeps_nobody_waiting(uno):
    uno.dut(bytes(range(33, 127)) * 4)
    uno.run(0.3)
    uno.host(b"name%")
    assert b"m-name-io\r\nm-ready\r\n" in uno.run(0.2)


def test_a_host_that_does_not_wait_loses_whole_commands_and_none_is_run_in_part(uno):
    """Far more than the queue holds: what comes through is what was sent, in order."""
    commands = [b"name %03d" % k + b"x" * 40 for k in range(40)]
    uno.host(b"".join(b"dut " + command + b"%" for command in commands))
    uno.run(4.0)
    came = uno.sent.split(b"%")[:-1]
    assert 3 < len(came) < len(commands)
    assert set(came) <= set(commands)
    assert came == sorted(came)
    assert b"e-[Bytes of the command were lost]\r\n" in uno.said


def test_both_ways_at_once_every_byte_arrives(uno):
    """The original's software UART cannot send while it receives; here each way has a timer of its own."""
    rng = random.Random(5)
    lines = [bytes(rng.choices(b"abcdefghij0123456789-", k=40)) for _ in range(12)]
    commands = [bytes(rng.choices(b"klmnopqrstuv0123456789", k=30)) for _ in range(12)]
    for line in lines:
        uno.dut(line + b"\r\n")
    for command in commands:
        uno.host(b"dut " + command + b"%")
        uno.run(0.05)
    uno.run(0.5)
    assert [line[7:] for line in uno.said.split(b"\r\n") if line.startswith(b"[dut]: ")] == lines
    assert uno.sent == b"".join(command + b"%" for command in commands)


def test_edges_are_within_20_us_of_the_truth_whatever_the_wires_carry(uno, record_property):
    uno.host(b"enable-timer%")
    uno.run(0.05)
    rng = random.Random(6)
    at_ns = [uno.now_ns + round(k * 60e6 + rng.uniform(0, 40e6)) for k in range(60)]
    for one in at_ns:
        uno.pulse(one)
    for _ in range(60):
        uno.dut(bytes(rng.choices(b"abcdef\n", k=50)))
        uno.host(b"dut " + bytes(rng.choices(b"xyz", k=40)) + b"%")
        uno.run(0.06)
    uno.run(0.5)
    laps = uno.laps()
    assert len(laps) == len(at_ns)
    offsets = [lap - one / 1e3 for lap, one in zip(laps, at_ns, strict=True)]
    spread_us = max(offsets) - min(offsets)
    record_property("worst difference of two edges in us", spread_us)
    assert spread_us < 20.0


def test_both_edges_of_a_pulse(uno):
    uno.host(b"tm 1%enable-timer%")
    uno.run(0.05)
    uno.pulse(uno.now_ns + 5e6, low_ns=3e6)
    uno.run(0.05)
    [fall, rise] = uno.laps()
    assert rise - fall == pytest.approx(3000, abs=5)


def test_edges_before_the_timer_is_enabled_are_none(uno):
    uno.pulse(uno.now_ns + 1e6)
    uno.run(0.01)
    uno.host(b"enable-timer%")
    uno.run(0.05)
    uno.host(b"disable-timer%")
    uno.run(0.05)
    uno.pulse(uno.now_ns + 1e6)
    uno.run(0.05)
    assert uno.laps() == []


def test_time_goes_on_where_the_timer_wraps(uno):
    """Timer 1 wraps every 32.768 ms: edges around each wrap keep their distance."""
    uno.host(b"enable-timer%")
    uno.run(0.05)
    step_ns = 4_096_000 - 3_000
    first_ns = uno.now_ns + 1_000_000
    at_ns = [first_ns + k * step_ns for k in range(100)]
    for one in at_ns:
        uno.pulse(one, low_ns=1e5)
    uno.run(0.6)
    laps = uno.laps()
    assert len(laps) == 100
    assert all(after - before == pytest.approx(step_ns / 1e3, abs=4) for before, after in pairwise(laps))


def test_edges_that_come_too_fast_are_told_and_not_hidden(uno):
    uno.host(b"enable-timer%")
    uno.run(0.05)
    for k in range(60):
        uno.pulse(uno.now_ns + 1e6 + k * 20e3, low_ns=1e4)
    heard = uno.run(0.3)
    assert b"e-[Edges were lost: they came too fast]\r\n" in heard
    assert 0 < len(uno.laps()) < 60


def test_glitches_and_frames_without_stop_bit_are_no_bytes(uno):
    chip, at_ns = uno.chip, uno.now_ns
    chip.schedule_pin(uno.cycle(at_ns + 1e5), "D2", False)
    chip.schedule_pin(uno.cycle(at_ns + 1.2e5), "D2", True)  # 20 us
    chip.schedule_pin(uno.cycle(at_ns + 5e6), "D2", False)
    chip.schedule_pin(uno.cycle(at_ns + 5e6 + 3e6), "D2", True)  # low for three frames
    assert uno.run(0.02) == b""
    uno.dut(b"ok\r\n")
    assert uno.run(0.05) == b"[dut]: ok\r\n"


@pytest.mark.parametrize("baud", [9600 * 0.985, 9600 * 1.015])
def test_a_dut_whose_clock_is_off_is_understood(uno, baud):
    uno.dut(b"m-ready\r\n" * 5, baud=baud)
    assert uno.run(0.2) == b"[dut]: m-ready\r\n" * 5


def test_a_line_that_rests_low_is_silence(uno):
    """A DUT without supply pulls the wire down."""
    uno.chip.schedule_pin(uno.cycle(uno.now_ns + 1e5), "D2", False)
    assert uno.run(0.3) == b""
    uno.host(b"name%")
    assert uno.run(0.1) == b"m-name-io\r\nm-ready\r\n"


def test_two_runs_are_alike_and_slices_do_not_matter(elf):
    def events(slice_s: float) -> list[AvrEvent]:
        uno = Uno(elf)
        uno.run(0.05, slice_s)
        uno.host(b"enable-timer%dut name%")
        uno.pulse(uno.now_ns + 3e6)
        uno.dut(b"hello\r\n")
        uno.run(0.2, slice_s)
        return uno.events

    first, again, coarse = events(1e-3), events(1e-3), events(7e-3)
    assert first == again
    assert first == coarse


def test_a_reset_forgets_everything(uno):
    uno.host(b"enable-timer%")
    uno.run(0.05)
    uno.chip.reset()
    uno.now_ns = 0
    uno.said = b""
    for pin in ("D2", "D3"):
        uno.chip.schedule_pin(0, pin, True)
    assert uno.run(0.05) == b""
    uno.pulse(uno.now_ns + 1e6)
    uno.run(0.05)
    assert uno.laps() == []


def test_two_chips_live_side_by_side(elf):
    one, other = Uno(elf), Uno(elf)
    one.run(0.05)
    other.run(0.02)
    one.host(b"version%")
    assert one.run(0.05) == b"m-version-1.0.3\r\nm-ready\r\n"
    assert other.said == b""


def test_the_transmit_pin_rests_high_from_the_start(elf):
    uno = Uno(elf)
    uno.run(0.05)
    assert [event.value for event in uno.events if event.kind is AvrKind.PIN] == [1]
    assert uno.sent == b""


def test_a_file_that_is_no_firmware(elf, tmp_path):
    library = toolchain.host_library(SHIM, ("simavr", "elf"))
    (tmp_path / "no.elf").write_bytes(b"\x7fELF" + bytes(100))
    with pytest.raises(Refused, match="not a program for an ATmega328P"):
        Atmega328p(library, tmp_path / "no.elf")
    with pytest.raises(Unavailable, match="no such file"):
        Atmega328p(library, tmp_path / "none.elf")


def test_a_program_that_ends_is_told(elf, tmp_path):
    source = tmp_path / "ends.c"
    source.write_text(
        '#include <avr/sleep.h>\nint main(void){ cli_: __asm("cli"); sleep_enable(); sleep_cpu(); goto cli_; }\n'
    )
    command = ["avr-gcc", "-mmcu=atmega328p", "-Os", str(source), "-o", str(tmp_path / "ends.elf")]
    subprocess.run(command, check=True)
    chip = Atmega328p(toolchain.host_library(SHIM, ("simavr", "elf")), tmp_path / "ends.elf")
    with pytest.raises(Refused, match="stopped for ever"):
        chip.run_until(HZ)


def test_it_fits_the_chip(elf):
    size = subprocess.run(["avr-size", str(elf)], check=True, capture_output=True, text=True).stdout.split()
    text, data, bss = (int(word) for word in size[6:9])
    assert text + data <= 32 * 1024 - 512  # the boot loader's part
    assert data + bss <= 2048 - 256  # what is left is the stack

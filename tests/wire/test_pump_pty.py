# SPDX-License-Identifier: Apache-2.0
"""A fast device without flow control on a real pseudo-terminal: polled it loses much, pumped it loses nothing.

The device is a process of its own. It sends a counter in every four bytes, in small portions at a steady pace;
what the port does not take at once is lost, and it never makes up for lost time. A pseudo-terminal holds about
12 KiB, which 400 kB/s fill in 30 ms.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from instruments.clock import RealClock
from instruments.errors import Unavailable
from instruments.links.base import Link
from instruments.links.bounded import Overflow
from instruments.links.pump import PumpedLink, take_overflow
from instruments.links.serial_link import SerialLink

pytestmark = pytest.mark.wire
CLOCK = RealClock()
RATE_BYTES_PER_S = 400_000
DURATION_S = 2.0
POLL_S = 0.1
# A busy machine may keep this process from running for longer than the port lasts (30 ms); that proves nothing.
ATTEMPTS = 10

DEVICE = """
import array, os, sys, time, tty
rate, duration_s, waits = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3] == "waits"
master, slave = os.openpty()
tty.setraw(slave)
os.set_blocking(master, waits)
print(os.ttyname(slave), flush=True)
sys.stdin.readline()
tick_s = 0.002
words = int(rate * tick_s) // 4
sent = dropped = 0
for _ in range(int(duration_s / tick_s)):
    due = time.monotonic() + tick_s
    portion = array.array("I", range(sent // 4, sent // 4 + words)).tobytes()
    taken = 0
    try:
        while taken < len(portion):
            taken += os.write(master, portion[taken:])
            if not waits:
                break
    except BlockingIOError:
        pass
    sent += len(portion)
    dropped += len(portion) - taken
    time.sleep(max(0.0, due - time.monotonic()) if not waits else 0.0)
print(sent, dropped, flush=True)
sys.stdin.readline()
"""


class Device:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.path = self._line()
        self.sent = self.dropped = 0

    def start(self) -> None:
        self._say()

    def finish(self) -> None:
        """Wait until everything is sent, and take the device's own count; its port stays open."""
        self.sent, self.dropped = (int(word) for word in self._line().split())

    def leave(self) -> None:
        self._say()

    def _say(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def device(duration_s: float = DURATION_S, *, waits: bool = False) -> Iterator[Device]:
    command = [sys.executable, "-c", DEVICE, str(RATE_BYTES_PER_S), str(duration_s), "waits" if waits else ""]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Device(process)
        finally:
            process.kill()


def polled_while_busy(link: Link, source: Device) -> tuple[bytes, list[Overflow]]:
    """Return what polls every 100 ms bring from a whole session, with this thread at work between them."""
    work = [{"t_ns": i, "kind": "exchange", "text": "m-ready"} for i in range(500)]
    link.open(CLOCK.deadline(2.0))
    data, gaps = bytearray(), []
    source.start()
    end = CLOCK.deadline(DURATION_S + 0.5)
    while not end.expired():
        busy = CLOCK.deadline(POLL_S)
        while piece := link.read(CLOCK.deadline(0.0)):
            gaps += take_overflow(link)
            data += piece
        while not busy.expired():
            json.dumps(work)
    source.finish()
    while piece := link.read(CLOCK.deadline(0.2)):
        data += piece
    source.leave()
    link.close()
    return bytes(data), gaps


def test_polls_alone_lose_much_of_a_fast_stream() -> None:
    """55 % of 400 kB/s were lost on the machine this was written on; the pump below exists for that."""
    with device() as source:
        data, _ = polled_while_busy(SerialLink("device", source.path, 115200), source)
    assert source.dropped > 0.2 * source.sent
    assert len(data) + source.dropped == source.sent


def test_a_pumped_stream_is_whole() -> None:
    lost: list[float] = []
    for _ in range(ATTEMPTS):
        with device() as source:
            link = PumpedLink(SerialLink("device", source.path, 115200), CLOCK)
            data, gaps = polled_while_busy(link, source)
        assert gaps == []
        assert len(data) + source.dropped == source.sent
        lost.append(source.dropped / source.sent)
        if source.dropped == 0:
            counters = np.frombuffer(data, np.uint32)
            np.testing.assert_array_equal(counters, np.arange(source.sent // 4))
            return
    pytest.fail(f"bytes were lost in each of {ATTEMPTS} attempts: {lost}")


def test_what_does_not_fit_is_counted_to_the_byte_and_placed() -> None:
    """The device waits for the port here, so all that is missing was dropped by the pump."""
    with device(duration_s=10.0, waits=True) as source:
        link = PumpedLink(SerialLink("device", source.path, 115200), CLOCK, capacity_bytes=20_000)
        link.open(CLOCK.deadline(2.0))
        source.start()
        pieces: list[tuple[int, bytes]] = []
        gaps: list[Overflow] = []
        received = dropped = 0
        while piece := link.read(CLOCK.deadline(1.0), 4096):
            for gap in link.take_overflow():
                assert gap.at == received
                dropped += gap.dropped
                gaps.append(gap)
            pieces.append((received + dropped, piece))
            received += len(piece)
            CLOCK.sleep(0.001)  # slower than the device
        dropped += sum(gap.dropped for gap in link.take_overflow())
        source.finish()
        source.leave()
        link.close()
    assert source.dropped == 0
    assert received + dropped == source.sent
    assert gaps, "nothing was dropped before bytes that arrived: this test has shown nothing"
    whole = np.arange(source.sent // 4, dtype=np.uint32).tobytes()
    for at, piece in pieces:
        assert whole[at : at + len(piece)] == piece


def test_a_forgotten_pump_does_not_keep_the_process_from_ending() -> None:
    forgetful = """
import sys
from instruments.clock import RealClock
from instruments.links.pump import PumpedLink
from instruments.links.serial_link import SerialLink
clock = RealClock()
link = PumpedLink(SerialLink("device", sys.argv[1], 115200), clock)
link.open(clock.deadline(5.0))
assert link.read(clock.deadline(5.0))
"""
    with device(waits=True) as source:
        source.start()
        done = subprocess.run(
            [sys.executable, "-c", forgetful, source.path], check=False, timeout=30, capture_output=True
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_pulling_the_cable_comes_through_after_the_last_bytes() -> None:
    with device(duration_s=0.1, waits=True) as source:
        link = PumpedLink(SerialLink("device", source.path, 115200), CLOCK)
        link.open(CLOCK.deadline(2.0))
        source.start()
        source.finish()
        data = link.read(CLOCK.deadline(5.0), 1)
        while piece := link.read(CLOCK.deadline(0.3)):
            data += piece
        assert len(data) == source.sent
        source.leave()  # its end of the pseudo-terminal closes with it
        with pytest.raises(Unavailable, match="cable"):
            link.read(CLOCK.deadline(20.0))
        link.close()

# SPDX-License-Identifier: Apache-2.0
"""Compare our LPM01A reader with one that reads byte by byte and searches each line with a regex.

Both read through pyserial from a pseudo-terminal that another process keeps full, one after the other: a thread
of this one would take the interpreter from the reader half of the time. The slow reader is as lean as such a
reader can be: no threads, no queues, one compiled pattern, one list. It gets few samples and ours gets many,
because only the rates are compared. Ours goes the way of a run: the serial link, the pump that reads it
continuously, and the decoder. Both count and sum what they read, to show that nothing is lost on the way. A busy
neighbour slows either of them, so each is taken at its best of three, in a quiet one of five moments.
"""

import multiprocessing
import os
import re
import select
import time
import tty
from collections.abc import Callable

import numpy as np
import pytest
import serial

from instruments.clock import RealClock
from instruments.devices.lpm01a.protocol import Lpm01aDecoder
from instruments.links.pump import PumpedLink
from instruments.links.serial_link import SerialLink
from instruments.shell.events import SampleRun

BAUD = 3686400
SECOND = b"".join(b"%04d-08\r\n" % (1000 + i) for i in range(1000)) + b"\r\nTimeStamp: 001s 000ms, buff 00%\r\n\0"
SECOND_SUM_J = sum(range(1000, 2000)) * 1e-8
SLOW_SECONDS, FAST_SECONDS = 6, 2000


class Feeder:
    """A pseudo-terminal; from `start()` on, a process keeps it full until all seconds are written."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._process = multiprocessing.get_context("fork").Process(target=self._feed)
        self.path = os.ttyname(self._slave)
        self.start = self._process.start  # only when the port is open: opening discards what came before

    def __enter__(self) -> "Feeder":
        return self

    def __exit__(self, *unused: object) -> None:
        self._process.kill()
        self._process.join()
        os.close(self._master)
        os.close(self._slave)

    def _feed(self) -> None:
        data = memoryview(SECOND * 64)
        left = self._seconds * len(SECOND)
        part = data[:0]
        while left:
            part = part or data[: min(left, len(data))]
            if select.select([], [self._master], [], 0.1)[1]:
                written = os.write(self._master, part)
                part, left = part[written:], left - written


def _byte_by_byte(feeder: Feeder, seconds: int) -> tuple[int, float]:
    port = serial.Serial(feeder.path, BAUD, timeout=10)
    feeder.start()
    pattern = re.compile(r"\d{4}[-+]\d{2}")
    samples: list[float] = []
    line = bytearray()
    for _ in range(seconds * len(SECOND)):
        byte = port.read(1)
        assert byte
        line += byte
        if byte == b"\n":
            text = line.decode("ascii").replace("\0", "").strip()
            line.clear()
            samples += [float(f"{found[:4]}e{found[4:]}") for found in pattern.findall(text)]
    port.close()
    return len(samples), sum(samples)


def _in_chunks(feeder: Feeder, seconds: int) -> tuple[int, float]:
    clock = RealClock()
    deadline = clock.deadline(60)
    port = PumpedLink(SerialLink("monitor", feeder.path, BAUD), clock)
    port.open(deadline)
    feeder.start()
    decoder = Lpm01aDecoder()
    runs: list[np.ndarray] = []
    left = seconds * len(SECOND)
    while left and not deadline.expired():
        data = port.read(deadline)
        left -= len(data)
        runs += [event.values for event in decoder.feed(data) if isinstance(event, SampleRun)]
    port.close()
    values = np.concatenate(runs)
    return len(values), float(values.sum())


def _samples_per_s(reader: Callable[[Feeder, int], tuple[int, float]], seconds: int) -> float:
    with Feeder(seconds) as feeder:
        begin = time.perf_counter()
        count, total_j = reader(feeder, seconds)
        took_s = time.perf_counter() - begin
    assert count == 1000 * seconds
    assert total_j == pytest.approx(SECOND_SUM_J * seconds, rel=1e-9)
    return count / took_s


def test_reads_150_times_the_samples_of_a_byte_by_byte_reader():
    for _ in range(5):
        slow = max(_samples_per_s(_byte_by_byte, SLOW_SECONDS) for _ in range(3))
        fast = max(_samples_per_s(_in_chunks, FAST_SECONDS) for _ in range(3))
        if fast >= 150 * slow:
            break
    said = f"byte by byte {slow:,.0f} samples/s, ours {fast:,.0f} samples/s"
    print(said)
    assert fast >= 150 * slow, said

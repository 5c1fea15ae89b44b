# SPDX-License-Identifier: Apache-2.0
"""The serial port over a real pseudo-terminal through the real pyserial."""

import errno
import os
import select
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from instruments.clock import Deadline, RealClock
from instruments.errors import TimedOut, Unavailable
from instruments.links.serial_link import SerialLink

pytestmark = pytest.mark.wire
CLOCK = RealClock()


def within(after_s: float) -> Deadline:
    return CLOCK.deadline(after_s)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class Device:
    """The other end of the line: the master of a pseudo-terminal."""

    def __init__(self) -> None:
        self.master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave = slave

    def say(self, data: bytes) -> None:
        os.write(self.master, data)

    def hear(self, count: int) -> bytes:
        data = b""
        while len(data) < count and select.select([self.master], [], [], 10.0)[0]:
            data += os.read(self.master, 65536)
        return data

    def unplug(self) -> None:
        for descriptor in (self._slave, self.master):
            if descriptor >= 0:
                os.close(descriptor)
        self._slave = self.master = -1


@pytest.fixture
def device() -> Iterator[Device]:
    before = descriptors()
    device = Device()
    yield device
    device.unplug()
    assert descriptors() == before, "a descriptor was left open"


@pytest.fixture
def port(device: Device) -> Iterator[SerialLink]:
    port = SerialLink("device", device.path, 115200)
    port.open(within(1.0))
    yield port
    port.close()


def read_all(port: SerialLink, count: int, limit_s: float = 10.0) -> bytes:
    data, deadline = b"", within(limit_s)
    while len(data) < count and not deadline.expired():
        data += port.read(deadline)
    return data


# --- reading ------------------------------------------------------------------------------------------------


def test_constructing_opens_nothing(device: Device) -> None:
    before = descriptors()
    SerialLink("device", device.path, 115200)
    SerialLink("device", "/dev/no-such-port", 115200)
    assert descriptors() == before


def test_reading_returns_what_is_there(device: Device, port: SerialLink) -> None:
    device.say(b"m-ready\r\n")
    assert read_all(port, 9) == b"m-ready\r\n"


def test_reading_waits_for_the_first_byte_only(device: Device, port: SerialLink) -> None:
    talker = threading.Timer(0.05, lambda: device.say(b"late"))
    talker.start()
    deadline = within(10.0)
    data = port.read(deadline)
    talker.join()
    assert b"late".startswith(data)
    assert data != b""
    assert deadline.remaining_s() > 5.0


def test_nothing_by_the_deadline_is_no_error(port: SerialLink) -> None:
    deadline = within(0.03)
    assert port.read(deadline) == b""
    assert deadline.expired()


def test_a_passed_deadline_is_a_poll(device: Device, port: SerialLink) -> None:
    before_ns = CLOCK.now_ns()
    for _ in range(20):
        assert port.read(within(0.0)) == b""
        assert port.read(within(-5.0)) == b""
    assert CLOCK.now_ns() - before_ns < 5_000_000_000
    device.say(b"abc")
    data, limit = b"", within(10.0)
    while len(data) < 3 and not limit.expired():
        data += port.read(within(0.0))
    assert data == b"abc"
    assert port.read(within(0.0)) == b""


def test_polls_lose_nothing(device: Device, port: SerialLink) -> None:
    sent = bytes(i * 31 % 256 for i in range(60_000))

    def talk() -> None:
        for at in range(0, len(sent), 97):
            device.say(sent[at : at + 97])

    talker = threading.Thread(target=talk)
    talker.start()
    data, limit = b"", within(20.0)
    while len(data) < len(sent) and not limit.expired():
        data += port.read(within(0.0), max_bytes=50)
        data += port.read(within(0.001))
    talker.join()
    assert data == sent


def test_no_more_is_returned_than_asked_for(device: Device, port: SerialLink) -> None:
    device.say(b"abcdefg")
    pieces: list[bytes] = []
    while len(b"".join(pieces)) < 7:
        pieces.append(port.read(within(10.0), max_bytes=1 if len(pieces) == 0 else 2))
        assert pieces[-1] != b""
    assert b"".join(pieces) == b"abcdefg"
    assert len(pieces[0]) == 1
    assert max(len(piece) for piece in pieces) <= 2


def test_every_byte_value_passes_both_ways(device: Device, port: SerialLink) -> None:
    everything = bytes(range(256))
    device.say(everything)
    assert read_all(port, 256) == everything
    port.write(everything, within(1.0))
    assert device.hear(256) == everything


def test_reading_does_not_configure_the_port_anew(
    device: Device, port: SerialLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("some adapters answer a configuration with a pause")

    monkeypatch.setattr(serial.Serial, "_reconfigure_port", never)
    for _ in range(3):
        device.say(b"x")
        assert port.read(within(1.0)) == b"x"
        assert port.read(within(0.002)) == b""
        port.write(b"y", within(5.0))


# --- writing ------------------------------------------------------------------------------------------------


def test_writing_sends_everything(device: Device, port: SerialLink) -> None:
    port.write(b"name%", within(1.0))
    assert device.hear(5) == b"name%"


@pytest.mark.parametrize("after_s", [0.2, 0.0, -1.0])
def test_a_port_that_takes_nothing_times_out(device: Device, port: SerialLink, after_s: float) -> None:
    before_ns = CLOCK.now_ns()
    with pytest.raises(TimedOut, match="no more bytes"):
        port.write(b"x" * 1_000_000, within(after_s))
    assert CLOCK.now_ns() - before_ns < 5_000_000_000


# --- opening ------------------------------------------------------------------------------------------------


def opening(path: str, baud: int = 115200) -> Unavailable:
    before = descriptors()
    port = SerialLink("device", path, baud)
    with pytest.raises(Unavailable) as caught:
        port.open(within(1.0))
    assert descriptors() == before
    with pytest.raises(Unavailable, match="not open"):
        port.read(within(0.0))
    return caught.value


def test_a_missing_port_is_named_with_advice(tmp_path: Path) -> None:
    error = opening(str(tmp_path / "ttyNONE"))
    assert "ttyNONE" in str(error)
    assert error.came == "No such file or directory"
    assert "instruments list" in error.try_this


def test_a_port_without_permission_names_the_group(monkeypatch: pytest.MonkeyPatch, device: Device) -> None:
    real = os.open

    def denied(path: str, *rest: int) -> int:
        if path == device.path:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return real(path, *rest)

    monkeypatch.setattr(os, "open", denied)
    error = opening(device.path)
    assert error.came == "Permission denied"
    assert "dialout" in error.try_this


def test_a_port_in_use_names_the_cause(device: Device, port: SerialLink) -> None:
    error = opening(device.path)
    assert "other program" in error.try_this
    assert error.came


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("could not open port 'COM7': FileNotFoundError(2, 'not found', None, 2)", "cable"),
        ("could not open port 'COM7': PermissionError(13, 'Access is denied.', None, 5)", "other program"),
    ],
)
def test_windows_says_it_in_words(monkeypatch: pytest.MonkeyPatch, text: str, advice: str) -> None:
    def failing(*_: object, **__: object) -> None:
        raise serial.SerialException(text)

    monkeypatch.setattr(serial.Serial, "open", failing)
    assert advice in opening("COM7").try_this


def test_a_file_is_no_port(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no port")
    assert "ioctl" in opening(str(path)).came


def test_an_unknown_scheme_is_unavailable() -> None:
    assert "nonsense" in str(opening("nonsense://x"))


@pytest.mark.parametrize("baud", [9600, 115200, 921600, 3_686_400])
def test_the_speeds_of_devices_of_a_bench_are_accepted(device: Device, baud: int) -> None:
    port = SerialLink("device", device.path, baud)
    port.open(within(1.0))
    port.write(b"htc\r\n", within(1.0))
    assert device.hear(5) == b"htc\r\n"
    port.close()


# --- closing and losing -------------------------------------------------------------------------------------


def test_closing_twice_and_opening_again_works(device: Device, port: SerialLink) -> None:
    port.close()
    port.close()
    for call in (lambda: port.read(within(0.0)), lambda: port.write(b"x", within(0.0))):
        with pytest.raises(Unavailable, match="not open"):
            call()
    port.open(within(1.0))
    device.say(b"again")
    assert read_all(port, 5) == b"again"


def test_opening_an_open_port_leaves_one_descriptor_set(device: Device, port: SerialLink) -> None:
    before = descriptors()
    port.open(within(1.0))
    assert descriptors() == before


@pytest.mark.parametrize("after_s", [0.0, 1.0])
def test_pulling_the_cable_is_unavailable(device: Device, port: SerialLink, after_s: float) -> None:
    device.say(b"last words")
    assert read_all(port, 10) == b"last words"
    device.unplug()
    with pytest.raises(Unavailable, match="device"):
        port.read(within(after_s))
    with pytest.raises(Unavailable, match="cable"):
        port.write(b"name%", within(1.0))
    port.close()


def test_pulling_the_cable_ends_a_wait(device: Device, port: SerialLink) -> None:
    puller = threading.Timer(0.05, device.unplug)
    puller.start()
    deadline = within(20.0)
    with pytest.raises(Unavailable):
        port.read(deadline)
    puller.join()
    assert deadline.remaining_s() > 10.0

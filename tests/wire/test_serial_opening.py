# SPDX-License-Identifier: Apache-2.0
"""How a serial port is opened: for one program alone, DTR and RTS as asked, at a speed that its driver has."""

import array
import errno
import fcntl
import termios
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import serial

from instruments.clock import Deadline, RealClock
from instruments.devices.lpm01a.driver import Lpm01a
from instruments.errors import TimedOut, Unavailable
from instruments.links import exclusive
from instruments.links.serial_link import SerialLink, SerialOptions
from tests.wire.test_serial_link import Device, descriptors

pytestmark = pytest.mark.wire
CLOCK = RealClock()
FAST = 3_686_400


def within(after_s: float) -> Deadline:
    return CLOCK.deadline(after_s)


@pytest.fixture
def device() -> Iterator[Device]:
    device = Device()
    yield device
    device.unplug()


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pseudo-terminals count as real ports."""
    monkeypatch.setattr(exclusive, "_PSEUDO_TERMINAL", exclusive.re.compile("no such port"))


def is_kept(device: Device) -> bool:
    state = array.array("i", [0])
    fcntl.ioctl(device._slave, exclusive._GET, state)
    return bool(state[0])


# --- one program alone ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("real")
def test_an_open_port_is_kept_and_a_closed_one_is_free(device: Device) -> None:
    link = SerialLink("device", device.path, 115200)
    assert not is_kept(device)
    for _ in range(2):
        link.open(within(1.0))
        assert is_kept(device)
        link.close()
        assert not is_kept(device)


@pytest.mark.usefixtures("real")
def test_a_port_that_another_program_keeps_is_refused_to_root_too(device: Device) -> None:
    fcntl.ioctl(device._slave, termios.TIOCEXCL)
    before = descriptors()
    link = SerialLink("device", device.path, 115200)
    with pytest.raises(Unavailable, match="busy") as caught:
        link.open(within(1.0))
    assert "close the other program" in caught.value.try_this
    assert descriptors() == before
    fcntl.ioctl(device._slave, termios.TIOCNXCL)
    link.open(within(1.0))
    link.close()


def test_a_pseudo_terminal_is_not_kept_its_server_would_hold_it_for_ever(device: Device) -> None:
    link = SerialLink("device", device.path, 115200)
    link.open(within(1.0))
    assert not is_kept(device)
    link.close()


@pytest.mark.parametrize("kind", ["a file", "a folder"])
def test_what_is_no_serial_port_is_said_with_where_ports_are_listed(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.mkdir() if kind == "a folder" else path.touch()
    with pytest.raises(Unavailable) as caught:
        SerialLink("device", str(path), 115200).open(within(1.0))
    assert "the name of a serial port: see `energy-runner instruments list`" in caught.value.try_this


# --- DTR and RTS ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtr", [None, True, False])
@pytest.mark.parametrize("rts", [None, True, False])
def test_dtr_and_rts_are_set_before_the_port_is_opened(
    dtr: bool | None, rts: bool | None, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, bool]] = []
    opened = serial.Serial.open

    def note(port: serial.Serial) -> None:
        seen.append((port.dtr, port.rts))
        opened(port)

    monkeypatch.setattr(serial.Serial, "open", note)
    link = SerialLink("device", device.path, 115200, SerialOptions(dtr=dtr, rts=rts))
    link.open(within(1.0))
    link.close()
    assert seen == [(dtr is not False, rts is not False)]


# --- a speed that the driver does not have --------------------------------------------------------------------

REFUSALS: list[Callable[[], Exception]] = [
    lambda: ValueError(f"Failed to set custom baud rate ({FAST}): [Errno 22] Invalid argument"),
    lambda: NotImplementedError("non-standard baudrates are not supported on this platform"),
    lambda: OSError(errno.EINVAL, "Invalid argument"),
    lambda: termios.error(errno.EINVAL, "Invalid argument"),
    lambda: OverflowError("signed integer is greater than maximum"),
    lambda: serial.SerialException(
        "Cannot configure port, something went wrong. Original message: OSError(22, 'falsch', None, 87)"
    ),
]


def refusing(error: Callable[[], Exception], above: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let ports refuse speeds above a limit; return the list of those that are tried."""
    tried: list[int] = []
    configure = serial.Serial._reconfigure_port

    def refuse(port: Any, *arguments: Any, **named: Any) -> None:
        tried.append(port.baudrate)
        if port.baudrate > above:
            raise error()
        configure(port, *arguments, **named)

    monkeypatch.setattr(serial.Serial, "_reconfigure_port", refuse)
    return tried


@pytest.mark.parametrize("error", REFUSALS)
def test_another_speed_is_taken_where_the_driver_refuses_the_usual_one(error, device, monkeypatch) -> None:
    tried = refusing(error, 200_000, monkeypatch)
    link = SerialLink("shield", device.path, FAST, SerialOptions(other_bauds=(921_600, 115_200)))
    link.open(within(1.0))
    assert list(dict.fromkeys(tried)) == [FAST, 921_600, 115_200]
    assert link.fell_back == f"115200 baud, because the port's driver refuses {FAST}"
    link.close()


@pytest.mark.parametrize("error", REFUSALS)
def test_a_speed_that_the_user_chose_is_refused_with_what_to_try(error, device, monkeypatch) -> None:
    refusing(error, 200_000, monkeypatch)
    before = descriptors()
    with pytest.raises(Unavailable) as caught:
        SerialLink("shield", device.path, FAST).open(within(1.0))
    said = str(caught.value)
    assert said.startswith(
        f"open shield ({device.path}) at {FAST} baud: the port's driver refuses that speed. Try: "
    )
    assert "`baud`" in said
    assert "115200" in said
    assert not any(word in said for word in ("Errno", "Error", "Invalid argument", "(22"))
    assert descriptors() == before


def test_a_port_that_is_not_there_is_not_tried_at_other_speeds(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = refusing(REFUSALS[0], 1, monkeypatch)
    with pytest.raises(Unavailable, match="No such file") as caught:
        SerialLink("shield", "/dev/no-such-port", FAST, SerialOptions(other_bauds=(115_200,))).open(within(1.0))
    assert "instruments list" in caught.value.try_this
    assert tried == []


def test_errors_of_the_terminal_are_said_in_words(device, monkeypatch) -> None:
    refusing(lambda: termios.error(errno.EIO, "Input/output error"), 1, monkeypatch)
    with pytest.raises(Unavailable) as caught:
        SerialLink("shield", device.path, 9600).open(within(1.0))
    assert caught.value.came == "Input/output error"


def test_a_shield_that_is_silent_at_the_other_speed_names_it(device, monkeypatch) -> None:
    refusing(REFUSALS[0], 200_000, monkeypatch)
    link = SerialLink("shield", device.path, FAST, SerialOptions(other_bauds=(115_200,)))
    shield = Lpm01a(link, CLOCK)
    with pytest.raises(TimedOut, match=f"its port runs at 115200 baud, because .* refuses {FAST}") as caught:
        shield.open(within(1.5))
    assert "`baud`" in caught.value.try_this
    shield.close()

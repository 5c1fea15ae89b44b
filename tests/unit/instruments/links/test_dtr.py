# SPDX-License-Identifier: Apache-2.0
"""A pulse on DTR reaches the serial port below a link, and puts the level back that the bench file asks for."""

import errno
from typing import Any

import pytest
import serial

from instruments.clock import VirtualClock
from instruments.errors import Unavailable
from instruments.links.base import pulse_dtr
from instruments.links.make import LinkOptions, link_over
from instruments.links.serial_link import SerialLink, SerialOptions


class Port:
    """A port that notes each change of DTR, or refuses it."""

    def __init__(self, level: bool, refusal: Exception | None = None) -> None:
        self.seen = [level]
        self._refusal = refusal

    @property
    def dtr(self) -> bool:
        return self.seen[-1]

    @dtr.setter
    def dtr(self, level: bool) -> None:
        if self._refusal is not None:
            raise self._refusal
        self.seen.append(level)


def opened(port: Any, dtr: bool | None = None) -> SerialLink:
    link = SerialLink("board", "/dev/ttyNONE", 115_200, SerialOptions(dtr=dtr))
    link._port = port
    return link


@pytest.mark.parametrize(
    ("dtr", "seen"), [(None, [True, False, True]), (True, [True, False, True]), (False, [False, True, False])]
)
def test_it_falls_rises_and_is_as_before(dtr: bool | None, seen: list[bool]) -> None:
    port, pauses = Port(dtr is not False), []
    link = link_over("stream", opened(port, dtr), VirtualClock(), LinkOptions(listener=lambda *_: None))
    assert pulse_dtr(link, lambda: pauses.append(port.dtr))
    assert port.seen == seen
    assert pauses == seen[1:], "each level is held for a while"


@pytest.mark.parametrize("number", [errno.ENOTTY, errno.EINVAL])
def test_a_port_without_that_output_says_so(number: int) -> None:
    assert not pulse_dtr(opened(Port(True, OSError(number, "no such output"))), lambda: None)


@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "gone"), serial.SerialException("gone"), TypeError("closed")]
)
def test_a_port_that_is_gone_is_unavailable(error: Exception) -> None:
    with pytest.raises(Unavailable, match="set DTR of board"):
        pulse_dtr(opened(Port(True, error)), lambda: None)


def test_a_closed_port_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="not open"):
        pulse_dtr(opened(None), lambda: None)


def test_what_is_no_serial_port_has_none() -> None:
    assert not pulse_dtr(object(), lambda: None)

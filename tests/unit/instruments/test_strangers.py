# SPDX-License-Identifier: Apache-2.0
"""A device that is not the one expected is recognised by what it says, and the message says whose port it is."""

import pytest

from instruments.clock import VirtualClock
from instruments.devices.dut.driver import Dut
from instruments.devices.dut.serial_port import DutSerialPort
from instruments.devices.io_manager.driver import IoManager
from instruments.devices.lpm01a.driver import Lpm01a
from instruments.errors import InstrumentError
from instruments.links.stream_scpi import StreamScpiLink
from instruments.scpi.session import ScpiSession
from instruments.strangers import stranger

GREETINGS = {
    "m-name-io\r\nm-ready\r\n": "an IO manager answers here",
    "tinyML Enhanced Interface Board\r\nm-ready\r\n": 'its driver is "interface-board"',
    "m-name-dut-[acme]\r\nm-ready\r\n": "a DUT answers here",
    "m-timestamp-mode-performance\r\nm-init-done\r\nm-ready\r\n": "a DUT answers here",
    "PowerShield > error name%\r\n": 'its driver is "lpm01a"',
    "SSH-2.0-OpenSSH_9.6\r\n": "a web or ssh server",
    "HTTP/1.1 400 Bad Request\r\n\r\n": "a web or ssh server",
    "MicroPython v1.22; NUCLEO\r\n>>> ": "a prompt for people",
    "\r\nraspberrypi login: ": "a prompt for people",
    "$GPGGA,123519,4807.038,N\r\n": "a GPS receiver",
}


@pytest.mark.parametrize("said", GREETINGS)
def test_who_says_this(said):
    assert GREETINGS[said] in stranger(said)
    assert stranger(said.encode()) == stranger(said)


@pytest.mark.parametrize(
    "said", ["", "*" * 50, "m-ready", "e-[Invalid argument]", "+1.000E-03", "ack htc", "Keysight"]
)
def test_what_anyone_may_say_names_nobody(said):
    assert not stranger(said)


class Saying:
    """A link at whose other end something answers whatever it gets with the same text."""

    name = "monitor"

    def __init__(self, clock, said):
        self._clock, self._said, self._due = clock, said.encode(), b""

    def open(self, deadline):
        """Say nothing yet."""

    def close(self):
        """Be there no longer."""

    def write(self, data, deadline):
        self._due += self._said

    def read(self, deadline, max_bytes=65536):
        if not self._due:
            self._clock.sleep(max(deadline.remaining_s(), 0.001))
        data, self._due = self._due[:max_bytes], self._due[max_bytes:]
        return data


def _answer(kind, link, clock):
    """Ask the device that should be there who it is."""
    if kind == "dut":
        Dut(DutSerialPort(link, clock), clock).identify(clock.deadline(20.0), 2.0)
    elif kind == "scpi":
        ScpiSession(StreamScpiLink(link), "psu").ask("*IDN?", clock.deadline(5.0))
    else:
        {"io-manager": IoManager, "lpm01a": Lpm01a}[kind](link, clock).open(clock.deadline(60.0))


OTHERS = {
    "dut": ["m-name-io", "PowerShield", "MicroPython", "raspberrypi"],
    "io-manager": ["m-name-dut", "PowerShield", "MicroPython"],
    "lpm01a": ["m-name-io", "m-name-dut", "MicroPython"],
    "scpi": ["PowerShield", "SSH", "HTTP", "m-name-io"],
}


@pytest.mark.parametrize(("kind", "who"), [(kind, who) for kind, all_of in OTHERS.items() for who in all_of])
def test_every_driver_names_a_stranger(kind, who):
    said = next(one for one in GREETINGS if who in one)
    clock = VirtualClock()
    with pytest.raises(InstrumentError) as caught:
        _answer(kind, Saying(clock, said), clock)
    assert GREETINGS[said] in caught.value.try_this


def test_nobody_is_a_stranger_to_himself() -> None:
    assert not stranger("PowerShield > error stop", own="PowerShield > ")
    assert "an IO manager" in stranger("m-name-io", own="PowerShield > ")

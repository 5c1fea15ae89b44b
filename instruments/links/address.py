# SPDX-License-Identifier: Apache-2.0
"""The address of a device: its forms, its parts, and the error for one that cannot be used."""

import re
from dataclasses import dataclass
from typing import Literal

from instruments.errors import InstrumentError

Form = Literal["serial", "serial-url", "tcp", "visa-socket", "visa-message", "visa-serial", "vendor"]

# What messages call each form.
FORMS: dict[Form, str] = {
    "serial": "a serial port (/dev/ttyACM0, COM3, serial-number:066DFF48)",
    "serial-url": "a pyserial URL (socket://host:port, rfc2217://host:port)",
    "tcp": "a TCP port (tcp://host:port)",
    "visa-socket": "a VISA socket (TCPIP0::host::5025::SOCKET)",
    "visa-message": "a VISA instrument (TCPIP0::host::inst0::INSTR, USB0::...::INSTR, GPIB0::5::INSTR)",
    "visa-serial": "a serial port of VISA (ASRL/dev/ttyUSB0::INSTR)",
    "vendor": "a device of a vendor's library (vendor:SERIAL-NUMBER)",
}

NUMBER = "serial-number:"  # before the serial number of a USB device whose serial port is meant

HOST = r"\[(?P<literal>[^\[\]\s]+)\]|(?P<host>[\w.%-]+)"
_HOST_AND_PORT = re.compile(rf"(?:{HOST}):(?P<port>[0-9]{{1,5}})(?P<more>.*)")


class AddressError(InstrumentError):
    """The address cannot be parsed, or the driver cannot use it."""


@dataclass(frozen=True)
class Address:
    """An address and its parts; parts that its form does not have are empty.

    `target` is what is opened: the name or URL of a serial port, `serial-number:` and the number of the USB device
    that has the port, or the argument of the vendor's library. For other forms it is empty, as for a serial port
    that only the VISA library knows (`ASRL3` on Linux). `visa_name` is the VISA resource name with all defaults
    filled in.
    """

    text: str
    form: Form
    target: str = ""
    host: str = ""
    port: int = 0
    visa_name: str = ""
    visa_parts: tuple[str, ...] = ()


def host_and_port(text: str, rest: str, example: str) -> tuple[str, int, str]:
    """Return the host (without brackets), the port, and the text that follows them."""
    match = _HOST_AND_PORT.fullmatch(rest)
    if match is None or not 0 < int(match["port"]) < 65536:
        raise refused(text, "the host is missing, or the port is not 1 to 65535", example)
    return match["literal"] or match["host"], int(match["port"]), match["more"]


def refused(text: str, came: str, try_this: str) -> AddressError:
    """Return the error for an address: what is wrong with it, and what a valid one looks like."""
    return AddressError(f"read the address '{text}'", came, try_this)

# SPDX-License-Identifier: Apache-2.0
"""One canonical name for a device, however its address is written: the lock is taken on it."""

import ipaddress
import os
import re
import socket
from contextlib import suppress

from instruments.errors import InstrumentError
from instruments.links.address import NUMBER, Address, AddressError
from instruments.links.parse import parse_address

_THIS_MACHINE = {"localhost", "localhost.localdomain", "ip6-localhost", "127.0.0.1", "::1", "0.0.0.0", "::"}  # noqa: S104
_NUMBER = re.compile(r"0x[0-9a-f]+|[0-9]+")
_HISLIP_PORT = "4880"  # the default of HiSLIP (IVI-6.1)


def canonical_resource(address: str) -> str:
    """Return the one address that stands for all addresses of the same device; it is itself a valid address.

    * A serial port has its real name: `/dev/serial/by-id/...` and `ASRL/dev/ttyACM0::INSTR` become their target
      `/dev/ttyACM0`, `com3` becomes `COM3`, and `/dev/tty.*` on macOS becomes `/dev/cu.*`.
      One that is named by a serial number is the port which that device has now, if it is plugged in.
    * A TCP port is `tcp://host:port`, also where it was given as a VISA socket or a pyserial URL.
    * VISA names have all their defaults filled in. USB instruments are known by vendor, product and serial number.
    * This machine is `127.0.0.1`. Other host names are not looked up, because a look-up may take long: a name and
      its IP address are two resources, and so are two protocols of one instrument (`inst0` and port 5025).

    Raises `AddressError` for an address that cannot be parsed.
    """
    read = parse_address(address)
    if read.form in ("tcp", "visa-socket", "serial-url"):
        return f"tcp://{_host(read.host)}:{read.port}"
    if read.form in ("serial", "visa-serial"):
        return _port(read.target) if read.target else read.visa_name
    if read.form == "visa-message":
        return _message(read)
    return f"vendor:{read.target}"


def _port(name: str) -> str:
    if name.startswith(NUMBER):
        from instruments.links.serial_link import located  # pyserial is imported only where it is needed

        with suppress(InstrumentError):
            name = located(name)
    if name.startswith(NUMBER):
        return name.lower()
    if "/" not in name:
        return name.upper()  # a port on Windows, where names are not case-sensitive
    try:
        path = os.path.realpath(name)
    except (OSError, ValueError) as error:
        raise AddressError(f"read the address '{name}'", str(error), "the path of a serial port") from error
    return path.replace("/dev/tty.", "/dev/cu.") if path.startswith("/dev/tty.") else path


def _message(read: Address) -> str:
    interface, *parts = read.visa_parts
    if interface == "TCPIP":
        name, comma, port = parts[0].lower().partition(",")
        device = name if port.lstrip("0") in {"", _HISLIP_PORT} else f"{name}{comma}{port}"
        return f"TCPIP0::{_host(read.host)}::{device}::INSTR"
    if interface == "USB":
        vendor, product, serial = parts
        return f"USB0::{vendor}::{product}::{serial.upper()}::INSTR"
    board, *numbers = parts
    return f"GPIB{board}::{'::'.join(numbers)}::INSTR"


def _dotted(name: str) -> str:
    """Return an IPv4 address as four numbers; resolvers also read 127.1, 192.168.276 and 0xC0A80114."""
    if not all(_NUMBER.fullmatch(part) for part in name.split(".")):
        return name
    try:
        return socket.inet_ntoa(socket.inet_aton(name))
    except (OSError, UnicodeError):
        return name


def _host(host: str) -> str:
    name = host.lower().rstrip(".")
    try:
        number = ipaddress.ip_address(_dotted(name))
    except ValueError:
        return "127.0.0.1" if name in _THIS_MACHINE else name
    if isinstance(number, ipaddress.IPv6Address) and number.ipv4_mapped is not None:
        number = number.ipv4_mapped
    text = str(number)
    if text in _THIS_MACHINE:
        return "127.0.0.1"
    return f"[{text}]" if number.version == 6 else text

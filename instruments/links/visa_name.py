# SPDX-License-Identifier: Apache-2.0
"""Parse VISA resource names and fill in the defaults of the standard.

Names follow VPP-4.3 (IVI Foundation, "Resource Address String"): board 0, `inst0`, USB interface 0, `INSTR`.
"""

import os
import re

from instruments.links.address import HOST, Address, host_and_port, refused
from instruments.links.port_name import port_name

_VISA = re.compile(r"(?P<interface>TCPIP|USB|GPIB|ASRL|PXI|VXI|VICP|PRLGX-TCPIP|PRLGX-ASRL)(?P<rest>.*)", re.I)
_BETWEEN_PARTS = re.compile(r"::(?![^\[\]]*\])")  # not inside the brackets of an IPv6 address
_ONLY_HOST = re.compile(HOST)
_MOST_DIGITS = 5  # of the number of an interface or a device
_CLASSES = ("INSTR", "SOCKET", "RAW", "INTFC", "MEMACC", "SERVANT", "BACKPLANE")


def read_visa_name(text: str) -> Address | None:
    """Return the parts of a VISA resource name, or None if the text is not one.

    Raises `AddressError` for a malformed name, and for a kind of resource that is not supported.
    """
    match = _VISA.fullmatch(text)
    if match is None or not ("::" in text or match["interface"].upper() == "ASRL"):
        return None
    interface = match["interface"].upper()
    board, *parts = _BETWEEN_PARTS.split(match["rest"])
    kind = parts.pop().upper() if parts and parts[-1].upper() in _CLASSES else "INSTR"
    read = _FORMS.get((interface, kind))
    if read is None:
        known = ", ".join(f"{one} {other}" for one, other in _FORMS)
        raise refused(text, f"VISA resources of the kind {interface} {kind} are not supported", f"one of: {known}")
    return read(text, board, parts)


def _socket(text: str, board: str, parts: list[str]) -> Address:
    example = "TCPIP0::192.168.1.20::5025::SOCKET"
    _count(text, parts, 2, 2, example)
    host, port, _ = host_and_port(text, ":".join(parts), example)
    name = f"TCPIP{_board(text, board)}::{parts[0]}::{port}::SOCKET"
    return Address(text, "visa-socket", host=host, port=port, visa_name=name)


def _lan(text: str, board: str, parts: list[str]) -> Address:
    example = "TCPIP0::192.168.1.20::inst0::INSTR"
    _count(text, parts, 1, 2, example)
    host = _ONLY_HOST.fullmatch(parts[0])
    if host is None:
        raise refused(text, f"'{parts[0]}' is not a host name or address", example)
    device = parts[1] if parts[1:] else "inst0"
    name = f"TCPIP{_board(text, board)}::{parts[0]}::{device}::INSTR"
    plain = host["literal"] or host["host"]
    return Address(text, "visa-message", host=plain, visa_name=name, visa_parts=("TCPIP", device))


def _usb(text: str, board: str, parts: list[str]) -> Address:
    example = "USB0::0x0957::0x0f07::MY12345678::INSTR"
    _count(text, parts, 3, 4, example)
    vendor, product = (_usb_id(text, part, example) for part in parts[:2])
    interface = _number(text, parts[3] if parts[3:] else "0", "a USB interface", example)
    if not parts[2]:
        raise refused(text, "it has no serial number", example)
    name = f"USB{_board(text, board)}::{vendor}::{product}::{parts[2]}::{interface}::INSTR"
    return Address(text, "visa-message", visa_name=name, visa_parts=("USB", vendor, product, parts[2]))


def _gpib(text: str, board: str, parts: list[str]) -> Address:
    example = "GPIB0::5::INSTR"
    _count(text, parts, 1, 2, example)
    numbers = tuple(_number(text, part, "a GPIB address", example) for part in parts)
    name = f"GPIB{_board(text, board)}::{'::'.join(numbers)}::INSTR"
    return Address(text, "visa-message", visa_name=name, visa_parts=("GPIB", _board(text, board), *numbers))


def _serial(text: str, board: str, parts: list[str]) -> Address:
    _count(text, parts, 0, 0, "ASRL/dev/ttyUSB0::INSTR")
    if not board:
        raise refused(text, "it names no port", "ASRL/dev/ttyUSB0::INSTR")
    # A number alone means COM<number> on Windows; elsewhere it is an entry of the VISA library's own list.
    by_number = f"COM{board}" if os.name == "nt" else ""
    target = by_number if board.isascii() and board.isdigit() else port_name(board, text)
    return Address(text, "visa-serial", target=target, visa_name=f"ASRL{board}::INSTR")


_FORMS = {
    ("TCPIP", "SOCKET"): _socket,
    ("TCPIP", "INSTR"): _lan,
    ("USB", "INSTR"): _usb,
    ("GPIB", "INSTR"): _gpib,
    ("ASRL", "INSTR"): _serial,
}


def _count(text: str, parts: list[str], fewest: int, most: int, example: str) -> None:
    if not fewest <= len(parts) <= most:
        raise refused(text, f"{len(parts)} parts follow the interface instead of {fewest} to {most}", example)


def _board(text: str, board: str) -> str:
    return _number(text, board or "0", "the number of a VISA interface", "no number, or 0")


def _number(text: str, part: str, what: str, example: str) -> str:
    if not (part.isascii() and part.isdigit() and len(part) <= _MOST_DIGITS):
        raise refused(text, f"'{part}' is not {what}", example)
    return str(int(part))


def _usb_id(text: str, part: str, example: str) -> str:
    try:
        number = int(part, 0)
    except ValueError:
        number = -1
    if not 0 <= number <= 0xFFFF:
        raise refused(text, f"'{part}' is not a USB vendor or product id", example)
    return f"0x{number:04x}"

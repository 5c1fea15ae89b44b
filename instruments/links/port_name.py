# SPDX-License-Identifier: Apache-2.0
"""Parse the names of serial ports."""

import os
import re

from instruments.links.address import refused

EXAMPLES = "/dev/ttyACM0, COM3, tcp://host:port, a VISA resource name, vendor:SERIAL-NUMBER"
# Names that Windows keeps for itself in every folder, with any suffix ("Naming Files, Paths, and Namespaces").
_RESERVED = re.compile(r"(CON|PRN|AUX|NUL|LPT[0-9]|CONIN\$|CONOUT\$)(\..*)?", re.IGNORECASE)
_DEVICE = re.compile(r"\\\\\.\\[\w.-]+")
_COM = re.compile(r"(?:\\\\[.?]\\)?(?P<port>COM[0-9]+)", re.IGNORECASE)


_HOST = re.compile(r"(?P<host>[0-9A-Za-z][0-9A-Za-z.-]*)(?::(?P<port>[0-9]{1,5}))?")
_SCPI_PORT = "5025"
_TELNET_PORT = "5024"  # of Keysight and others: it greets, prompts and echoes


def _on_host(host: str, port: str) -> str:
    """Return the addresses that an instrument on a host may have."""
    port = _SCPI_PORT if port in ("", _TELNET_PORT) else port
    return f"TCPIP0::{host}::{port}::SOCKET or TCPIP0::{host}::inst0::INSTR, for a stream of bytes tcp://{host}:{port}"


def port_name(text: str, address: str = "") -> str:
    """Return the operating system's name for a serial port.

    Raises `AddressError` for text that cannot be a port's name; its message shows `address`, the whole address.
    """
    address = address or text
    com = _COM.fullmatch(text)
    if com:
        return com["port"].upper()
    if "://" in text:  # pyserial would take it for a URL, which may write a file (`spy://`)
        raise refused(address, "a URL is not the name of a serial port", f"one of: {EXAMPLES}")
    if os.name == "nt" and (_RESERVED.fullmatch(text.removeprefix("\\\\.\\")) or _is_share(text)):
        raise refused(address, "Windows has no serial port of that name", f"one of: {EXAMPLES}")
    # On Windows a port may have any name (com0com's CNCA0); elsewhere a port is a file, and a bare word a slip.
    if "/" in text or _DEVICE.fullmatch(text) or (os.name == "nt" and re.fullmatch(r"[\w.-]+", text)):
        return text
    colon = re.fullmatch(r"(?P<port>COM[0-9]+):", text, re.IGNORECASE)
    if colon:
        raise refused(address, "a port of Windows has no colon here", colon["port"].upper())
    host = _HOST.fullmatch(text)
    if host and "." in host["host"]:
        what = "an IP address" if re.fullmatch(r"[0-9.]+", host["host"]) else "the name of a host"
        came = f"that is {what}, and does not say how the instrument is reached there"
        raise refused(address, came, _on_host(host["host"], host["port"] or ""))
    if ":" in text or re.fullmatch(r"[0-9.]+", text):
        raise refused(
            address, "the kind of link is unknown", f"tcp://host:port for a network socket, or {EXAMPLES}"
        )
    raise refused(address, "that is neither a port nor a path", f"/dev/{text}, or one of: {EXAMPLES}")


def _is_share(text: str) -> bool:
    """Return whether Windows would look for it on another machine, and give that the user's password hash."""
    return text[:2].replace("/", "\\") == "\\\\" and _DEVICE.fullmatch(text) is None

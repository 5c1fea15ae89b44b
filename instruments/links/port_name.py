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
    if ":" in text or re.fullmatch(r"[0-9.]+", text):
        raise refused(
            address, "the kind of link is unknown", f"tcp://host:port for a network socket, or {EXAMPLES}"
        )
    raise refused(address, "that is neither a port nor a path", f"/dev/{text}, or one of: {EXAMPLES}")


def _is_share(text: str) -> bool:
    """Return whether Windows would look for it on another machine, and give that the user's password hash."""
    return text[:2].replace("/", "\\") == "\\\\" and _DEVICE.fullmatch(text) is None

"""Read the names of serial ports."""

import os
import re

from instruments.links.address import refused

EXAMPLES = "/dev/ttyACM0, COM3, tcp://host:port, a VISA resource name, vendor:SERIAL-NUMBER"
_COM = re.compile(r"(?:\\\\[.?]\\)?(?P<port>COM[0-9]+)", re.IGNORECASE)


def port_name(text: str, address: str = "") -> str:
    """Return the name that the operating system knows a serial port by.

    Raises `AddressError` for a text that is no port's name; `address` is the whole address for its message.
    """
    address = address or text
    com = _COM.fullmatch(text)
    if com:
        return com["port"].upper()
    # Windows has ports of any name (com0com's CNCA0); elsewhere a port is a file, and a word alone is a slip.
    if "/" in text or text.startswith("\\\\.\\") or (os.name == "nt" and re.fullmatch(r"[\w.-]+", text)):
        return text
    if ":" in text or re.fullmatch(r"[0-9.]+", text):
        raise refused(address, "it names no kind of link", f"tcp://host:port for a network socket, or {EXAMPLES}")
    raise refused(address, "it is no port, and no file", f"/dev/{text}, or one of: {EXAMPLES}")

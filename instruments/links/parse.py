# SPDX-License-Identifier: Apache-2.0
"""Parse the address of a device in a bench file; nothing is opened or looked up here.

Serial URLs are those of pyserial 3.5 ("URL Handlers").
"""

import re

from instruments.links.address import NUMBER, Address, host_and_port, refused
from instruments.links.port_name import EXAMPLES, port_name
from instruments.links.visa_name import read_visa_name

# The only URLs that pyserial is given. Its others act on this computer, whatever a bench file of a stranger says:
# `spy://` writes a log file of any name, `alt://` chooses a class, `hwgrep://` opens whatever port it finds first.
# Each has its options: those of `socket://` only print to the terminal.
_URLS_TO_HOST: dict[str, re.Pattern[str]] = {
    "socket": re.compile(r"/?"),
    "rfc2217": re.compile(r"/?(\?(ign_set_control|poll_modem|timeout=[0-9]{1,3}|&)*)?"),
}
_POSSIBLE = "a device name, COM3, a VISA resource name, tcp://, socket:// or rfc2217://"

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<rest>.*)", re.IGNORECASE)
_VENDOR = re.compile(r"vendor:(?P<device>.*)", re.IGNORECASE)
_BY_NUMBER = re.compile(r"serial-number:(?P<number>.*)", re.IGNORECASE)


def parse_address(text: str) -> Address:
    """Return the parts of an address; raise `AddressError` if its form is unknown."""
    address = text.strip()
    if not address or not address.isprintable():
        raise refused(text, "it is empty or contains unprintable characters", f"one of: {EXAMPLES}")
    vendor = _VENDOR.fullmatch(address)
    if vendor:
        return _vendor(address, vendor["device"].strip())
    numbered = _BY_NUMBER.fullmatch(address)
    if numbered:
        return _by_number(address, numbered["number"].strip())
    url = _URL.fullmatch(address)
    if url:
        return _url(address, url["scheme"].lower(), url["rest"])
    return read_visa_name(address) or Address(address, "serial", target=port_name(address))


def _url(text: str, scheme: str, rest: str) -> Address:
    if scheme == "tcp":
        host, port, more = host_and_port(text, rest, "tcp://192.168.1.20:5025")
        if more.strip("/"):
            raise refused(text, f"'{more}' follows the port", "tcp://host:port and nothing else")
        return Address(text, "tcp", host=host, port=port)
    options = _URLS_TO_HOST.get(scheme)
    if options is None:
        raise refused(text, f"'{scheme}://' is not a way to a device", _POSSIBLE)
    host, port, more = host_and_port(text, rest, f"{scheme}://192.168.1.20:2217")
    if options.fullmatch(more) is None:
        raise refused(text, f"'{more}' follows the port", f"{scheme}://host:port and nothing else")
    return Address(text, "serial-url", target=text, host=host, port=port)


def _vendor(text: str, device: str) -> Address:
    if not device:
        raise refused(text, "it names no device", "vendor: with the serial number or path of the device")
    return Address(text, "vendor", target=device)


def _by_number(text: str, number: str) -> Address:
    if not re.fullmatch(r"[^\s#]+(#[1-9])?", number):
        came = "that is no serial number of a USB device" if number else "it names no serial number"
        raise refused(text, came, "one that `energy-runner instruments list` shows: serial-number:066DFF48")
    return Address(text, "serial", target=f"{NUMBER}{number}")

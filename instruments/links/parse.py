# SPDX-License-Identifier: Apache-2.0
"""Parse the address of a device in a bench file; nothing is opened or looked up here.

Serial URLs are those of pyserial 3.5 ("URL Handlers").
"""

import re

from instruments.links.address import Address, host_and_port, refused
from instruments.links.port_name import EXAMPLES, port_name
from instruments.links.visa_name import read_visa_name

_URLS_TO_HOST = ("socket", "rfc2217")
_URLS_TO_PORT = ("spy", "alt")  # they wrap another serial port
_URLS_OTHER = ("loop", "cp2110")
_SERIAL_URLS = _URLS_TO_HOST + _URLS_TO_PORT + _URLS_OTHER

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<rest>.*)", re.IGNORECASE)
_VENDOR = re.compile(r"vendor:(?P<device>.*)", re.IGNORECASE)


def parse_address(text: str) -> Address:
    """Return the parts of an address; raise `AddressError` if its form is unknown."""
    address = text.strip()
    if not address or not address.isprintable():
        raise refused(text, "it is empty or contains unprintable characters", f"one of: {EXAMPLES}")
    vendor = _VENDOR.fullmatch(address)
    if vendor:
        return _vendor(address, vendor["device"].strip())
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
    if scheme in _URLS_TO_HOST:
        host, port, _ = host_and_port(text, rest, f"{scheme}://192.168.1.20:2217")
        return Address(text, "serial-url", target=text, host=host, port=port)
    if scheme in _URLS_TO_PORT:
        port_name(rest.partition("?")[0], text)  # only to refuse what is not a port
        return Address(text, "serial-url", target=text)
    if scheme in _URLS_OTHER:
        return Address(text, "serial-url", target=text)
    if scheme == "hwgrep":
        raise refused(
            text, "a search may find another port after replugging", "a fixed name, such as /dev/serial/by-id/..."
        )
    raise refused(text, f"'{scheme}://' is unknown", f"tcp://, {', '.join(f'{s}://' for s in _SERIAL_URLS)}")


def wrapped_port(address: Address) -> str:
    """Return the serial port inside `spy://PORT?...` or `alt://PORT?...`; "" for other addresses."""
    url = _URL.fullmatch(address.text)
    if url is None or url["scheme"].lower() not in _URLS_TO_PORT:
        return ""
    return url["rest"].partition("?")[0]


def _vendor(text: str, device: str) -> Address:
    if not device:
        raise refused(text, "it names no device", "vendor: with the serial number or path of the device")
    return Address(text, "vendor", target=device)

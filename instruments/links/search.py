# SPDX-License-Identifier: Apache-2.0
"""Look for instruments that VISA can open: USB, GPIB, and those that answer on the local network.

A search runs USB drivers, vendor libraries and broadcasts, any of which may hang, print or crash. So it happens in
a process of its own, which prints each find as a line of JSON and is killed at the deadline; what it found by then
counts. Nothing is opened, and no instrument is asked anything but its name on the network.

LAN instruments announce themselves by mDNS (LXI Device Specification 1.6, section 10.4: the services below, with
Manufacturer, Model and SerialNumber in the TXT record), or answer the VXI-11 broadcast to port mappers.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from instruments.clock import RealClock
from instruments.errors import one_line

TIMEOUT_S = 6.0
# How long to listen to mDNS: a host repeats no answer within a second of the last one (RFC 6762, section 6).
LISTEN_S = 2.5

# What needs another package to be looked for: the package's module, what is missed without it, its name for pip.
NEEDED = (
    ("usb", "USB instruments (USBTMC)", "pyusb"),
    ("zeroconf", "LAN instruments that announce themselves (mDNS: LXI, HiSLIP, SCPI over a socket)", "zeroconf"),
    ("psutil", "VXI-11 instruments beyond the default network interface", "psutil"),
)
# The way to open what announces such a service.
SERVICES = {
    "_scpi-raw._tcp.local.": "TCPIP::{host}::{port}::SOCKET",
    "_hislip._tcp.local.": "TCPIP::{host}::hislip0,{port}::INSTR",
    "_vxi-11._tcp.local.": "TCPIP::{host}::INSTR",
}


@dataclass(frozen=True, order=True)
class FoundResource:
    """A resource that can be named in a bench file; `says` is what it tells about itself, often nothing."""

    resource: str
    says: str = ""


@dataclass(frozen=True)
class Search:
    """What was found, and what was not looked for, each with the reason and what to try."""

    found: tuple[FoundResource, ...]
    not_searched: tuple[str, ...]


def search_resources(timeout_s: float = TIMEOUT_S) -> Search:
    """Search for VISA resources for at most `timeout_s` seconds; never raises for what the search meets."""
    # The child must find the same packages, wherever this process has them from.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    missing = [f"{what}: try `pip install {name}`" for module, what, name in NEEDED if find_spec(module) is None]
    command = [sys.executable or "python3", "-m", __name__]
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter and this module
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            timeout=timeout_s,
            check=False,
        )
        told = done.stdout
        if done.returncode != 0:
            missing.append(f"the search ended early (status {done.returncode}); there may be more instruments")
    except subprocess.TimeoutExpired as late:
        told = late.output or b""
        missing.append(f"the search was stopped after {timeout_s:g} s; there may be more instruments")
    except OSError as error:
        return Search((), (*missing, f"VISA resources: the search could not be started ({error.strerror})"))
    found, problems = _read(told)
    return Search(tuple(sorted(found)), (*missing, *problems))


def _read(told: bytes) -> tuple[list[FoundResource], list[str]]:
    """Return what the lines of the child say; others, which libraries may print, are passed over."""
    found: dict[str, str] = {}
    problems: list[str] = []
    for line in told.decode("utf-8", "replace").splitlines():
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            continue
        match said:
            case {"resource": str(resource), "says": str(says)}:
                found[resource] = found.get(resource) or says
            case {"problem": str(problem)}:
                problems.append(problem)
    return [FoundResource(resource, says) for resource, says in found.items()], problems


# --- in the process of its own ------------------------------------------------------------------------------


def _say(**said: str) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _problem(name: str, error: Exception) -> None:
    _say(problem=f"{name}: {one_line(error)}")


def _each(name: str, search: Callable[[], Iterable[str]]) -> None:
    """Tell what one kind of search finds, or why it failed; the others go on."""
    try:
        for resource in search():
            _say(resource=str(resource), says="")
    except Exception as error:  # libraries below raise whatever they like
        _problem(name, error)


def _visa() -> None:
    """Search with each part of pyvisa-py but the serial ports, which are listed without VISA."""
    from pyvisa.constants import InterfaceType
    from pyvisa_py.sessions import Session
    from pyvisa_py.tcpip import TCPIPInstrVxi11

    for (interface, kind), session in Session.iter_valid_session_classes():
        if interface in (InterfaceType.usb, InterfaceType.gpib) and kind == "INSTR":
            _each(f"{interface.name.upper()} instruments", session.list_resources)
    _each("LAN instruments (VXI-11)", TCPIPInstrVxi11.list_resources)


def _listen() -> Callable[[], None]:
    """Begin to tell what announces itself as an instrument; the function returned ends it."""
    import zeroconf

    def heard(zeroconf: Any, service_type: str, name: str, state_change: Any) -> None:
        info = zeroconf.get_service_info(service_type, name, timeout=1000)
        if info is None or state_change.name == "Removed":
            return
        told = [info.decoded_properties.get(key) or "" for key in ("Manufacturer", "Model", "SerialNumber")]
        for host in info.parsed_addresses(ipv4):
            resource = SERVICES[service_type].format(host=host, port=info.port)
            _say(resource=resource, says=" ".join(part for part in told if part))

    ipv4 = zeroconf.IPVersion.V4Only  # a VISA resource name has no place for colons
    listener = zeroconf.Zeroconf()
    zeroconf.ServiceBrowser(listener, list(SERVICES), handlers=[heard], delay=0)

    def close() -> None:
        listener.close()

    return close


def main() -> None:
    """Search, and tell every find as a line of JSON on stdout."""
    import warnings

    warnings.simplefilter("ignore")  # about packages that are not there, of which the parent tells
    clock = RealClock()
    close: Callable[[], None] | None = None
    until = clock.deadline(LISTEN_S)
    if find_spec("zeroconf") is not None:
        try:
            close = _listen()
        except Exception as error:  # no network, no permission for multicast
            _problem("LAN instruments (mDNS)", error)
    try:
        _visa()
    except Exception as error:
        _problem("VISA resources", error)
    if close is not None:
        clock.sleep(until.remaining_s())
        close()


if __name__ == "__main__":
    main()

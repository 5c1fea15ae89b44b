# SPDX-License-Identifier: Apache-2.0
"""SCPI through VISA: LAN (raw socket, VXI-11, HiSLIP), USBTMC and GPIB, by pyvisa with any VISA library.

A `...::SOCKET` resource is a bare stream of bytes (`visa_stream`), an `...::INSTR` one carries messages with an
end mark (`visa_messages`).
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from instruments.clock import Deadline
from instruments.errors import InstrumentError, Unavailable
from instruments.links.stream_scpi import StreamScpiLink
from instruments.links.tcp import check_host
from instruments.links.visa_calls import CHECK, milliseconds, visa_errors
from instruments.links.visa_messages import VisaMessages
from instruments.links.visa_stream import VisaStream

_LIBRARY = (
    "leave `backend` out to use pyvisa-py, or install the vendor's VISA library (NI-VISA, Keysight IO Libraries, "
    "R&S VISA) and check its name"
)
# What to try where a resource cannot be opened, by the beginning of its name.
_OPENING = {
    "USB": "check the cable and the serial number. pyvisa-py needs the extra `usb` and libusb, and on Linux a "
    "rule that lets you open the device: see `energy-runner bench doctor`",
    "GPIB": "check the cable and the address. pyvisa-py needs linux-gpib or gpib-ctypes; a vendor's VISA library "
    "(backend = '@ivi') brings its own driver",
}
_USB_NAME = re.compile(
    r"USB\d*::(?P<vendor>\w+)::(?P<product>\w+)::(?P<serial>[^:]+)(::\d+)?(::INSTR)?", re.IGNORECASE
)
_SOCKET_NAME = re.compile(r"TCPIP\d*::(?P<host>[^:]+)::(?P<port>\d+)::SOCKET", re.IGNORECASE)


@contextmanager
def _others_named(manager: Any, backend: str, name: str) -> Iterator[None]:
    """Let what refuses a USB instrument also say which serial numbers of its model are plugged in."""
    try:
        yield
    except InstrumentError:
        raise
    except Exception as error:
        found: list[str] = []
        if wanted := _USB_NAME.fullmatch(name):
            with suppress(Exception):  # what is there is help only; the refusal counts
                models = map(_USB_NAME.fullmatch, _usb_resources(manager, backend))
                found = [one["serial"] for one in models if one and _model(one) == _model(wanted)]
        if wanted is None or wanted["serial"] in found or not found:
            raise
        asked, there = f"find the USB instrument with serial number {wanted['serial']}", ", ".join(found)
        came = f"of its model, there {'are' if found[1:] else 'is'} {there}"
        raise Unavailable(asked, came, "plug it in, or change the serial number in `port`") from error


def _usb_resources(manager: Any, backend: str) -> Iterable[str]:
    """Return the USB instruments plugged in; pyvisa-py would first ask the whole network for others."""
    if not backend.startswith("@py"):
        return list(manager.list_resources("USB?*INSTR"))
    from pyvisa.constants import InterfaceType
    from pyvisa_py.sessions import Session

    return list(Session.get_session_class(InterfaceType.usb, "INSTR").list_resources())


def _model(name: re.Match[str]) -> tuple[int, int]:
    return int(name["vendor"], 0), int(name["product"], 0)


class VisaLink:
    """A `ScpiLink` over one VISA resource, such as `TCPIP::192.168.1.5::5025::SOCKET` or `USB0::...::INSTR`.

    `backend` is pyvisa's name for the VISA library: `@py` (pyvisa-py, the default), `@ivi` (an installed vendor
    library) or a path to one. `baud` is the speed of a serial port (0: the library's default). HiSLIP in pyvisa-py
    may take up to five seconds to connect, whatever the deadline.
    """

    def __init__(self, resource_name: str, *, backend: str = "@py", name: str = "", baud: int = 0) -> None:
        self.name = name or resource_name
        self._resource_name = resource_name
        self.backend = backend
        self.baud = baud
        self._manager: Any = None
        self._resource: Any = None
        self._port: StreamScpiLink | VisaMessages | None = None

    def open(self, deadline: Deadline) -> None:
        """Open the session; raise `Unavailable` if the library or the resource cannot be opened."""
        import pyvisa

        self.close()
        asked = f"open {self._resource_name}"
        stream = _SOCKET_NAME.fullmatch(self._resource_name)
        if stream:
            check_host(stream["host"], int(stream["port"]))
        try:
            with visa_errors(f"load the VISA library '{self.backend}'", _LIBRARY):
                self._manager = pyvisa.ResourceManager(self.backend)
            advice = _OPENING.get(self._resource_name[:4].rstrip("0123456789:").upper(), CHECK)
            with visa_errors(asked, advice), _others_named(self._manager, self.backend, self._resource_name):
                self._resource = self._manager.open_resource(
                    self._resource_name, open_timeout=milliseconds(deadline)
                )
                if stream:
                    self._port = StreamScpiLink(VisaStream(self.name, self._resource))
                else:
                    self._port = VisaMessages(self.name, self._resource)
                    if self.baud and self._resource_name.upper().startswith("ASRL"):
                        self._resource.baud_rate = self.baud
                self._port.open(deadline)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Release the session, and the resource manager too unless another link still uses it."""
        resource, self._resource = self._resource, None
        manager, self._manager = self._manager, None
        self._port = None
        # If closing a broken session fails, nothing more can be done.
        if resource is not None:
            with suppress(Exception):
                resource.close()
        if manager is not None:
            with suppress(Exception):
                # pyvisa has one manager for all links; closing it closes all their sessions.
                if not manager.list_opened_resources():
                    manager.close()

    def write_line(self, command: str, deadline: Deadline) -> None:
        """Send one command line; the line end is added here."""
        self._opened("write to").write_line(command, deadline)

    def read_line(self, deadline: Deadline) -> str:
        """Return one answer line without its end; raise `TimedOut` at the deadline."""
        return self._opened("read from").read_line(deadline)

    def read_exactly(self, count: int, deadline: Deadline) -> bytes:
        """Return exactly `count` bytes of any value; raise `TimedOut` at the deadline."""
        return self._opened("read from").read_exactly(count, deadline)

    def drain(self, deadline: Deadline) -> bytes:
        """Discard late answers; return the first 64 KiB of them, or b'' after a device clear."""
        return self._opened("drain").drain(deadline)

    def _opened(self, asked: str) -> "StreamScpiLink | VisaMessages":
        if self._port is None:
            raise Unavailable(f"{asked} {self.name}", "the session is not open", "open it first")
        return self._port

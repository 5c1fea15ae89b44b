# SPDX-License-Identifier: Apache-2.0
"""Which driver can use which address, and what a link is built of; nothing is opened."""

from pathlib import Path

import pytest

from instruments.clock import Deadline, RealClock, VirtualClock
from instruments.links.address import AddressError
from instruments.links.base import Link
from instruments.links.make import AnyLink, LinkKind, LinkOptions, link_over, make_link
from instruments.links.pump import PumpedLink
from instruments.links.serial_link import SerialLink
from instruments.links.stream_scpi import StreamScpiLink
from instruments.links.tap import TappedLink, TappedScpiLink
from instruments.links.tcp import TcpLink
from instruments.links.vendor import VendorLink
from instruments.links.visa import VisaLink

CLOCK = RealClock()
PORTS = ["/dev/ttyACM0", "COM3", "socket://psu:2000"]
ASRL = "ASRL/dev/ttyUSB0::INSTR"
MESSAGES = ["TCPIP::psu::INSTR", "USB::0x0957::0x0f07::MY1::INSTR", "GPIB0::5::INSTR"]
SOCKET = "TCPIP::psu::5025::SOCKET"
TCP = "tcp://psu:5025"
VENDOR = "vendor:002122"


def layers(link: AnyLink) -> list[type]:
    """Return the classes of a link and of what it wraps, from the outside in."""
    found: list[type] = []
    below: object = link
    while below is not None:
        found.append(type(below))
        below = getattr(below, "inner", None)
    return found


@pytest.mark.parametrize(
    ("kind", "address", "expected"),
    [
        *(("stream", port, [SerialLink]) for port in [*PORTS, ASRL]),
        ("stream", TCP, [TcpLink]),
        *(("scpi", port, [StreamScpiLink, SerialLink]) for port in [*PORTS, ASRL]),
        ("scpi", TCP, [StreamScpiLink, TcpLink]),
        *(("scpi", name, [VisaLink]) for name in [*MESSAGES, SOCKET]),
        *(("vendor", address, [VendorLink]) for address in [VENDOR, TCP, "COM3"]),
    ],
)
def test_what_an_address_is_for_a_driver(kind: LinkKind, address: str, expected: list[type]) -> None:
    before = sorted(Path("/proc/self/fd").iterdir()) if Path("/proc/self/fd").is_dir() else []
    link = make_link(kind, address, "monitor", CLOCK)
    assert layers(link) == expected
    assert link is not None
    assert link.name == "monitor"
    if before:
        assert sorted(Path("/proc/self/fd").iterdir()) == before


REFUSED = [
    *(("stream", address) for address in [*MESSAGES, SOCKET, VENDOR]),
    ("scpi", VENDOR),
    *(("vendor", address) for address in [*MESSAGES, SOCKET, ASRL, "socket://psu:2000"]),
]


@pytest.mark.parametrize(("kind", "address"), REFUSED)
def test_an_address_that_a_driver_cannot_use_is_refused_with_those_it_can(kind: LinkKind, address: str) -> None:
    with pytest.raises(AddressError) as caught:
        make_link(kind, address, "monitor", CLOCK)
    assert f"connect monitor to '{address}'" in str(caught.value)
    speaks = {"stream": "a stream of bytes", "scpi": "SCPI messages", "vendor": "its vendor's library"}
    assert speaks[kind] in caught.value.came
    example = {"stream": "/dev/ttyACM0", "scpi": "TCPIP0::host::inst0::INSTR", "vendor": "vendor:SERIAL-NUMBER"}
    assert example[kind] in caught.value.try_this


def test_no_address_where_one_is_needed() -> None:
    for address in (None, ""):
        with pytest.raises(AddressError, match=r"no address.*tcp://host:port"):
            make_link("stream", address, "monitor", CLOCK)


def test_a_driver_without_a_link() -> None:
    assert make_link("none", None, "supply", CLOCK) is None
    with pytest.raises(AddressError, match="leave the address out"):
        make_link("none", "COM3", "supply", CLOCK)


@pytest.mark.parametrize("backend", ["@ivi", "@sim", "/opt/visa/libvisa.so"])
def test_any_backend_for_visa_names(backend: str) -> None:
    options = LinkOptions(backend=backend, baud=115200)
    for name in (*MESSAGES, SOCKET, ASRL, "ASRL3::INSTR"):
        link = make_link("scpi", name, "psu", CLOCK, options)
        assert isinstance(link, VisaLink)
        assert link.backend == backend
        assert link.baud == 115200


@pytest.mark.parametrize("address", [TCP, "/dev/ttyUSB0"])
def test_a_backend_without_a_visa_name_is_a_mistake(address: str) -> None:
    with pytest.raises(AddressError, match=r"backend = '@ivi' is for VISA resource names.*leave the backend out"):
        make_link("scpi", address, "psu", CLOCK, LinkOptions(backend="@ivi"))


def test_a_stream_cannot_come_through_a_vendors_visa() -> None:
    with pytest.raises(AddressError, match="the port itself: /dev/ttyUSB0"):
        make_link("stream", ASRL, "monitor", CLOCK, LinkOptions(backend="@ivi"))


@pytest.mark.parametrize("kind", ["stream", "scpi"])
def test_a_numbered_port_needs_the_library_that_numbers_it(
    monkeypatch: pytest.MonkeyPatch, kind: LinkKind
) -> None:
    monkeypatch.setattr("os.name", "posix")
    with pytest.raises(AddressError, match="by number"):
        make_link(kind, "ASRL3::INSTR", "psu", CLOCK)


@pytest.mark.parametrize(("asked", "set_to"), [(0, 9600), (3_686_400, 3_686_400)])
def test_the_speed_of_a_serial_port(asked: int, set_to: int) -> None:
    link = make_link("stream", "/dev/ttyACM0", "monitor", CLOCK, LinkOptions(baud=asked))
    assert isinstance(link, SerialLink)
    assert link.baud == set_to


def test_the_order_of_the_layers() -> None:
    def around(link: Link) -> Link:
        return TappedLink(link, lambda *_: None)

    full = LinkOptions(listener=lambda *_: None, pump_bytes=1000, around=around)
    stream = make_link("stream", "/dev/ttyACM0", "monitor", CLOCK, full)
    assert layers(stream) == [TappedLink, PumpedLink, TappedLink, SerialLink]
    scpi = make_link("scpi", "/dev/ttyACM0", "monitor", CLOCK, full)
    assert layers(scpi) == [StreamScpiLink, TappedLink, TappedLink, SerialLink]  # answers wait for nobody's poll
    visa = make_link("scpi", "GPIB0::5::INSTR", "monitor", CLOCK, full)
    assert layers(visa) == [TappedScpiLink, VisaLink]


class Cable:
    name = "twin's cable"

    def open(self, deadline: Deadline) -> None: ...

    def close(self) -> None: ...

    def write(self, data: bytes, deadline: Deadline) -> None: ...

    def read(self, deadline: Deadline, max_bytes: int = 65536) -> bytes:
        return b"answer\n"


def test_a_twins_cable_gets_the_same_layers() -> None:
    clock = VirtualClock()
    heard: list[tuple[str, bytes]] = []
    options = LinkOptions(listener=lambda direction, data: heard.append((direction, data)), pump_bytes=1000)
    scpi = link_over("scpi", Cable(), clock, options)
    assert scpi.read_line(clock.deadline(1.0)) == "answer"
    assert heard == [("rx", b"answer\n")]
    assert layers(link_over("stream", Cable(), clock, options)) == [TappedLink, PumpedLink, Cable]


def test_a_stand_in_takes_the_place_of_a_vendors_library() -> None:
    link = make_link("vendor", VENDOR, "js", CLOCK, LinkOptions(stand_in=lambda address: f"stand-in {address}"))
    link.open(lambda address: pytest.fail("the library was asked"))
    assert link.device == "stand-in 002122"

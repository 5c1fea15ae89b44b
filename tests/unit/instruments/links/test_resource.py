# SPDX-License-Identifier: Apache-2.0
"""One instrument has one canonical resource, however its address is written."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.links.resource import canonical_resource

hosts = st.sampled_from(
    ["psu", "Psu.lab.example.", "192.168.1.5", "localhost", "127.0.0.1", "[::1]", "[FE80::0:1]"]
)
ports = st.integers(1, 65535)
serials = st.text("ABCdef0123456789-", min_size=1)
boards = st.sampled_from(["", "0", "1"])
usb_ids = st.integers(0, 0xFFFF)


def mixed_case(text: str, upper: bool) -> str:
    return text.upper() if upper else text.lower()


@st.composite
def spellings(draw: st.DrawFn) -> list[str]:
    """Draw several addresses of one instrument."""
    kind = draw(st.sampled_from(["tcp", "lan", "usb", "gpib", "com", "vendor"]))
    host, port, board, upper = draw(hosts), draw(ports), draw(boards), draw(st.booleans())
    if kind == "tcp":
        return [
            f"tcp://{host}:{port}",
            f"TCP://{mixed_case(host, upper)}:{port}/",
            f"TCPIP{board}::{host}::{port}::SOCKET",
            mixed_case(f"tcpip::{host}::{port}::socket", upper),
            f"socket://{host}:{port}/",
            f"rfc2217://{host}:{port}?timeout=3",
        ]
    if kind == "lan":
        return [
            f"TCPIP{board}::{host}",
            f"TCPIP::{host}::INSTR",
            f"tcpip0::{mixed_case(host, upper)}::INST0::instr",
        ]
    if kind == "usb":
        vendor, product, serial = draw(usb_ids), draw(usb_ids), draw(serials)
        return [
            f"USB{board}::{vendor:#06x}::{product:#06x}::{serial}::INSTR",
            f"usb::{vendor}::{product}::{mixed_case(serial, upper)}",
            f"USB0::0x{vendor:X}::0x{product:X}::{serial}::0::INSTR",
            f"USB0::{vendor:#x}::{product}::{serial}::1::INSTR",  # two interfaces of one instrument
        ]
    if kind == "gpib":
        number = draw(st.integers(0, 30))
        return [f"GPIB{board or '0'}::{number}", f"gpib{board or ''}::{number:02d}::INSTR"]
    if kind == "com":
        number = draw(st.integers(1, 256))
        return [
            f"COM{number}",
            f"com{number}",
            rf"\\.\COM{number}",
            f"ASRLCOM{number}::INSTR",
        ]
    serial = draw(serials)
    return [f"vendor:{serial}", f"VENDOR: {serial} "]


@given(spellings())
def test_all_spellings_of_an_instrument_are_one(addresses: list[str]) -> None:
    assert len({canonical_resource(address) for address in addresses}) == 1, addresses


@given(spellings())
def test_a_canonical_resource_is_an_address_that_stands_for_itself(addresses: list[str]) -> None:
    for address in addresses:
        name = canonical_resource(address)
        assert canonical_resource(name) == name


@given(spellings(), spellings())
def test_different_instruments_stay_different(one: list[str], other: list[str]) -> None:
    """What makes instruments different is read here once more, from the first spelling of each."""

    def essence(address: str) -> str:
        text = address.lower()
        for name in ("[::1]", "localhost"):
            text = text.replace(name, "127.0.0.1")
        return (
            text.replace("usb0", "usb")
            .replace("usb1", "usb")
            .replace("tcpip1", "tcpip")
            .replace("tcpip0", "tcpip")
        )

    same = essence(one[0]) == essence(other[0])
    assert (canonical_resource(one[0]) == canonical_resource(other[0])) == same


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost.", "127.0.0.1", "[::1]", "[0:0::1]", "[::ffff:127.0.0.1]", "[::]"]
)
def test_this_machine_has_one_name(host: str) -> None:
    assert canonical_resource(f"tcp://{host}:5025") == "tcp://127.0.0.1:5025"


def test_a_link_to_a_port_and_its_target_are_one(tmp_path: Path) -> None:
    port, by_id = tmp_path / "ttyACM0", tmp_path / "usb-STMicroelectronics_PowerShield-if00"
    port.touch()
    by_id.symlink_to(port)
    names = [str(port), str(by_id), f"{tmp_path}/./x/../ttyACM0", f"ASRL{by_id}::INSTR"]
    assert {canonical_resource(name) for name in names} == {str(port.resolve())}


def test_a_port_that_is_not_plugged_in_has_a_name_too() -> None:
    assert canonical_resource("/dev/no-such-port") == "/dev/no-such-port"


def test_macos_has_two_names_for_a_port() -> None:
    assert (
        canonical_resource("/dev/tty.usbmodem1") == canonical_resource("/dev/cu.usbmodem1") == "/dev/cu.usbmodem1"
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tcp://psu:5025", "tcp://psu:5026"),
        ("TCPIP::psu::gpib0,5::INSTR", "TCPIP::psu::gpib0,6::INSTR"),
        ("GPIB0::5::INSTR", "GPIB1::5::INSTR"),
        ("GPIB0::5::INSTR", "GPIB0::5::0::INSTR"),
        ("COM1", "COM11"),
        ("/dev/ttyACM0", "/dev/ttyACM1"),
        ("USB::1::2::A::INSTR", "USB::1::2::B::INSTR"),
    ],
)
def test_neighbours_are_not_confused(one: str, other: str) -> None:
    assert canonical_resource(one) != canonical_resource(other)


@pytest.mark.parametrize("host", ["192.168.276", "192.168.1.20", "3232235796", "0xC0A80114"])
def test_an_address_that_a_resolver_reads_as_the_same_is_the_same(host: str) -> None:
    assert canonical_resource(f"tcp://{host}:5025") == "tcp://192.168.1.20:5025"


def test_a_hislip_port_is_a_number() -> None:
    names = {canonical_resource(f"TCPIP::psu::hislip0{port}::INSTR") for port in ("", ",4880", ",04880")}
    assert len(names) == 1
    assert canonical_resource("TCPIP::psu::hislip0,4881::INSTR") not in names

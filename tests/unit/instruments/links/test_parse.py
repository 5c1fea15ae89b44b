# SPDX-License-Identifier: Apache-2.0
"""Addresses of bench files: what each form is made of, and what is wrong with one that cannot be understood."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.links.address import AddressError, Form
from instruments.links.parse import parse_address
from instruments.links.resource import canonical_resource


@pytest.mark.parametrize(
    ("text", "form", "target"),
    [
        ("/dev/ttyACM0", "serial", "/dev/ttyACM0"),
        (" /dev/cu.usbmodem14201 ", "serial", "/dev/cu.usbmodem14201"),
        ("./port", "serial", "./port"),
        ("com3", "serial", "COM3"),
        (r"\\.\COM12", "serial", "COM12"),
        (r"\\.\CNCA0", "serial", r"\\.\CNCA0"),
        ("RFC2217://gw:4000/?poll_modem&timeout=3", "serial-url", "RFC2217://gw:4000/?poll_modem&timeout=3"),
        ("socket://192.168.1.5:2000", "serial-url", "socket://192.168.1.5:2000"),
        ("ASRL/dev/ttyUSB0::INSTR", "visa-serial", "/dev/ttyUSB0"),
        ("asrlCOM4", "visa-serial", "COM4"),
        ("vendor:u/js220/002122", "vendor", "u/js220/002122"),
        ("Vendor: 002122", "vendor", "002122"),
    ],
)
def test_what_is_opened(text: str, form: Form, target: str) -> None:
    read = parse_address(text)
    assert (read.form, read.target) == (form, target)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("tcp://192.168.1.5:5025", "192.168.1.5", 5025),
        ("tcp://psu.lab.example:5555/", "psu.lab.example", 5555),
        ("TCP://[fe80::1%eth0]:5025", "fe80::1%eth0", 5025),
        ("TCPIP0::192.168.1.5::5025::SOCKET", "192.168.1.5", 5025),
        ("tcpip::psu::5025::socket", "psu", 5025),
        ("rfc2217://gateway:4000?ign_set_control", "gateway", 4000),
    ],
)
def test_host_and_port(text: str, host: str, port: int) -> None:
    read = parse_address(text)
    assert (read.host, read.port) == (host, port)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("TCPIP::psu", "TCPIP0::psu::inst0::INSTR"),
        ("tcpip1::psu::hislip0::instr", "TCPIP1::psu::hislip0::INSTR"),
        ("TCPIP::[fe80::1]::INSTR", "TCPIP0::[fe80::1]::inst0::INSTR"),
        ("TCPIP::psu::5025::SOCKET", "TCPIP0::psu::5025::SOCKET"),
        ("USB::2391::3847::MY53001234", "USB0::0x0957::0x0f07::MY53001234::0::INSTR"),
        ("usb0::0x957::0xF07::MY53001234::1::INSTR", "USB0::0x0957::0x0f07::MY53001234::1::INSTR"),
        ("GPIB::05::INSTR", "GPIB0::5::INSTR"),
        ("GPIB1::5::2", "GPIB1::5::2::INSTR"),
        ("ASRL/dev/ttyUSB0", "ASRL/dev/ttyUSB0::INSTR"),
    ],
)
def test_visa_names_are_spelt_as_every_library_reads_them(text: str, name: str) -> None:
    assert parse_address(text).visa_name == name


def test_a_numbered_port_of_visa_is_known_on_windows_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_address("ASRL3::INSTR").target == ("COM3" if os.name == "nt" else "")
    monkeypatch.setattr(os, "name", "nt")
    assert parse_address("ASRL3::INSTR").target == "COM3"
    assert parse_address("CNCA0").target == "CNCA0"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "/dev/ttyACM0"),
        ("/dev/tty\0ACM0", "one of"),
        ("ttyACM0", "/dev/ttyACM0"),
        ("192.168.1.5", "TCPIP0::192.168.1.5::5025::SOCKET"),
        ("psu:5025", "tcp://host:port"),
        ("tcp://psu", "tcp://192.168.1.20:5025"),
        ("tcp://psu:0", "1 to 65535"),
        ("tcp://psu:70000", "1 to 65535"),
        ("tcp://psu:5025/inst0", "'/inst0' follows"),
        ("telnet://psu:5024", "'telnet://' is not a way"),
        ("hwgrep://0483:5740", "'hwgrep://' is not a way"),
        ("spy://port", "'spy://' is not a way"),
        ("spy:///dev/ttyUSB0?file=log.txt", "'spy://' is not a way"),
        ("SPY://loop://?file=notes.txt", "'spy://' is not a way"),
        ("alt:///dev/ttyUSB0?class=Serial", "'alt://' is not a way"),
        ("loop://", "'loop://' is not a way"),
        ("cp2110://0001", "'cp2110://' is not a way"),
        ("file:///etc/passwd", "'file://' is not a way"),
        ("ASRLspy://loop://?file=notes.txt::INSTR", "is not a way"),
        ("ASRL/spy://loop://?file=notes.txt::INSTR", "a URL is not the name"),
        ("/spy://loop://?file=notes.txt", "a URL is not the name"),
        ("1spy://loop://?file=notes.txt", "a URL is not the name"),
        ("socket://psu:5025?logging=debug", "'?logging=debug' follows"),
        ("rfc2217://psu:5025?logging=debug", "'?logging=debug' follows"),
        ("socket://psu:5025/spy://x?file=y", "follows the port"),
        ("vendor:", "serial number"),
        ("ASRL::INSTR", "names no port"),
        ("ASRL::COM3::INSTR", "1 parts follow"),
        ("TCPIP::INSTR", "0 parts follow"),
        ("TCPIP::my psu::INSTR", "'my psu'"),
        ("TCPIPx::psu::INSTR", "'x'"),
        ("TCPIP::psu::five::SOCKET", "1 to 65535"),
        ("USB::0x0957::0x0f07", "2 parts follow"),
        ("USB::keysight::0x0f07::MY1", "'keysight'"),
        ("USB::0x10957::0x0f07::MY1", "'0x10957'"),
        ("USB::0x0957::0x0f07::::INSTR", "no serial number"),
        ("USB::0x0957::0x0f07::MY1::RAW", "USB RAW"),
        ("GPIB::five", "'five'"),
        ("PXI0::1::INSTR", "PXI INSTR"),
    ],
)
def test_a_bad_address_is_named_with_what_to_write(monkeypatch: pytest.MonkeyPatch, text: str, names: str) -> None:
    monkeypatch.setattr(os, "name", "posix")  # Windows has ports of any name
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    assert names in str(caught.value)
    assert f"'{text}'" in caught.value.asked
    assert caught.value.try_this


@pytest.mark.parametrize(
    "text", ["NUL", "con", r"\\.\NUL", "LPT1", "//server/share/x", r"\\server/share", "aux.txt"]
)
def test_windows_keeps_some_names_for_itself(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(os, "name", "nt")
    with pytest.raises(AddressError, match=r"Windows has no serial port of that name.*COM3"):
        parse_address(text)


@given(st.text())
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        canonical_resource(text)
    except AddressError as error:
        assert error.try_this


WORDS = [
    "TCPIP",
    "usb0",
    "GPIB",
    "asrl",
    "::",
    ":",
    "//",
    "tcp",
    "vendor",
    "h",
    "[::1]",
    "5025",
    "0x1",
    "INSTR",
    "SOCKET",
]


@given(st.lists(st.sampled_from(WORDS), max_size=9).map("".join))
def test_pieces_of_addresses_make_an_address_or_are_refused(text: str) -> None:
    try:
        name = canonical_resource(text)
    except AddressError as error:
        assert error.try_this
    else:
        assert canonical_resource(name) == name

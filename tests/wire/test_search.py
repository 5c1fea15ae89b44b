# SPDX-License-Identifier: Apache-2.0
"""The search for instruments: what it finds, what it says it did not look for, and that nothing can hang it."""

import sys
from importlib.util import find_spec

import pytest

from instruments.links import search
from instruments.links.search import FoundResource, Search, search_resources

CONSTANTS = """
class InterfaceType:
    class usb: name = "usb"
    class gpib: name = "gpib"
    class asrl: name = "asrl"
"""
SESSIONS = """
from pyvisa.constants import InterfaceType
class Usb:
    @staticmethod
    def list_resources():
        {usb}
class Serial:
    @staticmethod
    def list_resources():
        return ["ASRL/dev/ttyS0::INSTR"]
class Session:
    @staticmethod
    def iter_valid_session_classes():
        return [((InterfaceType.usb, "INSTR"), Usb), ((InterfaceType.asrl, "INSTR"), Serial)]
"""
TCPIP = """
class TCPIPInstrVxi11:
    @staticmethod
    def list_resources():
        {lan}
"""


@pytest.fixture
def visa(tmp_path, monkeypatch):
    """Put other packages in place of pyvisa and pyvisa-py, whose searches do what a test says."""

    def replace(usb: str = "return []", lan: str = "return []") -> None:
        for name, text in (
            ("pyvisa/__init__.py", ""),
            ("pyvisa/constants.py", CONSTANTS),
            ("pyvisa_py/__init__.py", ""),
            ("pyvisa_py/sessions.py", SESSIONS.format(usb=usb)),
            ("pyvisa_py/tcpip.py", TCPIP.format(lan=lan)),
            ("zeroconf.py", "raise ImportError('not here')"),
        ):
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        monkeypatch.setattr(search, "find_spec", lambda name: None if name in missing else find_spec(name))

    missing: set[str] = {"usb", "zeroconf", "psutil"}
    replace.missing = missing  # type: ignore[attr-defined]
    return replace


def found(done: Search) -> list[str]:
    return [one.resource for one in done.found]


def test_what_each_part_finds_and_serial_ports_are_left_to_others(visa):
    visa(usb='return ["USB0::0x2A8D::0x0F02::MY1::0::INSTR"]', lan='return ["TCPIP::10.0.0.7::INSTR"]')
    done = search_resources(20)
    assert found(done) == ["TCPIP::10.0.0.7::INSTR", "USB0::0x2A8D::0x0F02::MY1::0::INSTR"]


def test_what_was_not_looked_for_is_said_with_what_to_install(visa):
    visa()
    done = search_resources(20)
    told = "\n".join(done.not_searched)
    assert "USB instruments (USBTMC): try `pip install pyusb`" in told
    assert "mDNS" in told
    assert "`pip install zeroconf`" in told
    assert "`pip install psutil`" in told


def test_one_part_that_fails_does_not_take_the_others(visa):
    visa(usb='raise KeyError("Manufacturer")', lan='print("a library chats"); return ["TCPIP::10.0.0.7::INSTR"]')
    done = search_resources(20)
    assert found(done) == ["TCPIP::10.0.0.7::INSTR"]
    assert "USB instruments: 'Manufacturer'" in done.not_searched


def test_what_hangs_is_stopped_at_the_deadline_and_what_was_found_counts(visa):
    visa(usb='return ["USB0::1::2::3::INSTR"]', lan="import threading; threading.Event().wait()")
    done = search_resources(4)
    assert found(done) == ["USB0::1::2::3::INSTR"]
    assert any("stopped after 4 s" in line for line in done.not_searched)


def test_a_crash_is_told_and_what_was_found_counts(visa):
    visa(usb='return ["USB0::1::2::3::INSTR"]', lan="import os; os.abort()")
    done = search_resources(20)
    assert found(done) == ["USB0::1::2::3::INSTR"]
    assert any("ended early (status -6)" in line for line in done.not_searched) or sys.platform == "win32"


def test_without_any_visa_library(visa, tmp_path):
    visa()
    (tmp_path / "pyvisa" / "constants.py").write_text("raise ImportError('no VISA here')", "utf-8")
    done = search_resources(20)
    assert done.found == ()
    assert any("no VISA here" in line for line in done.not_searched)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"chatter\n",
        b"\xff\xfe\n",
        b"[1]\n",
        b"{}\n",
        b'{"resource": 5, "says": ""}\n',
        b"[" * 100_000 + b"\n",
    ],
)
def test_lines_of_others_are_passed_over(line):
    good = b'{"resource": "R", "says": ""}\n{"resource": "R", "says": "it"}\n{"problem": "p"}\n'
    assert search._read(line + good) == ([FoundResource("R", "it")], ["p"])


def test_an_instrument_that_announces_itself_on_the_network():
    zeroconf = pytest.importorskip("zeroconf", reason="the extra `lan` is not installed")
    try:
        announced = zeroconf.Zeroconf()
    except OSError as error:
        pytest.skip(f"no multicast here ({error})")
    facts = {"Manufacturer": "Keysight", "Model": "N6705C", "SerialNumber": "MY1"}
    try:
        for service, port in (("_scpi-raw._tcp.local.", 5025), ("_hislip._tcp.local.", 4880)):
            name = f"A test's analyzer.{service}"
            info = zeroconf.ServiceInfo(
                service, name, addresses=[bytes([127, 0, 0, 1])], port=port, properties=facts
            )
            announced.register_service(info)
        done = search_resources(30)
    finally:
        announced.close()
    assert FoundResource("TCPIP::127.0.0.1::5025::SOCKET", "Keysight N6705C MY1") in done.found
    assert FoundResource("TCPIP::127.0.0.1::hislip0,4880::INSTR", "Keysight N6705C MY1") in done.found

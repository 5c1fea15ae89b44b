# SPDX-License-Identifier: Apache-2.0
"""Other VISA libraries than pyvisa-py (pyvisa-sim in their place), and what is said where one is missing."""

from pathlib import Path

import pytest

from instruments.clock import Deadline, RealClock
from instruments.errors import InstrumentError, TimedOut, Unavailable
from instruments.links.base import ScpiLink
from instruments.links.make import LinkOptions, make_link

CLOCK = RealClock()
DEVICES = """
spec: "1.0"
devices:
  psu:
    eom:
      ASRL INSTR: {q: "\\n", r: "\\n"}
      USB INSTR: {q: "\\n", r: "\\n"}
      TCPIP INSTR: {q: "\\n", r: "\\n"}
      GPIB INSTR: {q: "\\n", r: "\\n"}
    error: ERROR
    dialogues:
      - {q: "*IDN?", r: "ACME,PSU-1,42,1.0"}
      - {q: "OUTP ON"}
      - {q: "FETC?", r: "#15abcde"}
resources:
  ASRL3::INSTR: {device: psu}
  USB0::0x0957::0x0f07::MY1::0::INSTR: {device: psu}
  TCPIP0::psu::inst0::INSTR: {device: psu}
  GPIB0::5::INSTR: {device: psu}
"""
NAMES = ["ASRL3::INSTR", "USB::2391::0xf07::MY1", "TCPIP::psu", "GPIB::05::INSTR"]


def soon() -> Deadline:
    return CLOCK.deadline(2.0)


@pytest.fixture
def simulated(tmp_path: Path) -> str:
    file = tmp_path / "bench.yaml"
    file.write_text(DEVICES)
    return f"{file}@sim"


def link_to(name: str, backend: str) -> ScpiLink:
    return make_link("scpi", name, "psu", CLOCK, LinkOptions(backend=backend))


@pytest.mark.parametrize("name", NAMES)
def test_a_dialogue_through_another_library(simulated: str, name: str) -> None:
    link = link_to(name, simulated)
    link.open(soon())
    try:
        for _ in range(2):
            link.write_line("*IDN?", soon())
            assert link.read_line(soon()) == "ACME,PSU-1,42,1.0"
        link.write_line("FETC?", soon())
        assert link.read_exactly(8, soon()) == b"#15abcde"
        assert link.read_line(soon()) == ""
    finally:
        link.close()


@pytest.mark.parametrize("name", NAMES)
def test_no_answer_is_a_time_out(simulated: str, name: str) -> None:
    link = link_to(name, simulated)
    link.open(soon())
    try:
        link.write_line("OUTP ON", soon())
        with pytest.raises(TimedOut, match="no answer"):
            link.read_line(CLOCK.deadline(0.05))
    finally:
        link.close()


def test_a_resource_that_pyvisa_sim_does_not_know_gives_no_answer(simulated: str) -> None:
    """It can be opened there, and reads bring nothing, at once and without an error."""
    link = link_to("GPIB0::9::INSTR", simulated)
    link.open(soon())
    try:
        link.write_line("*IDN?", soon())
        with pytest.raises(TimedOut, match="no answer"):
            link.read_line(soon())
    finally:
        link.close()


def opening(name: str, backend: str) -> InstrumentError:
    link = link_to(name, backend)
    with pytest.raises(Unavailable) as caught:
        link.open(soon())
    with pytest.raises(Unavailable, match="not open"):
        link.write_line("*IDN?", soon())
    return caught.value


@pytest.mark.parametrize(
    "backend", ["@nosuchlibrary", "/no/such/visa.so", "/no/such/visa.so@ivi", "/no/file.yaml@sim"]
)
def test_a_library_that_cannot_be_loaded_is_named(backend: str) -> None:
    error = opening("GPIB0::5::INSTR", backend)
    assert error.asked == f"load the VISA library '{backend}'"
    assert "NI-VISA" in error.try_this
    assert len(str(error)) < 700


def test_usb_says_what_it_needs() -> None:
    """Nothing is plugged in here; the same is said where pyusb, libusb or the permission is missing."""
    error = opening("USB0::0x0957::0x0f07::NO-SUCH-SERIAL::INSTR", "@py")
    assert "extra `usb`" in error.try_this
    assert "bench doctor" in error.try_this


def test_gpib_says_what_it_needs() -> None:
    assert "linux-gpib" in opening("GPIB0::5::INSTR", "@py").try_this

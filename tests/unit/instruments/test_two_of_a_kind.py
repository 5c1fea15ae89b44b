# SPDX-License-Identifier: Apache-2.0
"""Two boxes of each model on one host: each is found by its serial number, also where it was plugged in anew."""

from types import SimpleNamespace
from typing import Any

import pytest
from pyvisa.constants import InterfaceType
from pyvisa_py.sessions import Session

from instruments.clock import VirtualClock
from instruments.conformance.subject import _silent_dut
from instruments.errors import InstrumentError, Refused, Unavailable
from instruments.links.serial_link import located
from instruments.links.visa import VisaLink
from instruments.registry import BUILT_IN
from instruments.world.cable import CableLink
from instruments.world.library import LibraryLink
from instruments.world.world import World

OURS, OTHER = 101, 202  # seeds, of which the twins make their serial numbers
SERIAL = [spec for spec in BUILT_IN if spec.link == "stream" and not spec.on_tcp and spec.name != "dut-port"]
LIBRARY = [spec for spec in BUILT_IN if spec.library]
SERVER = [spec for spec in BUILT_IN if "device" in spec.options_model().model_fields and spec.on_tcp]
SCPI = [spec for spec in BUILT_IN if spec.link == "scpi"]
BY_PLACE = {
    "ptdaemon",
    "dut-port",
    "usb-hub",
    "linux-sensor",
    "ideal",
}  # known by where they are: they have no number


def twin(spec: Any, seed: int, clock: VirtualClock) -> Any:
    world = World(clock, seed)
    world.on_power(lambda powered: world.draw(0.005 if powered else 0.0))
    return spec.build_twin(world, "box", *((_silent_dut(), 9600) if "dut" in spec.roles else ()))


def opened(spec: Any, link: Any, clock: VirtualClock, **options: Any) -> Any:
    instrument = spec.build(link, clock, spec.options_model()(**options))
    try:
        return instrument.open(clock.deadline(20.0))
    finally:
        instrument.close()


def test_every_driver_is_in_one_of_the_lists() -> None:
    tested = {spec.name for spec in (*SERIAL, *LIBRARY, *SERVER, *SCPI)}
    assert tested | BY_PLACE == {spec.name for spec in BUILT_IN}
    assert not tested & BY_PLACE


# --- by the serial number of a USB serial port -----------------------------------------------------------------


class Host:
    """A computer with twins on its serial ports; it notes which were opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, clock: VirtualClock) -> None:
        self.clock, self.plugged, self.used = clock, {}, []
        monkeypatch.setattr("serial.tools.list_ports.comports", self._ports)

    def _ports(self) -> list[SimpleNamespace]:
        known = {"vid": 1, "pid": 2, "description": "", "hwid": "usb"}
        return [
            SimpleNamespace(device=port, serial_number=serial, **known)
            for port, (serial, _) in self.plugged.items()
        ]

    def link(self, address: str) -> CableLink:
        port = located(address)
        self.used.append(self.plugged[port][0])
        return CableLink("box", self.clock, self.plugged[port][1].port)


@pytest.mark.parametrize("spec", SERIAL, ids=lambda spec: spec.name)
def test_a_box_on_a_serial_port(spec: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock()
    host, ours, other = Host(monkeypatch, clock), twin(spec, OURS, clock), twin(spec, OTHER, clock)
    host.plugged = {"/dev/ttyACM0": ("A101", ours), "/dev/ttyACM1": ("B202", other)}
    first = opened(spec, host.link("serial-number:A101"), clock)
    second = opened(spec, host.link("serial-number:B202"), clock)
    assert host.used == ["A101", "B202"]
    assert not first.serial or first.serial != second.serial
    host.plugged = {"/dev/ttyACM0": ("B202", other), "/dev/ttyACM7": ("A101", ours)}
    again = opened(spec, host.link("serial-number:A101"), clock)
    assert host.used[-1] == "A101"
    assert again.serial == first.serial
    host.plugged = {"/dev/ttyACM0": ("B202", other)}
    with pytest.raises(Unavailable, match=r"A101.*B202"):
        host.link("serial-number:A101")


# --- by the serial number, through the vendor's library or a server --------------------------------------------


@pytest.mark.parametrize("spec", LIBRARY, ids=lambda spec: spec.name)
def test_a_box_behind_its_vendors_library(spec: Any) -> None:
    clock = VirtualClock()
    ours, other = twin(spec, OURS, clock), twin(spec, OTHER, clock)
    ours.others, other.others = [other.path], [ours.path]
    for one in (ours, other, ours):  # the last one has been pulled out and plugged in again
        assert opened(spec, LibraryLink("box", clock, one.port), clock).serial == one.serial
    other.others.clear()
    other.port.address = ours.serial
    with pytest.raises(Unavailable, match=rf"{ours.serial}.*{other.serial}"):
        opened(spec, LibraryLink("box", clock, other.port), clock)


@pytest.mark.parametrize("spec", SERVER, ids=lambda spec: spec.name)
def test_a_box_of_a_server(spec: Any) -> None:
    clock = VirtualClock()
    ours, other = twin(spec, OURS, clock), twin(spec, OTHER, clock)
    for one, beside in ((ours, other), (other, ours), (ours, other)):
        one.more_devices[:] = [{"name": "beside", "type": one.kind, "device_id": beside.device_id}]
        number = one.device_id.removeprefix(one.kind)
        assert opened(spec, CableLink("box", clock, one.port), clock, device=number).serial == number
    other.more_devices.clear()
    number = ours.device_id.removeprefix(ours.kind)
    with pytest.raises(Refused, match=rf"{number}.*{other.device_id}"):
        opened(spec, CableLink("box", clock, other.port), clock, device=number)


# --- by the serial number in the name of a USB instrument ------------------------------------------------------


class Manager:
    """A VISA library that sees one instrument, and refuses every other."""

    there: tuple[str, ...] = ()

    def __init__(self, backend: str) -> None:
        self.backend = backend

    def list_resources(self, query: str = "") -> tuple[str, ...]:
        assert self.backend != "@py", "pyvisa-py would search the whole network"
        return self.there

    def list_opened_resources(self) -> list[object]:
        return []

    def open_resource(self, name: str, **options: object) -> object:
        raise ValueError(f"No device found for {name}")

    def close(self) -> None:
        pass


@pytest.mark.parametrize("spec", SCPI, ids=lambda spec: spec.name)
@pytest.mark.parametrize("backend", ["@py", "@ivi"])
@pytest.mark.parametrize("form", ["USB0::{}::{}::{}::INSTR", "USB0::{}::{}::{}::0::INSTR"])
def test_a_usb_instrument_that_is_not_there_names_those_that_are(
    spec: Any, form: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor, product = (spec.usb or ("0957:0f07",))[0].split(":")
    clock = VirtualClock()
    stranger = "USB0::0x1111::0x2222::X9::INSTR"
    as_decimal = form.format(int(vendor, 16), int(product, 16), "MY202")
    monkeypatch.setattr("pyvisa.ResourceManager", Manager)
    usb = Session.get_session_class(InterfaceType.usb, "INSTR")
    monkeypatch.setattr(usb, "list_resources", lambda: Manager.there)
    link = VisaLink(form.format(f"0x{vendor}", f"0x{product}", "MY101"), name="box", backend=backend)

    def refusal(*there: str) -> InstrumentError:
        monkeypatch.setattr(Manager, "there", there)
        with pytest.raises(Unavailable) as caught:
            link.open(clock.deadline(1.0))
        return caught.value

    both = refusal(stranger, as_decimal)
    assert "MY101" in both.asked
    assert "MY202" in both.came
    assert "X9" not in str(both)
    assert "there is" not in refusal(stranger).came
    assert "there is" not in refusal(form.format(f"0x{vendor}", f"0x{product}", "MY101")).came

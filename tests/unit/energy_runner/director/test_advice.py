# SPDX-License-Identifier: Apache-2.0
"""Monitor and IO manager in each other's ports are recognised, and nothing else is taken for that."""

import dataclasses
from pathlib import Path

import pytest

from energy_runner.bench import Bench, BenchSpec, build_bench, load_bench_spec
from energy_runner.director import advice
from energy_runner.director.advice import Heard, advised, permission_advice, what_is_there
from instruments.errors import Unavailable
from instruments.links.permission import UsbInstrument
from instruments.links.search import FoundResource, Search
from instruments.links.serial_link import SerialPortInfo
from instruments.registry import drivers
from instruments.twin_bench.bench import TwinOptions, build_twin_bench
from instruments.world.cable import CableLink

FAILED = "ask monitor for `htc`: no answer"
SPEC = BenchSpec.model_validate(
    {
        "name": "desk",
        "monitor": {"driver": "lpm01a", "port": "/dev/ttyACM0", "voltage_v": 3.0},
        "io_manager": {"port": "/dev/ttyACM1"},
    }
)
TWINS = TwinOptions(
    instruments={
        name: drivers()[driver] for name, driver in {"monitor": "lpm01a", "io-manager": "io-manager"}.items()
    },
    network="kws01",
    firmware="energy",
    seed=0,
)


def nothing_may_be_opened(port: str, baud: int) -> CableLink:
    raise AssertionError(f"{port} was to be opened")


@pytest.fixture
def desk():
    """A bench of real ports on virtual time, and the links that its ports would lead to."""
    twin = build_twin_bench(TWINS)
    bench = dataclasses.replace(build_bench(SPEC), clock=twin.clock)
    return bench, lambda name: lambda port, baud: CableLink(port, twin.clock, twin.ports()[name])


def test_an_io_manager_that_answers_on_the_monitors_port(desk):
    bench, behind = desk
    said = advised(FAILED, bench, Heard(bench), behind("io-manager"))
    assert said.startswith(FAILED)
    assert "monitor.port and io_manager.port seem to be swapped" in said
    assert "/dev/ttyACM0" in said


def test_the_ports_are_asked_at_the_io_managers_speed(desk):
    bench, behind = desk
    asked = []

    def connect(port: str, baud: int) -> CableLink:
        asked.append((port, baud))
        return behind("io-manager")(port, baud)

    advised(FAILED, bench, Heard(bench), connect)
    assert asked == [("/dev/ttyACM0", 115200)]


def test_a_silent_monitor_is_not_called_swapped(desk):
    bench, behind = desk
    assert advised(FAILED, bench, Heard(bench), behind("monitor")) == FAILED


def test_a_port_that_cannot_be_opened_again_adds_nothing(desk):
    bench, _ = desk

    class Gone(CableLink):
        def open(self, deadline):
            raise Unavailable("open it", "no such port")

    twin = build_twin_bench(TWINS)
    link = Gone("gone", twin.clock, twin.ports()["io-manager"])
    assert advised(FAILED, bench, Heard(bench), lambda port, baud: link) == FAILED


@pytest.mark.parametrize(
    ("bytes_", "swapped"), [(b"[dut]: m-ready\r\n", True), (b"ack htc\r\n", False), (b"\x00\xff" * 9000, False)]
)
def test_what_the_monitor_said_is_enough_and_it_is_not_asked_again(desk, bytes_, swapped):
    bench, _ = desk
    heard = Heard(bench)
    heard.bytes_passed("monitor", "rx", bytes_)
    heard.bytes_passed("io-manager", "rx", b"m-name-io")
    heard.bytes_passed("monitor", "tx", b"m-name-io")

    assert ("swapped" in advised(FAILED, bench, heard, nothing_may_be_opened)) is swapped


def test_twins_are_never_swapped():
    bench = build_bench(load_bench_spec("virtual-lpm01a"))
    assert bench.twin is not None
    assert advised(FAILED, bench, Heard(bench), nothing_may_be_opened) == FAILED


def test_without_an_io_manager_there_is_nothing_to_swap(tmp_path: Path):
    spec = BenchSpec.model_validate({"name": "b", "dut": {"port": "/dev/x"}})
    bench: Bench = build_bench(spec, "performance")
    assert advised(FAILED, bench, Heard(bench), nothing_may_be_opened) == FAILED


LAN = BenchSpec.model_validate(
    {
        "name": "lan",
        "monitor": {"driver": "n6705", "port": "USB0::0x0957::0x0f07::MY1::INSTR", "voltage_v": 3.0},
        "io_manager": {"port": "/dev/ttyACM1"},
    }
)


def test_a_missing_permission_is_told_for_the_port_of_the_bench_file(monkeypatch) -> None:
    monkeypatch.setattr(advice, "missing_permission", lambda port: f"you may not open {port}")
    assert permission_advice(build_bench(LAN), "monitor") == "you may not open USB0::0x0957::0x0f07::MY1::INSTR"
    assert permission_advice(build_bench(load_bench_spec("virtual-n6705c")), "monitor") == ""


def test_what_is_there_names_ports_resources_and_the_udev_rules(monkeypatch) -> None:
    port = SerialPortInfo("/dev/ttyACM7", "0483:5740", "PowerShield", "1")
    found = Search((FoundResource("TCPIP::10.0.0.2::5025::SOCKET", "Keysight N6705C"),), ("GPIB: no library",))
    closed = UsbInstrument("0957:0f07", "N6705C", "MY1", Path("/dev/bus/usb/001/002"))
    monkeypatch.setattr(advice, "list_serial_ports", lambda: [port])
    monkeypatch.setattr(advice, "search_resources", lambda: found)
    monkeypatch.setattr(advice, "closed_instruments", lambda: [closed])
    bench = build_bench(LAN)
    assert what_is_there(bench, ["io-manager"]) == "serial ports: /dev/ttyACM7 PowerShield"
    said = what_is_there(bench, ["monitor"])
    assert "TCPIP::10.0.0.2::5025::SOCKET Keysight N6705C" in said
    assert "not looked for: GPIB: no library" in said
    assert "72-energy-runner.rules" in said
    assert "serial ports" not in said

# SPDX-License-Identifier: Apache-2.0
"""`bench doctor` and `bench off` as a newcomer meets them."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from energy_runner.api import hands_on
from energy_runner.bench import Bench, build_bench
from energy_runner.director.stop import StopRequest
from instruments.world.faults import Faults


@pytest.mark.parametrize("name", ["virtual-lpm01a", "virtual-n6705c", "virtual-ideal"])
def test_the_doctor_finds_a_built_in_bench_well(name, call):
    status, out, err = call("bench", "doctor", name)
    assert (status, err) == (0, "")
    assert out.endswith("All is well.\n")
    assert out.count("ok  ") == len(out.splitlines()) - 1 == 11
    assert "by the power monitor and the IO manager" in out


@pytest.fixture
def faulty(monkeypatch) -> Callable[[Callable[[Faults], None]], list[Bench]]:
    """Set faults in the world of the bench that the doctor opens; the list holds that bench afterwards."""

    def set_faults(fault: Callable[[Faults], None]) -> list[Bench]:
        opened: list[Bench] = []

        def build_faulty(*given: Any, **named: Any) -> Bench:
            bench = build_bench(*given, **named)
            assert bench.twin is not None
            fault(bench.twin.world.faults)
            opened.append(bench)
            return bench

        monkeypatch.setattr(hands_on, "build_bench", build_faulty)
        return opened

    return set_faults


@pytest.mark.parametrize(
    ("bench", "fault", "line"),
    [
        ("virtual-lpm01a", lambda f: f.silent.add("dut"), "DUT boots: .* it said nothing"),
        ("virtual-lpm01a", lambda f: f.unplugged.add("io-manager"), "IO manager answers: .* no such port"),
        ("virtual-lpm01a", lambda f: f.refuse.add("volt"), "power monitor takes its settings: .*volt"),
        ("virtual-lpm01a", lambda f: f.lost_edges.add(1), "timestamp pin is seen: the power monitor did not see"),
        ("virtual-n6705c", lambda f: f.lost_edges.add(1), "timestamp pin is seen: .* and the IO manager did not"),
        (
            "virtual-lpm01a",
            lambda f: f.extra_edge_after.update({1: 5_000_000}),
            "timestamp pin is seen: .* 2 edges",
        ),
    ],
)
def test_the_doctor_names_what_is_wrong_and_switches_off(bench, fault, line, faulty, call):
    opened = faulty(fault)
    status, out, err = call("bench", "doctor", bench)
    assert (status, err) == (3, "")
    [failed] = [shown for shown in out.splitlines() if shown.startswith("FAIL")]
    assert re.match(f"FAIL  {line}", failed)
    assert "ok    supply is off" in out
    twin = opened[0].twin
    assert twin is not None
    assert not twin.world.powered
    assert not any(port.is_open for port in twin.ports().values())


def test_a_relay_that_is_stuck_is_not_called_off(faulty, call):
    faulty(lambda faults: setattr(faults, "power_stays_on", True))
    status, out, _ = call("bench", "doctor", "virtual-n6705c")
    assert status == 3
    assert "FAIL  supply is off" in out


@pytest.mark.parametrize("looks", [0, 1, 3, 8, 15, 22])
def test_ctrl_c_stops_the_doctor_with_the_supply_off(looks, faulty, call, monkeypatch):
    class Impatient(StopRequest):
        left = looks

        def check(self) -> None:
            self.left -= 1
            if self.left < 0:
                self.ask("stopped by Ctrl-C (SIGINT)")
            super().check()

    monkeypatch.setattr(hands_on, "StopRequest", Impatient)
    opened = faulty(lambda faults: None)
    status, out, err = call("bench", "doctor", "virtual-lpm01a")
    assert (status, err) == (4, "energy-runner: stopped by Ctrl-C (SIGINT)\n")
    assert "supply is off" in out
    twin = opened[0].twin
    assert twin is not None
    assert not twin.world.powered
    assert not any(port.is_open for port in twin.ports().values())


def test_the_doctor_of_a_bench_without_a_monitor(call, tmp_path):
    (tmp_path / "b.toml").write_text('name = "b"\n[dut]\nport = "virtual"\n', "utf-8")
    # There is no supply to switch: the virtual DUT of such a bench is powered already, as a real one must be.
    status, out, _ = call("bench", "doctor", "b.toml")
    assert status == 0
    assert "ok    DUT says who it is" in out
    assert "supply" not in out


def test_off(call):
    status, out, err = call("bench", "off", "virtual-lpm01a")
    assert (status, err) == (0, "")
    assert out.startswith("The supply is off (confirmed by ")

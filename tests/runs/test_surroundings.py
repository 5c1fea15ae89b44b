# SPDX-License-Identifier: Apache-2.0
"""A run on a bench with a thermometer and a switch for a debug probe."""

from pathlib import Path

import pytest

import energy_runner as er
from energy_runner.bench import build_bench, load_bench_spec
from energy_runner.session import events as ev
from instruments.errors import Refused

BENCH = """
name = "lab"
[instruments.room]
driver = "ideal"
port = "virtual"
[monitor]
driver = "lpm01a"
port = "virtual"
voltage_v = 3.0
[io_manager]
port = "virtual"
[roles]
thermometer = "room"
switch = "room"
"""


@pytest.fixture
def bench(tmp_path: Path):
    (tmp_path / "lab.toml").write_text(BENCH, "utf-8")
    return build_bench(load_bench_spec(str(tmp_path / "lab.toml")), "energy", benchmark="demo-keywords")


def test_the_probe_is_off_while_the_dut_is_measured_and_on_again_afterwards(bench, tmp_path: Path) -> None:
    assert bench.twin is not None
    bench.twin.world.temperature_c = 24.5
    session = er.run(bench, er.plan("demo-keywords", inferences=250), out=tmp_path / "s")
    assert session.record.outcome == "completed", session.record.reason
    events = list(session.journal())
    kinds = [event.kind for event in events]
    temperatures = [event.temperature_c for event in events if isinstance(event, ev.TemperatureMeasured)]
    assert temperatures == [24.5, 24.5]  # before the DUT is powered, and after its last window
    turned = [event.on for event in events if isinstance(event, ev.SwitchTurned)]
    assert turned == [False]
    assert kinds.index("switch-turned") < kinds.index("acquisition-started")
    assert "turn the switch on again" in [event.name for event in events if isinstance(event, ev.TearDownStep)]
    assert bench.switch is not None
    assert bench.switch.is_on(bench.clock.deadline(1.0))


def test_a_switch_that_cannot_be_turned_ends_the_run_with_the_supply_off(
    bench, tmp_path: Path, monkeypatch
) -> None:
    def refuse(on: bool, deadline: object) -> None:
        raise Refused("turn the probe's port off", "the hub says no")

    monkeypatch.setattr(bench.switch, "turn", refuse)
    session = er.run(bench, er.plan("demo-keywords", inferences=250), out=tmp_path / "s")
    assert session.record.outcome == "bench-fault"
    assert "the hub says no" in session.record.reason
    assert session.record.supply_off_confirmed

# SPDX-License-Identifier: Apache-2.0
"""An instrument whose cable is out for a while: the supply ends off, or it is said loudly that it may be on.

Time is virtual. The cable is pulled at the end of a run, an examination or a sampled load, while the supply is on.
"""

import threading
from pathlib import Path
from typing import Any

import pytest

from energy_runner import api
from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.director.doctor import examine
from energy_runner.director.examination import SUPPLY_ANSWERS, SUPPLY_IS_OFF, Examined
from energy_runner.director.load_job import sample_load
from energy_runner.director.make_safe import make_safe
from energy_runner.director.recorder import Recorder
from energy_runner.director.stop import StopRequest
from energy_runner.director.supply_off import MAY_BE_ON, OFF_S
from energy_runner.errors import BenchFault, ExitStatus, Interrupted
from energy_runner.session.events import Remark
from instruments.errors import InstrumentError, Unavailable
from tests.support.small import small_plan, twin_bench

NGU = str(Path(__file__).parents[1] / "support" / "monitor_benches" / "virtual-ngu.toml")
BENCHES = ("virtual-lpm01a", "virtual-n6705c", NGU)
AWAY_S = (0.3, 3.0, 25.0)
NS = 1_000_000_000


def world(bench: Bench) -> Any:
    assert bench.twin is not None
    return bench.twin.world


def supply_name(bench: Bench) -> str:
    assert bench.players.supply is not None
    return bench.players.supply.instrument


def pull(bench: Bench, away_s: float) -> None:
    """Pull the cable of the instrument that feeds, for `away_s` seconds from now on."""
    now_ns = world(bench).clock.now_ns()
    world(bench).faults.unplug_between_ns[supply_name(bench)] = (now_ns, now_ns + round(away_s * NS))


def pulled_when_asked_to_go_off(bench: Bench, away_s: float) -> Bench:
    assert bench.supply is not None
    off, first = bench.supply.off, [True]

    def off_without_cable(deadline: Any) -> None:
        if first.pop() if first else False:
            assert world(bench).powered
            pull(bench, away_s)
        off(deadline)

    bench.supply.off = off_without_cable  # type: ignore[method-assign]
    return bench


@pytest.mark.parametrize("away_s", AWAY_S)
@pytest.mark.parametrize("name", BENCHES)
def test_a_run_switches_off_when_the_instrument_is_back(name: str, away_s: float, tmp_path: Path) -> None:
    bench = pulled_when_asked_to_go_off(twin_bench(name), away_s)
    session = api.run(bench, small_plan(tmp_path / "stimuli"), out=tmp_path / "s")
    assert not world(bench).powered
    assert session.record.supply_off_confirmed is True
    assert session.record.outcome == "completed"
    said = [remark.text for remark in session.journal().of(Remark) if remark.box == "supply"]
    assert said, "nothing was said about it"
    assert all("trying again" in text and " s left" in text for text in said)
    assert "30 s left" in said[0]


@pytest.mark.parametrize("name", BENCHES)
def test_a_run_says_loudly_that_an_instrument_did_not_come_back(name: str, tmp_path: Path) -> None:
    bench = pulled_when_asked_to_go_off(twin_bench(name), 1e6)
    session = api.run(bench, small_plan(tmp_path / "stimuli"), out=tmp_path / "s")
    assert world(bench).powered
    assert session.record.supply_off_confirmed is False
    assert MAY_BE_ON in session.record.reason
    assert api.exit_status(session) is ExitStatus.BENCH_FAULT
    said = [remark for remark in session.journal().of(Remark) if remark.box == "supply"]
    assert (said[-1].t_ns - said[0].t_ns) / NS > OFF_S - 7, "it gave up early"


def test_an_interrupted_run_whose_supply_is_not_confirmed_has_status_3(tmp_path: Path, monkeypatch: Any) -> None:
    bench = pulled_when_asked_to_go_off(twin_bench(BENCHES[0]), 1e6)
    plan = small_plan(tmp_path / "stimuli")

    class StopWhenOn(StopRequest):
        def check(self) -> None:
            if world(bench).powered:
                self.ask("stopped by Ctrl-C (SIGINT)")
            super().check()

    monkeypatch.setattr("energy_runner.director.handle.StopRequest", StopWhenOn)
    session = api.run(bench, plan, out=tmp_path / "s")
    assert session.record.outcome == "interrupted"
    assert MAY_BE_ON in session.record.reason
    assert api.exit_status(session) is ExitStatus.BENCH_FAULT


@pytest.mark.parametrize("away_s", AWAY_S)
@pytest.mark.parametrize("name", BENCHES)
def test_an_examination_switches_off_when_the_instrument_is_back(name: str, away_s: float) -> None:
    bench = pulled_when_asked_to_go_off(twin_bench(name), away_s)
    steps = examine(bench, StopRequest()).steps
    assert not world(bench).powered
    assert steps[-1].step == SUPPLY_IS_OFF
    assert steps[-1].ok
    failed = [step for step in steps if not step.ok]
    assert failed
    assert {step.step for step in failed} == {SUPPLY_ANSWERS}


def test_an_interrupted_examination_is_a_fault_unless_the_supply_is_confirmed_off() -> None:
    for away_s, error, match in ((3.0, Interrupted, "Ctrl-C"), (1e6, BenchFault, MAY_BE_ON)):
        bench, stop = pulled_when_asked_to_go_off(twin_bench(BENCHES[0]), away_s), StopRequest()

        def stop_when_booted(step: Examined, stop: StopRequest = stop) -> None:
            if step.step == "DUT boots":
                stop.ask("stopped by Ctrl-C (SIGINT)")

        with pytest.raises(error, match=match):
            examine(bench, stop, stop_when_booted)
        assert world(bench).powered == (error is BenchFault)


@pytest.mark.parametrize("reachable", [True, False])
def test_an_examination_that_is_stopped_before_it_reaches_the_supply_switches_it_off(reachable: bool) -> None:
    bench, stop = twin_bench(BENCHES[0]), StopRequest()
    world(bench).faults.stale_stream = True
    if not reachable:
        pull(bench, 1e6)
    stop.ask("stopped by Ctrl-C (SIGINT)")
    with pytest.raises(
        Interrupted if reachable else BenchFault, match="Ctrl-C" if reachable else "its state is unknown"
    ):
        examine(bench, stop)
    assert bench.off_confirmed is reachable
    assert not any(port.is_open for port in bench.twin.ports().values())


@pytest.mark.parametrize("reachable", [True, False])
def test_a_run_that_is_stopped_before_it_reaches_the_supply_switches_it_off(
    reachable: bool, tmp_path: Path, monkeypatch: Any
) -> None:
    bench = twin_bench(BENCHES[0])
    world(bench).faults.stale_stream = True
    if not reachable:
        pull(bench, 1e6)
    stop = StopRequest()
    stop.ask("stopped by SIGHUP")
    monkeypatch.setattr("energy_runner.director.handle.StopRequest", lambda: stop)
    session = api.run(bench, small_plan(tmp_path / "stimuli"), out=tmp_path / "s")
    assert session.record.supply_off_confirmed is reachable
    assert api.exit_status(session) is (ExitStatus.INTERRUPTED if reachable else ExitStatus.BENCH_FAULT)
    assert not world(bench).powered


@pytest.mark.parametrize("away_s", [0.0, *AWAY_S])
@pytest.mark.parametrize("name", BENCHES)
def test_bench_off_waits_for_an_instrument_that_is_away_at_its_start(name: str, away_s: float) -> None:
    bench = twin_bench(name)
    world(bench).faults.stale_stream = True
    if away_s:
        pull(bench, away_s)
    said: list[str] = []
    assert make_safe(bench, said.append, "session X").virtual
    assert not world(bench).powered
    assert said[0] == "An earlier run had died: session X"
    assert bool(said[1:]) == bool(away_s)
    assert not any(port.is_open for port in bench.twin.ports().values())


@pytest.mark.parametrize("name", BENCHES)
def test_bench_off_tries_for_half_a_minute(name: str) -> None:
    bench = twin_bench(name)
    pull(bench, 1e6)
    began_ns = world(bench).clock.now_ns()
    with pytest.raises(InstrumentError):
        make_safe(bench)
    assert OFF_S - 2 < (world(bench).clock.now_ns() - began_ns) / NS < OFF_S + 2


@pytest.mark.parametrize("away_s", [0.0, 3.0])
@pytest.mark.parametrize("name", BENCHES)
def test_a_port_that_does_not_let_itself_be_closed_says_nothing_about_the_supply(name: str, away_s: float) -> None:
    bench = twin_bench(name)
    world(bench).faults.stale_stream = True
    if away_s:
        pull(bench, away_s)
    instrument, before = bench.instruments[supply_name(bench)], set(threading.enumerate())
    close = instrument.close

    def refuse() -> None:
        close()
        raise Unavailable("close the port", "the device is gone (injected)")

    instrument.close = refuse  # type: ignore[method-assign]
    said: list[str] = []
    assert make_safe(bench, said.append).virtual
    assert not world(bench).powered
    assert "did not let itself be closed" in said[-1]
    assert set(threading.enumerate()) == before


def test_a_listener_that_raises_or_waits_does_not_keep_the_supply_on() -> None:
    bench = twin_bench(BENCHES[0])
    world(bench).faults.stale_stream = True
    pull(bench, 3.0)

    def broken(text: str) -> None:
        raise BrokenPipeError(text)

    make_safe(bench, broken, "session X")
    assert not world(bench).powered


@pytest.mark.parametrize("away_s", AWAY_S)
def test_a_sampled_load_switches_off_when_the_instrument_is_back(away_s: float, tmp_path: Path) -> None:
    spec = load_bench_spec("virtual-lpm01a", {"virtual.load_ohm": 150.0})
    bench = pulled_when_asked_to_go_off(build_bench(spec, "energy"), away_s)
    said: list[Examined] = []
    sample_load(bench, StopRequest(), Recorder(tmp_path, bench.clock), 1.0, said.append, died="session X")
    assert not world(bench).powered
    assert (said[0].says, said[-1]) == ("session X", Examined(SUPPLY_IS_OFF, True, "confirmed by monitor"))
    assert any(step.step == SUPPLY_ANSWERS and not step.ok for step in said)


def test_a_sampled_load_that_is_stopped_is_a_fault_unless_the_supply_is_confirmed_off(tmp_path: Path) -> None:
    spec = load_bench_spec("virtual-lpm01a", {"virtual.load_ohm": 150.0})
    for reached in (False, True):
        bench, stop, folder = build_bench(spec, "energy"), StopRequest(), tmp_path / str(reached)
        folder.mkdir()
        if not reached:
            pull(bench, 1e6)
            stop.ask("stopped by SIGHUP")

        def heard(step: Examined, stop: StopRequest = stop) -> None:
            stop.ask("stopped by SIGHUP")

        with pytest.raises(Interrupted if reached else BenchFault, match="stopped by SIGHUP"):
            sample_load(bench, stop, Recorder(folder, bench.clock), 1.0, heard)
        assert bench.off_confirmed is reached
        assert not world(bench).powered

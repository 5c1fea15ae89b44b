# SPDX-License-Identifier: Apache-2.0
"""A mainframe whose outputs go off when it hears nothing for a minute: every job lets it hear something."""

from pathlib import Path

import pytest

from energy_runner import api
from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.director.alive import KeepAlive
from energy_runner.director.load_job import sample_load
from energy_runner.director.recorder import Recorder
from energy_runner.director.stop import StopRequest
from instruments.devices.n6705.dialect import WATCHDOG_S
from tests.support.small import small_plan, twin_bench


def watched(bench: Bench) -> Bench:
    assert bench.twin is not None
    bench.twin.twins["monitor"].model = "N6702C"
    return bench


def long_run(tmp_path: Path) -> tuple[Bench, str, float]:
    """Measure performance, during which the monitor has nothing to do, for longer than the watchdog waits."""
    bench = watched(twin_bench("virtual-n6705c", "performance"))
    plan = small_plan(tmp_path / "stimuli", "performance", inferences=3000)
    session = api.run(bench, plan, out=tmp_path / "s")
    return bench, session.record.outcome, bench.clock.now_ns() / 1e9


def test_a_long_run_without_samples_keeps_its_supply(tmp_path: Path) -> None:
    bench, outcome, took_s = long_run(tmp_path)
    assert took_s > 2 * WATCHDOG_S
    assert outcome == "completed"
    assert not bench.twin.world.powered


def test_without_a_word_the_supply_goes_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KeepAlive, "__call__", lambda self: None)
    _, outcome, _ = long_run(tmp_path)
    assert outcome == "bench-fault"


def test_a_load_is_sampled_for_longer_than_the_watchdog_waits(tmp_path: Path) -> None:
    spec = load_bench_spec("virtual-n6705c", {"virtual.load_ohm": 150.0})
    bench = watched(build_bench(spec, "energy"))
    assert sample_load(bench, StopRequest(), Recorder(tmp_path, bench.clock), 1.5 * WATCHDOG_S).virtual
    assert bench.off_confirmed

# SPDX-License-Identifier: Apache-2.0
"""`bench watch`, `trust` and `chart` from end to end, with short runs of a virtual bench."""

import json
from pathlib import Path
from typing import Any

import pytest

import energy_runner as er
from energy_runner.api import bench_trust, runs
from energy_runner.cli.app import app
from energy_runner.cli.outcome import run_app
from energy_runner.errors import BenchFault, ConfigurationError
from energy_runner.session.folder import Session
from instruments.clock import VirtualClock
from tests.support.small import small_plan

BENCH = "virtual-lpm01a"


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Runs of a second instead of a minute of virtual time, in a folder of their own."""

    def measure(benchmark: str, bench: str, *, changes: Any, stimuli: Any, seed: int, **more: Any) -> Session:
        more.pop("listeners")
        plan = small_plan(tmp_path / "stimuli", seed=seed)
        return runs.run(er.load_bench(bench, changes=changes), plan, **more)

    monkeypatch.setattr(bench_trust, "measure", measure)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_watch_measures_says_the_state_and_keeps_the_time_between(short: Path) -> None:
    clock = VirtualClock()
    seen: list[tuple[int, str]] = []
    watch = er.watch_bench(
        BENCH,
        count=3,
        every_h=2,
        clock=clock,
        measured=lambda session, watch: seen.append((clock.now_ns(), watch.trust.state)),
    )
    assert [at for at, _ in seen] == [hours * 3600 * 10**9 for hours in (0, 2, 4)]
    points = watch.trust.series[0].points
    assert len(points) == 3
    assert len({point.value_j for point in points}) == 3  # other noise each time
    assert max(point.value_j for point in points) < 1.01 * min(point.value_j for point in points)
    assert all(0 < point.u_independent_j < 0.2 * point.u_j for point in points)
    assert (watch.trust.state, watch.problems) == ("not watched", ())
    sessions = sorted((short / "sweeps" / "watch").iterdir())
    facts = Session.open(sessions[0]).record.sweep
    assert facts is not None
    assert (facts.sweep, facts.kind, facts.bench, facts.bench_trust) == (
        "watch",
        "reference",
        BENCH,
        "not watched",
    )
    assert not (sessions[0] / "report.html").exists()


def test_commands_say_state_decision_and_chart(short: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_app(app, ["bench", "watch", BENCH, "--count", "1"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("VIRTUAL (simulated, not measured): ")
    assert "is not watched: too few: 1 night of 8" in told
    assert run_app(app, ["bench", "trust", BENCH, "--reason", "a new board", "--new-baseline", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["state"], document["decisions"][0]["reason"]) == ("not watched", "a new board")
    (short / "sweeps" / "bench-trust-x.json").write_text("{", "utf-8")
    assert run_app(app, ["bench", "chart", BENCH, "--out", "c.svg"]) == 0
    out, err = capsys.readouterr()
    assert "Chart:  c.svg" in out
    assert "bench-trust-x.json: is no decision" in err
    assert (short / "c.svg").read_bytes().startswith(b"<?xml")
    assert run_app(app, ["bench", "watch", BENCH, "--count", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "energy-runner/bench-trust-state/1"


def test_what_cannot_be_is_refused_before_anything_is_measured(short: Path) -> None:
    for wrong in ({"count": 0}, {"every_h": -1.0}, {"every_h": float("nan")}, {"out": short / "elsewhere" / "x"}):
        with pytest.raises(ConfigurationError):
            er.watch_bench(BENCH, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="no reference points of bench 'desk'"):
        er.trust_bench("desk", "x")
    with pytest.raises(ConfigurationError, match="nothing to draw"):
        er.chart_bench(BENCH, short / "c.svg")
    assert not (short / "sweeps").exists()


def test_a_bench_fault_ends_the_watch(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bench_trust.measure

    def broken(*given: Any, **more: Any) -> Session:
        session = whole(*given, **more)
        record = session.record.model_copy(update={"outcome": "bench-fault", "reason": "no answer"})
        return Session(session.path, record)

    monkeypatch.setattr(bench_trust, "measure", broken)
    with pytest.raises(BenchFault, match="no answer"):
        er.watch_bench(BENCH, count=5)
    assert len(list((short / "sweeps" / "watch").iterdir())) == 1

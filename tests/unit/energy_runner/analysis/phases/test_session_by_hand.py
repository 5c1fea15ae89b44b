# SPDX-License-Identifier: Apache-2.0
"""Which window's levels are estimated, what short phases among instants are, and sessions without a unit."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.phases import session as phases
from energy_runner.analysis.phases.measure import PhaseResult, PhaseTime, Span
from energy_runner.analysis.phases.session import phases_by_pins, phases_estimated
from energy_runner.errors import ConfigurationError
from energy_runner.rules import evaluate
from energy_runner.session import events as ev
from energy_runner.session.folder import Session, write_result
from tests.support.synthetic import make_run

PINS = {"a": [(7.0, True), (7.5, False)]}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    written = make_run(windows=2).write(tmp_path_factory.mktemp("run") / "s")
    write_result(written.path, evaluate(written))
    return written


@pytest.mark.parametrize(("window", "index"), [(None, 0), (1, 0), (2, 1)])
def test_the_window_asked_for_is_estimated(window: int | None, index: int, session: Session) -> None:
    result = phases_estimated(session, window)
    placed = session.result().windows[index]
    assert result.estimated
    assert result.phases[0].start_s == pytest.approx(placed.start_s, rel=1e-9)
    last = result.phases[-1]
    assert last.start_s + last.duration_s == pytest.approx(placed.stop_s, rel=1e-9)


@pytest.mark.parametrize(("window", "index"), [(None, 0), (1, 0), (2, 1)])
def test_inferences_are_looked_for_in_the_window_asked_for(
    window: int | None, index: int, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def segmented(_: Session, number: int) -> SimpleNamespace:
        asked.append(number)
        return SimpleNamespace(windows=[SimpleNamespace(resolved=False)])

    monkeypatch.setattr(phases, "segment_session", segmented)
    phases_estimated(session, window)
    assert asked == [index]


def test_levels_of_the_typical_inference_are_measured_in_each_one(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_s = session.result().windows[0].start_s
    assert begin_s is not None
    typical = [SimpleNamespace(start_s=at, duration_s=lasts) for at, lasts in ((0.0, 0.02), (0.02, 0.08))]
    bounds_s = [begin_s, begin_s + 0.1, begin_s + 0.2, begin_s + 0.3]
    window = SimpleNamespace(resolved=True, estimated_phases=typical, boundaries_s=bounds_s)
    monkeypatch.setattr(phases, "segment_session", lambda *_: SimpleNamespace(windows=[window]))
    result = phases_estimated(session)
    assert result.estimated
    assert [phase.name for phase in result.phases] == ["level 1"] * 3 + ["level 2"] * 3
    assert [phase.duration_s for phase in result.phases] == pytest.approx([0.02] * 3 + [0.08] * 3, rel=1e-6)


@pytest.mark.parametrize("window", [-1, 0, 3])
def test_a_window_that_is_not_in_the_trace_is_refused(window: int, session: Session) -> None:
    with pytest.raises(ConfigurationError, match=f"has windows 1 to 2 in its trace, not {window}"):
        phases_estimated(session, window)


def test_a_session_without_a_trace_or_its_unit_is_refused(tmp_path: Path) -> None:
    bare = make_run(mode="performance").write(tmp_path / "bare")
    with pytest.raises(ConfigurationError, match="holds no power trace"):
        phases_by_pins(bare, PINS)
    unnamed = make_run(windows=1).drop(ev.MonitorConfigured, [0]).write(tmp_path / "unnamed")
    with pytest.raises(ConfigurationError, match="no power monitor was configured"):
        phases_by_pins(unnamed, PINS)


def test_levels_are_stretched_between_the_boundaries_of_each_inference(monkeypatch: pytest.MonkeyPatch) -> None:
    typical = [SimpleNamespace(start_s=at, duration_s=lasts) for at, lasts in ((0.0, 0.2), (0.2, 0.3), (0.5, 0.5))]
    window: Any = SimpleNamespace(estimated_phases=typical, boundaries_s=[1.0, 2.0, 4.0, 5.0])
    found = phases._in_each(window, 0.5)
    assert found == {
        "level 1": [Span(2.0, 2.4), Span(4.0, 4.8), Span(8.0, 8.4)],
        "level 2": [Span(2.4, 3.0), Span(4.8, 6.0), Span(8.4, 9.0)],
        "level 3": [Span(3.0, 4.0), Span(6.0, 8.0), Span(9.0, 10.0)],
    }
    monkeypatch.setattr(phases, "MOST_SPANS", 6)
    assert phases._in_each(window, 0.5) == {name: spans[:2] for name, spans in found.items()}


@pytest.mark.parametrize(
    ("kinds", "samples", "short"),
    [
        (["instant"], [9.5, 10.0, 10.5, 3.0], 2),
        (["mean", "instant"], [9.5], 1),
        (["mean", "mean"], [9.5], 0),
        (["instant"], [10.0], 0),
        ([], [9.5], 0),
    ],
)
def test_phases_of_less_than_ten_instants_are_counted(kinds: list[str], samples: list[float], short: int) -> None:
    period_s = 0.25
    monitor = ev.MonitorConfigured(
        t_ns=0,
        voltage_set_v=3.0,
        period_s=period_s,
        signals=[{"name": f"signal {k}", "unit": "W", "kind": kind} for k, kind in enumerate(kinds)],
        captures_edges=False,
        starts_on_edge=False,
        accuracy={"document": "", "terms": []},
    )
    of_each = tuple(PhaseTime("a", k, 0.0, one * period_s, 1.0, 1.0) for k, one in enumerate(samples))
    found = phases._instants(Facts(monitor=monitor), PhaseResult(of_each, (), estimated=False), period_s)
    details = [finding.detail for finding in found.findings]
    assert len(details) == bool(short)
    assert all(detail.startswith(f"{short} phases are shorter than 10 samples") for detail in details)

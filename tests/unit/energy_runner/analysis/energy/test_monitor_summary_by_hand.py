# SPDX-License-Identifier: Apache-2.0
"""The allowance of each figure of a monitor's summary, and what a contradiction says, worked out by hand."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from energy_runner.analysis.energy.monitor_summary import (
    FLOAT32,
    _are_currents,
    _extreme,
    _in_unit,
    _in_words,
    _integral,
    _quantised,
    _Recorded,
    _Stated,
    check_summary,
)
from energy_runner.analysis.facts import Facts, gather
from energy_runner.analysis.uncertainty.inputs import Term
from energy_runner.session import events as ev
from energy_runner.session.result import SummaryCheck, SummedFigure
from tests.support.bent_runs import lose
from tests.support.synthetic import Run, Setup, host_ns, make_run

SMALL = Setup(period_s=0.01, windows=2, window_s=1.0)
PERIOD_S = 0.01


def facts(*quantisation: dict[str, Any], voltage_v: float = 2.0) -> Facts:
    """Return facts of a monitor with these terms of quantisation and one of another name."""
    terms = [{"name": "quantisation", **term} for term in quantisation]
    monitor = ev.MonitorConfigured(
        t_ns=0,
        voltage_set_v=voltage_v,
        period_s=PERIOD_S,
        signals=[],
        captures_edges=False,
        starts_on_edge=False,
        accuracy={"document": "d", "terms": [*terms, {"name": "gain", "relative": 0.5}]},
    )
    return gather([monitor])


def recorded(**more: float) -> _Recorded:
    """Return forty samples from 1 to 3 whose sum is 80."""
    given: dict[str, Any] = {
        "count": 40,
        "others": 0,
        "least": 1.0,
        "largest": 3.0,
        "total": 80.0,
        "magnitude": 80.0,
    }
    return _Recorded(**given | more)


def figure(**more: object) -> SummedFigure:
    given = {"name": "energy", "unit": "J", "monitor": 1.0, "recorded": 2.0, "agrees": False}
    return SummedFigure.model_validate(given | more)


# --- the number of samples ------------------------------------------------------------------------------


def counted(run: Run, more: int, folder: Path) -> tuple[int | None, bool | None]:
    """Return the allowance, and whether the count agrees if the monitor states so many more than are recorded."""
    run.insert(ev.MonitorSummary(t_ns=host_ns(1), samples=len(run.samples[0]) + more))
    session = run.write(folder / "s")
    check, _ = check_summary(session, gather(session.journal()))
    assert isinstance(check, SummaryCheck)
    (found,) = check.figures
    return (None if found.allowance is None else round(found.allowance)), found.agrees


@pytest.mark.parametrize(("more", "agrees"), [(-1, False), (0, True), (7, True), (8, False)])
def test_samples_lost_behind_the_last_one_may_count_or_not(more: int, agrees: bool, tmp_path: Path) -> None:
    run = make_run(SMALL)
    count = len(run.samples[0])
    run.insert(ev.SamplesLost(t_ns=host_ns(2), after=count, before=count + 7, missing=7, detail=""))
    assert counted(run, more, tmp_path) == (7, agrees)


@pytest.mark.parametrize(("more", "agrees"), [(-1, False), (0, True), (1, False)])
def test_samples_lost_before_the_last_one_have_been_counted(more: int, agrees: bool, tmp_path: Path) -> None:
    run = lose(1, 5)(make_run(SMALL))
    count = len(run.samples[0])
    run.insert(ev.SamplesLost(t_ns=host_ns(2), after=count - 3, before=count, missing=3, detail=""))
    assert counted(run, more, tmp_path) == (0, agrees)


def test_of_a_run_that_was_not_stopped_the_trace_is_counted(tmp_path: Path) -> None:
    run = make_run(SMALL).drop(ev.AcquisitionStopped, [0])
    assert counted(run, 0, tmp_path) == (0, True)


def test_the_signal_with_most_samples_missing_says_how_many_are_not_recorded(tmp_path: Path) -> None:
    run = make_run(SMALL, by_laps=True)
    run.samples[0][10:13] = np.nan
    run.samples[1][20:25] = np.nan
    run.insert(ev.MonitorSummary(t_ns=host_ns(1), samples=len(run.samples[0])))
    session = run.write(tmp_path / "s")
    check, _ = check_summary(session, gather(session.journal()))
    assert check is not None
    assert check.not_recorded == 5


# --- extremes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1.0, -1.0, 1000.0, -1000.0, 1e-6])
@pytest.mark.parametrize("name", ["least", "largest"])
def test_an_extreme_may_differ_by_its_step_and_the_digits_of_a_sample(name: str, size: float) -> None:
    step = 1e-3 * abs(size)
    allowance = step + FLOAT32 * abs(size)
    for share, agrees in ((0.999, True), (1.001, False), (-0.999, True), (-1.001, False)):
        ours = recorded(least=size, largest=size)
        found = _extreme(name, "J", size + share * allowance, step, ours)
        assert found.agrees is agrees
        assert found.allowance == pytest.approx(allowance, rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "currents"),
    [
        ({}, True),
        ({"unit": "A"}, False),
        ({"agrees": True}, False),
        ({"agrees": None}, False),
        ({"monitor": 110.0}, False),
        ({"monitor": None}, False),
        ({"recorded": None}, False),
    ],
)
def test_extremes_are_currents_if_both_are_off_by_the_voltage_times_the_period(
    changes: dict[str, object], currents: bool
) -> None:
    """2 V · 10 ms: a current of 50 A is 1 J in a sample, to 5 %."""
    pair = [figure(monitor=100.0, recorded=2.0), figure(monitor=50.0, recorded=1.0)]
    assert _are_currents(pair, PERIOD_S, facts())
    pair[0] = figure(**{"monitor": 104.0, "recorded": 2.0} | changes)
    assert _are_currents(pair, PERIOD_S, facts()) is currents
    assert not _are_currents(pair[1:], PERIOD_S, facts())


# --- integrals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signal", "term", "expected"),
    [
        ("energy", {}, 0.0),
        ("energy", {"relative": 1e-3}, 0.08),
        ("energy", {"absolute": 0.1, "unit": "J"}, 4.0),
        ("energy", {"absolute": 0.1, "unit": "W"}, 0.04),
        ("power", {"absolute": 0.1, "unit": "W"}, 4.0),
        ("current", {"absolute": 0.1, "unit": "A"}, 4.0),
        ("current", {"absolute": 0.1, "unit": "A", "relative": 1e-3}, 4.08),
        ("current", {"absolute": 0.1, "unit": "W"}, None),
        ("power", {"absolute": 0.1, "unit": "J"}, None),
        ("voltage", {"absolute": 0.1, "unit": "V"}, None),
    ],
)
def test_all_samples_may_be_rounded_alike(signal: str, term: dict[str, Any], expected: float | None) -> None:
    """Forty samples of 10 ms whose sizes come to 80."""
    found = _quantised(facts(term), signal, PERIOD_S, recorded())
    assert found == (expected if expected is None else pytest.approx(expected, rel=1e-12, abs=1e-15))


def test_a_limit_in_another_unit_is_turned_into_that_of_the_samples() -> None:
    assert _in_unit(Term(name="quantisation", absolute=3.0, unit="W"), "energy", 0.5) == 1.5


@pytest.mark.parametrize(("signal", "factor"), [("energy", 1.0), ("power", PERIOD_S), ("current", PERIOD_S)])
@pytest.mark.parametrize("size", [1.0, 1000.0, -1.0])
def test_an_integral_may_differ_by_its_step_the_digits_of_samples_and_their_quantisation(
    signal: str, factor: float, size: float
) -> None:
    ours = recorded(total=80.0 * size, magnitude=80.0 * abs(size))
    allowance = 1e-4 + (FLOAT32 * 80.0 * abs(size) + 1e-3 * 80.0 * abs(size)) * factor
    for share, agrees in ((0.999, True), (1.001, False), (-0.999, True), (-1.001, False)):
        stated = _Stated(80.0 * size * factor + share * allowance, 1e-4, signal)
        found = _integral(stated, PERIOD_S, facts({"relative": 1e-3}), ev.MonitorSummary(t_ns=0), ours)
        assert found["agrees"] is agrees
        assert found["recorded"] == pytest.approx(80.0 * size * factor, rel=1e-12)
        assert found["allowance"] == pytest.approx(allowance, rel=1e-9)
        assert found["note"] == ""


@pytest.mark.parametrize(("least", "largest"), [(1.0, 3.0), (-3.0, 2.0), (-3.0, -1.0)])
@pytest.mark.parametrize(("samples", "more"), [(None, 5), (48, 8), (40, 0), (30, 0)])
def test_each_sample_that_is_not_recorded_lies_between_the_extremes(
    samples: int | None, more: int, least: float, largest: float
) -> None:
    """Of power, in samples of 10 ms; the extremes by a step of 0.1 farther."""
    summary = ev.MonitorSummary(
        t_ns=0,
        samples=samples,
        signal="power",
        least=least,
        least_step=0.1,
        largest=largest,
        largest_step=0.1,
    )
    own = 1e-6 + FLOAT32 * 80.0 * PERIOD_S
    low, high = more * (least - 0.1) * PERIOD_S - own, more * (largest + 0.1) * PERIOD_S + own
    for off, agrees in ((low + 1e-9, True), (low - 1e-9, False), (high - 1e-9, True), (high + 1e-9, False)):
        found = _integral(_Stated(0.8 + off, 1e-6, "power"), PERIOD_S, facts(), summary, recorded(others=5))
        assert found["agrees"] is agrees
        assert found["note"] == f"{more} samples are not recorded, each between the least and the largest"
        farthest = more * max(abs(least - 0.1), abs(largest + 0.1)) * PERIOD_S
        assert found["allowance"] == pytest.approx(farthest + own, rel=1e-9)


@pytest.mark.parametrize("changes", [{"signal": "current"}, {"least": None}, {"largest": None}])
def test_without_both_extremes_of_that_signal_nothing_bounds_what_is_not_recorded(changes: dict[str, Any]) -> None:
    given: dict[str, Any] = {"signal": "power", "least": 1.0, "largest": 3.0} | changes
    summary = ev.MonitorSummary(t_ns=0, **given)
    found = _integral(_Stated(0.8, 0.0, "power"), PERIOD_S, facts(), summary, recorded(others=5))
    assert "agrees" not in found
    assert found["note"] == "5 samples are not recorded, and nothing bounds them"


# --- words ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"monitor": 1.23456789, "recorded": 1.5}, "energy is 1.234568 J by the monitor's summary, 1.5 J as"),
        (
            {"monitor": 1.23456789, "recorded": 1.234567891},
            "energy is 1.23456789 J by the monitor's summary, 1.234567891 J as",
        ),
        (
            {"monitor": 0.12345678901234, "recorded": 0.12345678999999},
            "energy is 0.123456789012 J by the monitor's summary, 0.12345679 J as",
        ),
        ({"monitor": None, "recorded": 1.23456789}, "energy is no number by the monitor's summary, 1.234568 J as"),
        ({"name": "least", "unit": "A"}, "the least sample is 1 A by the monitor's summary, 2 A as"),
        ({"name": "samples", "unit": "1"}, "number of samples is 1 by the monitor's summary, 2 as"),
    ],
)
def test_figures_are_told_in_as_many_digits_as_tell_them_apart(changes: dict[str, object], words: str) -> None:
    assert words in _in_words(figure(**changes))


def test_a_limit_that_is_no_number_is_none() -> None:
    found = _extreme("least", "J", math.nan, 0.0, recorded())
    assert (found.monitor, found.agrees) == (None, False)

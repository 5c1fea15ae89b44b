# SPDX-License-Identifier: Apache-2.0
"""Windows against the made-up truth: place, duration and energy; what is lost; the levels at the edges."""

from pathlib import Path

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.energy.source import energy_source
from energy_runner.analysis.energy.windows import MOST_MISSING, EnergyWindow, energy_windows
from energy_runner.analysis.facts import gather
from energy_runner.analysis.placing.alignment import align
from energy_runner.analysis.placing.edges import match_edges
from energy_runner.session import events as ev
from tests.support.bent_runs import lose
from tests.support.synthetic import ACTIVE_W, IDLE_W, Run, Setup, host_ns, make_run


def measured(run: Run, folder: Path) -> list[EnergyWindow]:
    session = run.write(folder)
    facts = gather(session.journal(exchanges=False))
    matching = match_edges(facts)
    alignment = align(facts, matching)
    with session.trace() as trace:
        source = energy_source(trace, 3.0)
        windows, _ = energy_windows(facts, session.record, matching, alignment, source)
    return windows


def test_each_window_is_where_and_what_it_was(tmp_path: Path) -> None:
    run = make_run(Setup(period_s=0.01))
    for window, truth in zip(measured(run, tmp_path / "s"), run.truth, strict=True):
        result = window.result
        assert (result.start_s, result.stop_s) == (pytest.approx(truth.start_s), pytest.approx(truth.stop_s))
        assert result.duration_s == pytest.approx(truth.stop_s - truth.start_s)
        assert result.energy_j == pytest.approx(truth.energy_j, rel=1e-5)
        assert result.mean_power_w == pytest.approx(truth.energy_j / (truth.stop_s - truth.start_s), rel=1e-5)


def test_the_levels_outside_are_those_before_the_start_and_after_the_stop(tmp_path: Path) -> None:
    run = make_run(Setup(period_s=0.01))
    for step, truth in enumerate(run.truth):  # the idle level before each start twice, thrice ...
        first = int(truth.start_s / 0.01)
        run.samples[0][first - 3 : first] = np.float32((2 + step) * IDLE_W * 0.01)
    for step, window in enumerate(measured(run, tmp_path / "s")):
        assert window.measured is not None
        assert window.measured.start.outside_w == pytest.approx((2 + step) * IDLE_W, rel=1e-5)
        assert window.measured.stop.outside_w == pytest.approx(IDLE_W, rel=1e-5)
        assert window.measured.stop.largest_w == pytest.approx(ACTIVE_W, rel=1e-5)


@pytest.mark.parametrize("reported", [True, False])
@pytest.mark.parametrize(("share", "withheld"), [(MOST_MISSING * 0.9, False), (MOST_MISSING * 1.1, True)])
def test_more_than_a_hundredth_missing_is_no_measurement_however_it_is_known(
    tmp_path: Path, share: float, withheld: bool, reported: bool
) -> None:
    run = make_run(Setup(period_s=0.01))
    count = int(share * 1030)
    if reported:  # of the samples that arrived one is missing, of those the monitor says more are
        lose(1, 1)(run)
        at = int((run.truth[1].start_s + 2) / 0.01)
        run.insert(ev.SamplesLost(t_ns=host_ns(at * 0.01), after=at, before=at + 1, missing=count - 1, detail=""))
    else:
        first = int((run.truth[1].start_s + 1) / 0.01)
        run.samples[0][first : first + count] = np.nan
    windows = measured(run, tmp_path / "s")
    assert [window.measured is None for window in windows] == [False, withheld, False, False, False]
    assert windows[1].result.samples_missing == count


def test_the_result_has_the_mean_power_between_the_windows(tmp_path: Path) -> None:
    run = make_run(Setup(period_s=0.01))
    between = analyze(run.write(tmp_path / "s")).between_windows_w
    assert len(between) == 4
    assert all(power_w is not None and IDLE_W <= power_w <= 3 * ACTIVE_W for power_w in between)

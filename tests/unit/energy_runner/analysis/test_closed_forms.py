# SPDX-License-Identifier: Apache-2.0
"""Whole sessions whose true energy is known, bent in ways that once gave a valid figure beside its interval."""

from pathlib import Path

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.session import events as ev
from energy_runner.session.result import Result
from tests.support.synthetic import Run, Setup, make_run

LOG_START = 0  # the lap of `timestamp`, with which the log begins


def measured(run: Run, folder: Path) -> Result:
    return analyze(run.write(folder))


def holds(result: Result, run: Run) -> bool:
    """Whether there is no score, or one whose interval holds the truth."""
    score = result.energy_per_inference_j
    truth_j = float(np.median([window.energy_j / window.inferences for window in run.truth]))
    return score is None or abs(score.median - truth_j) <= score.U


def found(result: Result) -> set[str]:
    return {finding.id for finding in result.findings}


@pytest.mark.parametrize("gone", ["start", "stop"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_one_missing_sample_that_holds_an_edge_is_one_missing_sample(
    gone: str, value: float, tmp_path: Path
) -> None:
    run = make_run(Setup(phase=0.5))
    place = run.truth[1].start_s if gone == "start" else run.truth[1].stop_s
    run.samples[0][int(place / run.setup.period_s)] = value
    result = measured(run, tmp_path / "s")
    assert result.windows[1].samples_missing == 1
    assert result.windows[1].uncertainty is not None
    assert holds(result, run)


@pytest.mark.parametrize("by_us", [-400_000, -90_000, 90_000, 400_000])
def test_a_wrong_lap_at_the_start_of_the_log_gives_no_score(by_us: int, tmp_path: Path) -> None:
    run = make_run(Setup(by_laps=True)).change(
        ev.LapCaptured, lambda n, e: e.model_copy(update={"lap_us": e.lap_us + by_us}) if n == LOG_START else e
    )
    result = measured(run, tmp_path / "s")
    assert result.energy_per_inference_j is None


@pytest.mark.parametrize("by_us", [-9_000, -15_000, 9_000, 15_000])
def test_a_lap_at_the_start_of_the_log_that_is_a_little_off_makes_all_windows_less_certain(
    by_us: int, tmp_path: Path
) -> None:
    steady = Setup(by_laps=True, late_s=lambda _: 0.002)
    plain = measured(make_run(steady), tmp_path / "plain")
    run = make_run(steady).change(
        ev.LapCaptured, lambda n, e: e.model_copy(update={"lap_us": e.lap_us + by_us}) if n == LOG_START else e
    )
    result = measured(run, tmp_path / "s")
    name = "start of the log: lap of its first edge"

    def share(one: Result) -> float:
        assert one.uncertainty is not None
        return next(row.relative for row in one.uncertainty.components if row.name == name)

    assert share(result) > 10 * share(plain)


def test_edges_that_are_all_early_count(tmp_path: Path) -> None:
    run = make_run()
    shift = -0.25 / run.setup.period_s
    run.change(ev.EdgeCaptured, lambda _, e: e.model_copy(update={"position": e.position + shift}))
    result = measured(run, tmp_path / "s")
    assert {"edges-late", "edges-disagree"} & found(result)
    assert holds(result, run)


def test_stop_edges_that_are_all_early_alike_are_found_by_the_laps(tmp_path: Path) -> None:
    run = make_run(laps=True)
    run.change(
        ev.EdgeCaptured,
        lambda n, e: e.model_copy(update={"position": e.position - 45}) if n and n % 2 == 0 else e,
    )
    result = measured(run, tmp_path / "s")
    assert result.energy_per_inference_j is None
    assert "edges-disagree" in found(result)


def test_samples_lost_once_unnoticed_are_no_clock(tmp_path: Path) -> None:
    """The second half of the run comes 0.15 s late: a step, and not a line."""
    run = make_run()
    last = len(run.samples[0])
    run.change(ev.SamplesArrived, lambda _, e: e.model_copy(update={"end": e.end - 150 * (e.end > last // 2)}))
    result = measured(run, tmp_path / "s")
    assert result.sample_clock is not None
    assert not result.sample_clock.corrected
    assert holds(result, run)


def test_a_signal_in_another_unit_is_refused(tmp_path: Path) -> None:
    run = make_run()
    run.signals = [("energy", "mJ")]
    result = measured(run, tmp_path / "s")
    assert result.energy_per_inference_j is None
    assert "no-trace" in found(result)


def test_instants_are_never_complete(tmp_path: Path) -> None:
    run = make_run()
    signals = [{"name": "energy", "unit": "J", "kind": "instant"}]
    run.change(ev.MonitorConfigured, lambda _, e: e.model_copy(update={"signals": signals}))
    score = measured(run, tmp_path / "s").energy_per_inference_j
    assert score is not None
    assert not score.complete
    assert any("in time with them" in doubt for doubt in score.incomplete)

# SPDX-License-Identifier: Apache-2.0
"""A monitor's clock that the run finds off is corrected where energy is computed with it, and counted."""

from pathlib import Path

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.alignment import lap_rate
from energy_runner.analysis.placing.clock import SAMPLE_CLOCK_LIMIT, Clock, clock_of
from energy_runner.session import events as ev
from energy_runner.session.result import Result, SampleClock
from tests.support.synthetic import ACCURACY, Run, Setup, make_run

CLOCK = {"name": "clock", "relative": 5e-5, "absolute": 0.0, "unit": "", "source": "page 3"}


def off_by(ratio: float, *, signal: str = "power", specified: bool = True, **changes: object) -> Run:
    """A run whose monitor takes its samples `ratio` times as far apart as it says."""
    run = make_run(Setup(**changes))  # type: ignore[arg-type]
    stated_s = run.setup.period_s / ratio
    run.setup.period_s = stated_s
    table = {**ACCURACY, "terms": [*ACCURACY["terms"], *([CLOCK] if specified else [])]}  # type: ignore[misc]
    signals = [{"name": "energy", "unit": "J"}] if signal == "energy" else [{"name": "power", "unit": "W"}]
    run.change(
        ev.MonitorConfigured,
        lambda _, e: e.model_copy(update={"period_s": stated_s, "signals": signals, "accuracy": table}),
    )
    if signal == "power":
        run.signals = [("power", "W")]
        run.samples = [run.samples[0] / (stated_s * ratio)]
    return run


def measured(run: Run, folder: Path) -> Result:
    return analyze(run.write(folder))


@pytest.mark.parametrize("ratio", [1.00154, 0.9985, 1.004])
def test_power_is_corrected_beyond_doubt_and_within_its_uncertainty(ratio: float, tmp_path: Path) -> None:
    run = off_by(ratio)
    truth_j = run.truth[0].energy_j / run.truth[0].inferences
    result = measured(run, tmp_path / "s")
    assert result.sample_clock is not None
    assert result.sample_clock.corrected
    assert result.sample_clock.ratio == pytest.approx(ratio, abs=2 * result.sample_clock.u)
    score = result.energy_per_inference_j
    assert score is not None
    assert score.median == pytest.approx(truth_j, rel=4 * result.sample_clock.u)
    assert abs(score.median / truth_j - 1) < abs(ratio - 1) / 5
    names = [row.name for row in result.uncertainty.components] if result.uncertainty else []
    assert "clock of the monitor, as corrected" in names
    assert "clock of the monitor" not in names
    window = result.windows[0]
    assert window.duration_s == pytest.approx(run.truth[0].stop_s - run.truth[0].start_s, rel=4e-4)
    # Places stay in the timebase of the monitor, in which the trace is drawn.
    assert window.start_s == pytest.approx(run.truth[0].start_s / ratio, rel=1e-4)
    assert "sample-clock-corrected" in {finding.id for finding in result.findings}


def test_samples_of_energy_keep_their_energy_and_get_their_duration(tmp_path: Path) -> None:
    run = off_by(1.002, signal="energy")
    truth = run.truth[0]
    result = measured(run, tmp_path / "s")
    assert result.windows[0].energy_j == pytest.approx(truth.energy_j, rel=1e-5)
    assert result.windows[0].duration_s == pytest.approx(truth.stop_s - truth.start_s, rel=4e-4)


def test_a_clock_that_is_off_counts_in_samples_of_energy(tmp_path: Path) -> None:
    """Whether the monitor computed them with its clock is not known, so what was found counts."""
    result = measured(off_by(1.003, signal="energy"), tmp_path / "s")
    assert result.uncertainty is not None
    shares = {row.name: row.relative for row in result.uncertainty.components}
    assert shares["clock of the monitor, as corrected"] > 0.003 / 2


@pytest.mark.parametrize("ratio", [1.0, 1.00004])
def test_a_clock_within_its_specification_is_left_alone(ratio: float, tmp_path: Path) -> None:
    result = measured(off_by(ratio), tmp_path / "s")
    assert result.sample_clock is not None
    assert not result.sample_clock.corrected
    assert "clock of the monitor" in [row.name for row in result.uncertainty.components]  # type: ignore[union-attr]


def test_a_clock_without_a_specification_is_corrected_all_the_same(tmp_path: Path) -> None:
    result = measured(off_by(1.003, specified=False), tmp_path / "s")
    assert result.sample_clock is not None
    assert result.sample_clock.corrected
    assert result.sample_clock.specified is None


def test_what_no_clock_can_be_is_not_corrected(tmp_path: Path) -> None:
    result = measured(off_by(1 + 4 * SAMPLE_CLOCK_LIMIT), tmp_path / "s")
    assert result.sample_clock is not None
    assert not result.sample_clock.corrected
    assert result.energy_per_inference_j is None
    assert "sample-clock" in {finding.id for finding in result.findings}
    assert [window.uncertainty for window in result.windows] == [None] * 5


def test_windows_placed_by_laps_are_not_shifted_by_a_corrected_clock(tmp_path: Path) -> None:
    run = make_run(Setup(by_laps=True))
    stated_s = run.setup.period_s / 1.002
    run.setup.period_s = stated_s
    run.change(ev.MonitorConfigured, lambda _, e: e.model_copy(update={"period_s": stated_s}))
    result = measured(run, tmp_path / "s")
    assert result.sample_clock is not None
    assert not result.sample_clock.corrected
    assert result.windows[-1].duration_s == pytest.approx(run.truth[-1].stop_s - run.truth[-1].start_s, rel=4e-4)


def test_nothing_found_is_the_stated_period() -> None:
    assert clock_of(None) == Clock()
    assert clock_of(SampleClock(ratio=1.001, u=1e-3)) == Clock()
    assert clock_of(SampleClock(ratio=1.001, u=1e-4, corrected=True)) == Clock(1.001, 1e-4)


@pytest.mark.parametrize("drift", [0.0, 4e-4])
def test_a_resonator_that_drifts_makes_the_rate_less_certain(drift: float) -> None:
    """Its rate rises in a straight line by `drift` from the first lap to the last."""
    at_s = np.linspace(0.0, 60.0, 15)
    lap_s = at_s + drift * at_s**2 / 120
    laps = [
        ev.LapCaptured(t_ns=round((at + 0.002 + 0.0002 * (k % 3)) * 1e9) + 10**12, lap_us=round(lap * 1e6))
        for k, (at, lap) in enumerate(zip(at_s, lap_s, strict=True))
    ]
    rate = lap_rate(Facts(laps=laps))
    assert rate is not None
    allowed = 3 * rate.slope_u
    for start, stop in ((1, 3), (6, 8), (12, 14)):
        window = (lap_s[stop] - lap_s[start]) * rate.slope
        assert abs(window / (at_s[stop] - at_s[start]) - 1) < allowed
    assert (rate.slope_u > 1e-4) == (drift > 0)

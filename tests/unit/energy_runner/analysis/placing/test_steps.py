# SPDX-License-Identifier: Apache-2.0
"""Edges against the step in the trace, the only witness left where the DUT's lines are as late as its edges."""

import math
from pathlib import Path

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.placing.alignment import BY_MONITOR, Alignment, Placed
from energy_runner.analysis.placing.steps import Steps, checked_by_steps, find_steps
from energy_runner.session import events as ev
from energy_runner.session.result import Result
from tests.support.synthetic import Run, Setup, make_run

INSIDE_W, BESIDE_W = 0.040, 0.020
EACH = 50  # samples of an inference
COUNT = 60


def source_of(power_w: np.ndarray) -> EnergySource:
    return EnergySource(lambda start, stop: power_w[start:stop], len(power_w), 1e-3, 1e-3)


def trace(*, beside_w: float = BESIDE_W, noise_w: float = 0.0) -> np.ndarray:
    """A window from sample 1000 on, each inference a loud half and a quiet one around the same mean."""
    power_w = np.full(6000, beside_w)
    wave = np.where(np.arange(EACH) < EACH // 2, 1.2, 0.8) * INSIDE_W
    power_w[1000 : 1000 + EACH * COUNT] = np.tile(wave, COUNT)
    return power_w + np.random.default_rng(1).normal(0, noise_w, len(power_w))


def steps(
    power_w: np.ndarray, start_by: float = 0.0, stop_by: float = 0.0, inferences: int = COUNT
) -> Steps | None:
    placed = Placed(1000.0 + start_by, 1000.0 + EACH * COUNT + stop_by, 0.001)
    return find_steps(source_of(power_w), Alignment(BY_MONITOR, [placed]), [inferences])


@pytest.mark.parametrize("noise_w", [0.0, 0.004])
@pytest.mark.parametrize("by", [20, 60, 130, 250, 450])
def test_a_shift_is_measured_to_a_tenth_of_an_inference(by: int, noise_w: float) -> None:
    late = steps(trace(noise_w=noise_w), by, by)
    early = steps(trace(noise_w=noise_w), -by, -by)
    assert late is not None
    assert early is not None
    assert late.late_s == pytest.approx(by * 1e-3, abs=0.3 * EACH * 1e-3)
    assert late.early_s == 0.0
    assert early.early_s == pytest.approx(by * 1e-3, abs=0.3 * EACH * 1e-3)
    assert early.late_s == 0.0


@pytest.mark.parametrize("noise_w", [0.0, 0.004, 0.02])
def test_edges_in_their_place_are_neither_late_nor_early(noise_w: float) -> None:
    assert steps(trace(noise_w=noise_w)) == Steps(0.0, 0.0, 1)


def test_a_window_that_cannot_tell_says_nothing() -> None:
    assert steps(trace(beside_w=INSIDE_W)) is None
    assert steps(trace(), inferences=9) is None
    for missing in (math.nan, math.inf):
        lost = trace()
        lost[1000 + EACH * COUNT - 5] = missing
        assert steps(lost) is None
    assert steps(trace()[: 1000 + EACH * COUNT - 1]) is None


def test_a_slow_change_of_the_level_is_no_step() -> None:
    """A DUT that warms up draws some percent more at the end of a window than in its middle."""
    power_w = trace()
    power_w[1000 : 1000 + EACH * COUNT] *= np.linspace(0.96, 1.04, EACH * COUNT)
    assert steps(power_w) == Steps(0.0, 0.0, 1)


def shaped(shape: np.ndarray, noise_w: float = 0.0) -> np.ndarray:
    """The window times `shape`, which says by what each sample differs from those of equal inferences."""
    power_w = trace(noise_w=noise_w)
    power_w[1000 : 1000 + EACH * COUNT] *= shape
    return power_w


TIME = np.linspace(0, 1, EACH * COUNT)
LEGITIMATE = {
    "warms up": 1 + 0.1 * (TIME - 0.5) * 2,
    "begins warm, then cools": 1 + 0.12 * np.exp(-TIME / 0.03),
    "lowers its clock after a third": np.where(TIME < 0.3, 1.3, 1.0),
    "lowers its clock near the end": np.where(TIME > 0.9, 0.8, 1.0),
    "first inference otherwise": np.where(TIME < 1 / COUNT, 0.8, 1.0),
    "last inference otherwise": np.where(TIME > 1 - 1 / COUNT, 0.9, 1.0),
    "raises its clock long before the end": np.where(TIME > 0.8, 1.5, 1.0),
    "two kinds in turn": np.where((np.arange(EACH * COUNT) // EACH) % 2, 1.08, 0.92),
}


@pytest.mark.parametrize("name", LEGITIMATE)
def test_what_differs_within_a_window_but_is_not_like_what_is_beside_it_is_no_step(name: str) -> None:
    assert steps(shaped(LEGITIMATE[name])) == Steps(0.0, 0.0, 1)


def test_noise_above_the_signal_is_no_step() -> None:
    """The scatter of a few blocks would now and then be far below that of all."""
    placed = Alignment(BY_MONITOR, [Placed(1000.0, 1000.0 + EACH * COUNT, 0.001)])
    rng = np.random.default_rng(7)
    off = []
    for _ in range(100):
        found = find_steps(source_of(trace() + rng.normal(0, 0.1, 6000)), placed, [COUNT])
        off.append(found is not None and found != Steps(0.0, 0.0, 1))
    assert sum(off) == 0


def test_inferences_of_microseconds_are_looked_at_by_the_millisecond() -> None:
    read: list[int] = []
    power_w = np.full(3_000_000, BESIDE_W)
    power_w[1_000_000:2_000_000] = INSIDE_W
    source = EnergySource(lambda a, b: (read.append(b - a), power_w[a:b])[1], len(power_w), 2e-6, 2e-6)
    late = find_steps(source, Alignment(BY_MONITOR, [Placed(1_010_000.0, 2_010_000.0, 0.5)]), [100_000])
    assert late is not None
    assert late.late_s == pytest.approx(0.02, abs=1e-3)
    assert max(read) <= 300_000
    assert len(read) <= 6


def test_what_is_within_the_known_width_of_the_edges_changes_nothing() -> None:
    alignment = Alignment(BY_MONITOR, [Placed(1000.0, 4000.0, 50.0), None])
    assert checked_by_steps(alignment, Steps(0.05, 0.0, 1), 1e-3) == alignment
    assert checked_by_steps(alignment, None, 1e-3) == alignment
    wider = checked_by_steps(alignment, Steps(0.0, 0.06, 1), 1e-3)
    assert wider.windows == [Placed(1000.0, 4000.0, 75.0, shared=25.0, starts=75.0), None]
    assert wider.findings[0].detail == (
        "by the step in the trace, edges come 0.060 s too early; that counts as uncertainty"
    )


def all_late(run: Run, by_s: float) -> Run:
    """Edges and the DUT's lines about them come late together, as through a queue that both pass."""
    by = by_s / run.setup.period_s
    run.change(ev.EdgeCaptured, lambda _, e: e.model_copy(update={"position": e.position + by}))

    def late(_: int, event: ev.AnyEvent) -> ev.AnyEvent:
        assert isinstance(event, ev.InferenceDone)
        lines = {name: getattr(event, name) + round(by_s * 1e9) for name in ("start_line_ns", "done_line_ns")}
        return event.model_copy(update={**lines, "t_ns": event.t_ns + round(by_s * 1e9)})

    return run.change(ev.InferenceDone, late)


def measured(run: Run, folder: Path) -> Result:
    return analyze(run.write(folder))


@pytest.mark.parametrize("late_s", [0.25, 0.45])
def test_a_session_whose_lines_are_late_as_well_gives_no_score(late_s: float, tmp_path: Path) -> None:
    result = measured(all_late(make_run(Setup(inferences=200)), late_s), tmp_path / "s")
    assert result.energy_per_inference_j is None
    [finding] = [one for one in result.findings if one.id == "edges-disagree"]
    assert finding.detail.startswith("by the step in the trace")


def test_lines_that_are_somewhat_late_as_well_are_counted(tmp_path: Path) -> None:
    run = make_run(Setup(inferences=200))
    truth_j = run.truth[0].energy_j / run.truth[0].inferences
    result = measured(all_late(run, 0.08), tmp_path / "s")
    score = result.energy_per_inference_j
    assert score is not None
    assert abs(score.median - truth_j) > 0.003 * truth_j
    assert abs(score.median - truth_j) <= score.U


def test_stops_that_alone_are_late_are_counted_however_much_the_dut_idles_at(tmp_path: Path) -> None:
    """What is charged then is the power after the inferences, not its difference to that of inferences."""
    run = make_run(Setup(inferences=200))
    truth_j = run.truth[0].energy_j / run.truth[0].inferences
    for true in run.truth:
        end = round(true.stop_s * 1e3)
        run.samples[0][end + 1 : end + 151] *= np.float32(0.045 / 0.020)
    stops = range(4, 99, 2)
    late_s, late = 0.08, round(0.08e9)
    run.change(
        ev.EdgeCaptured,
        lambda number, e: e.model_copy(update={"position": e.position + 1e3 * late_s * (number in stops)}),
    )
    run.change(ev.InferenceDone, lambda _, e: e.model_copy(update={"done_line_ns": e.done_line_ns + late}))
    bare = [term | {"relative": 0.0, "absolute": 1e-9} for term in run.events[1].accuracy["terms"]]
    exact = {"document": "a made-up data sheet", "terms": bare, "assumptions": []}
    run.change(ev.MonitorConfigured, lambda _, e: e.model_copy(update={"accuracy": exact}))
    score = measured(run, tmp_path / "s").energy_per_inference_j
    assert score is not None
    assert abs(score.median - truth_j) > 0.004 * truth_j
    assert abs(score.median - truth_j) <= score.U


def without_lines(run: Run) -> Run:
    gone = {"start_line_ns": None, "done_line_ns": None}
    return run.change(ev.InferenceDone, lambda _, e: e.model_copy(update=gone))


def incomplete(run: Run, folder: Path) -> str:
    score = measured(run, folder).energy_per_inference_j
    assert score is not None
    return "; ".join(score.incomplete)


def test_edges_that_nothing_else_tells_of_leave_the_uncertainty_incomplete(tmp_path: Path) -> None:
    few = Setup(inferences=5)
    assert "edges without a witness" in incomplete(without_lines(make_run(few)), tmp_path / "none")
    assert "witness" not in incomplete(make_run(few), tmp_path / "lines")
    assert "witness" not in incomplete(without_lines(make_run(few, laps=True)), tmp_path / "laps")
    assert "witness" not in incomplete(without_lines(make_run()), tmp_path / "step")

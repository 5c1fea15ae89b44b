# SPDX-License-Identifier: Apache-2.0
"""Edges against what else the session knows of them: lines of the DUT, laps, the host's clock."""

from pathlib import Path

import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.session import events as ev
from energy_runner.session.result import Result
from tests.support.synthetic import ACCURACY, Run, Setup, make_run

FIRST_WINDOW = 3  # the number of its start edge: one of `timestamp`, two of the trial


def measured(run: Run, folder: Path) -> Result:
    return analyze(run.write(folder))


def moved(run: Run, by_s: float, numbers: set[int] | None = None) -> Run:
    """Move edges of the monitor, with the samples that date them where they are."""
    by = by_s / run.setup.period_s
    return run.change(
        ev.EdgeCaptured,
        lambda n, e: e.model_copy(update={"position": e.position + by}) if numbers is None or n in numbers else e,
    )


def found(result: Result) -> set[str]:
    return {finding.id for finding in result.findings}


@pytest.mark.parametrize("late_s", [0.25, 0.45])
def test_edges_that_are_all_late_alike_give_no_score(late_s: float, tmp_path: Path) -> None:
    result = measured(moved(make_run(), late_s), tmp_path / "s")
    assert result.energy_per_inference_j is None
    assert "edges-disagree" in found(result)
    assert all(window.energy_j is None for window in result.windows)


def test_edges_that_are_somewhat_late_are_counted(tmp_path: Path) -> None:
    run = make_run()
    truth_j = run.truth[0].energy_j / run.truth[0].inferences
    before = measured(run, tmp_path / "before").energy_per_inference_j
    result = measured(moved(run, 0.06), tmp_path / "after")
    after = result.energy_per_inference_j
    assert "edges-late" in found(result)
    assert before is not None
    assert after is not None
    assert after.U > before.U
    assert abs(after.median - truth_j) <= after.U
    names = [row.name for row in result.uncertainty.components] if result.uncertainty else []
    assert "latency of the captured edges" in names


@pytest.mark.parametrize("end", [0, 1])
@pytest.mark.parametrize("late_s", [0.03, 0.06, 0.09])
def test_one_end_that_is_late_by_the_lines_is_counted_with_all_the_power_there(
    end: int, late_s: float, tmp_path: Path
) -> None:
    """The windows then last longer or shorter: no shift, which costs only the change of power at the edges."""
    run = moved(make_run(), late_s, set(range(FIRST_WINDOW + end, 99, 2)))
    bare = [term | {"relative": 0.0, "absolute": 1e-9} for term in ACCURACY["terms"]]
    exact = {"document": "a made-up data sheet", "terms": bare, "assumptions": []}
    run.change(ev.MonitorConfigured, lambda _, e: e.model_copy(update={"accuracy": exact}))
    truth_j = run.truth[0].energy_j / run.truth[0].inferences
    score = measured(run, tmp_path / "s").energy_per_inference_j
    assert score is not None
    assert abs(score.median - truth_j) > 0.001 * truth_j
    assert abs(score.median - truth_j) <= score.U


def test_edges_in_their_place_say_nothing(tmp_path: Path) -> None:
    result = measured(make_run(laps=True), tmp_path / "s")
    assert result.findings == []


@pytest.mark.parametrize("by_s", [-0.27, -0.05, 0.05, 0.27])
def test_one_edge_out_of_place_is_found_by_the_laps(by_s: float, tmp_path: Path) -> None:
    result = measured(moved(make_run(laps=True), by_s, {FIRST_WINDOW + 1}), tmp_path / "s")
    assert result.windows[0].energy_j is None
    assert result.windows[1].energy_j is not None
    assert result.energy_per_inference_j is None
    [finding] = [one for one in result.findings if one.id == "edges-disagree"]
    assert finding.detail.startswith("window 1:")


def test_all_stop_edges_late_are_found_without_laps(tmp_path: Path) -> None:
    """Five edges lost and as many spurious ones in their place."""
    stops = {FIRST_WINDOW + 1 + 2 * k for k in range(5)}
    result = measured(moved(make_run(), 0.27, stops), tmp_path / "s")
    assert result.energy_per_inference_j is None
    assert "edges-disagree" in found(result)


@pytest.mark.parametrize("by_us", [-100_000, 100_000, 200_000, -30_000])
def test_one_wrong_digit_of_a_lap_withholds_its_window(by_us: int, tmp_path: Path) -> None:
    run = make_run(Setup(by_laps=True)).change(
        ev.LapCaptured,
        lambda n, e: e.model_copy(update={"lap_us": e.lap_us + by_us}) if n == FIRST_WINDOW else e,
    )
    truth = run.truth[0]
    result = measured(run, tmp_path / "s")
    first = result.windows[0]
    if first.energy_j is None:
        assert "lap-displaced" in found(result)
    else:
        # Less than a late message explains: counted instead.
        assert first.uncertainty is not None
        assert abs(first.energy_j - truth.energy_j) / truth.inferences <= first.uncertainty.U
    assert result.energy_per_inference_j is None or first.energy_j is not None


def test_a_message_that_came_late_widens_its_edge_only(tmp_path: Path) -> None:
    late = make_run(Setup(by_laps=True, late_s=lambda number: 0.04 if number == FIRST_WINDOW else 0.002))
    result = measured(late, tmp_path / "s")
    plain = measured(make_run(Setup(by_laps=True, late_s=lambda _: 0.002)), tmp_path / "p")
    assert result.findings == plain.findings == []
    widths = [next(row for row in one.windows[0].uncertainty.components if "resolution of the laps" in row.name).u
              for one in (result, plain) if one.windows[0].uncertainty]  # fmt: skip
    assert widths[0] is not None
    assert widths[1] is not None
    assert widths[0] > 100 * widths[1]
    assert result.windows[1].energy_per_inference_j == pytest.approx(
        plain.windows[1].energy_per_inference_j, rel=1e-3
    )


@pytest.mark.parametrize(("late_s", "told"), [(0.0, set()), (0.06, {"edges-late"}), (0.2, {"edges-disagree"})])
def test_laps_that_are_polled_late_beside_a_sampler_are_seen_by_the_lines(
    late_s: float, told: set[str], tmp_path: Path
) -> None:
    run = make_run(Setup(by_laps=True, inferences=5))  # too few inferences for a step in the trace to tell
    run.change(ev.MonitorConfigured, lambda _, e: e.model_copy(update={"starts_on_edge": False}))
    run.change(ev.LapCaptured, lambda _, e: e.model_copy(update={"t_ns": e.t_ns + round(late_s * 1e9)}))
    result = measured(run, tmp_path / "s")
    assert found(result) & {"edges-late", "edges-disagree"} == told
    assert all((window.energy_j is None) == (late_s > 0.1) for window in result.windows)

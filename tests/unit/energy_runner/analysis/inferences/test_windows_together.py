# SPDX-License-Identifier: Apache-2.0
"""Windows of one session are held against each other: what repeats must be inferences, and each must fit."""

from pathlib import Path

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.inferences.window_length import too_short_s
from energy_runner.analysis.placing.alignment import BY_MONITOR, Alignment, Placed
from energy_runner.session import events as ev
from tests.support.synthetic import Run, make_run
from tests.unit.energy_runner.analysis.inferences.test_window_length import inferences, shaped, source_of

GAP, LENGTH, COUNT = 1234, 10_200, 600  # samples between windows and in one, and inferences in it: 17 samples each


def short_s(
    window_w: np.ndarray, count: int, late: list[int], early: list[int], tick_w: float = 0.0
) -> float | None:
    """Return by how much windows with edges that are off are too short; a tick goes on every 10 samples."""
    power_w = np.concatenate([part for _ in late for part in (np.full(GAP, 0.01), window_w)])
    power_w += np.where(np.arange(len(power_w)) % 10 < 2, tick_w, 0.0)
    starts = [GAP + k * (GAP + len(window_w)) for k in range(len(late))]
    windows = [
        Placed(float(start + after), float(start + len(window_w) - before), 0.5)
        for start, after, before in zip(starts, late, early, strict=True)
    ]
    return too_short_s(source_of(power_w), Alignment(BY_MONITOR, windows), [count] * len(late))


@pytest.mark.parametrize("shape", [0.0, 0.02])
def test_a_tick_is_no_inference_though_none_is_seen(shape: float) -> None:
    """The tick comes 1.7 times an inference: as two parts of one, they would be 510 and not 600."""
    noise = np.random.default_rng(2).normal(0, 3e-4, LENGTH)
    flat = 0.03 * (1 + shape * np.sin(2 * np.pi * np.arange(LENGTH) / (LENGTH / COUNT))) + noise
    assert short_s(flat, COUNT, [0] * 5, [0] * 5, tick_w=0.01) in (0.0, None)


@pytest.mark.parametrize("off", [[250] * 5, [210, 333, 252, 275, 291]])
@pytest.mark.parametrize("each", [6.3, 90.0])
def test_edges_at_one_end_may_be_off_by_any_time(off: list[int], each: float) -> None:
    count = round(10_800 / each)
    window = inferences(np.full(count, each))
    none = [0] * 5
    for late, early in ((off, none), (none, off)):
        assert short_s(window, count, late, early) == pytest.approx(sorted(off)[2] * 1e-3, abs=0.008)


def some_late(run: Run, by_s: float, windows: set[int]) -> Run:
    """Delay the start of some windows, and the line about it as much."""
    run.change(
        ev.EdgeCaptured,
        lambda number, e: e.model_copy(
            update={"position": e.position + 1e3 * by_s * (number % 2 == 1 and (number - 3) // 2 in windows)}
        ),
    )
    late_ns = round(by_s * 1e9)
    return run.change(
        ev.InferenceDone,
        lambda number, e: e.model_copy(
            update={"start_line_ns": e.start_line_ns + late_ns * (number - 1 in windows)}
        ),
    )


@pytest.mark.parametrize(("windows", "named"), [({0}, "window 1"), ({1, 4}, "windows 2, 5")])
def test_single_windows_that_are_too_short_are_withheld(windows: set[int], named: str, tmp_path: Path) -> None:
    result = analyze(some_late(shaped(make_run()), 0.25, windows).write(tmp_path / "s"))
    assert result.energy_per_inference_j is None
    assert [k for k, one in enumerate(result.windows) if one.energy_j is None] == sorted(windows)
    [finding] = [one for one in result.findings if one.id == "edges-disagree"]
    assert finding.detail.startswith(f"{named}: the stated inferences take 0.25")


def test_single_windows_that_are_somewhat_too_short_become_wider(tmp_path: Path) -> None:
    run = shaped(make_run())
    truth_j = run.truth[0].energy_j / run.truth[0].inferences
    result = analyze(some_late(run, 0.09, {1, 4}).write(tmp_path / "s"))
    assert result.energy_per_inference_j is not None
    assert [one.detail[:13] for one in result.findings if one.id == "edges-late"] == ["windows 2, 5:"]
    off = []
    for window in result.windows:
        assert window.energy_per_inference_j is not None
        assert window.uncertainty is not None
        off.append(abs(window.energy_per_inference_j - truth_j) / window.uncertainty.U)
    assert max(off) < 1


def test_a_stimulus_that_takes_less_time_is_not_too_short() -> None:
    windows = [inferences(np.full(120, each), seed=int(each)) for each in (90.0, 90.0, 87.0, 90.0, 90.0)]
    power_w = np.concatenate(windows)
    ends = np.cumsum([len(window) for window in windows])
    placed = [Placed(float(end - len(w)), float(end), 0.5) for end, w in zip(ends, windows, strict=True)]
    assert too_short_s(source_of(power_w), Alignment(BY_MONITOR, placed), [120] * 5) == 0.0

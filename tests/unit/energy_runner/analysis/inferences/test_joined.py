# SPDX-License-Identifier: Apache-2.0
"""Few inferences in each window are counted in all windows together."""

import numpy as np
import pytest

from energy_runner.analysis.inferences.repeated import count_by_trace
from energy_runner.analysis.placing.alignment import BY_MONITOR, Alignment, Placed
from energy_runner.session.result import TraceCount
from tests.unit.energy_runner.analysis.inferences.test_window_length import inferences, source_of

GAPS = (1234, 1571, 1003, 1409, 1188)
LONG = 1000.0  # samples of an inference


def counted(
    made: int, stated: int, windows: int = 5, *, tick_w: float = 0.0, scatter: float = 0.0, lead: int = 11
) -> TraceCount | None:
    """Count in windows of few inferences, each after an idle `lead`, and perhaps with a tick through all."""
    rng = np.random.default_rng(2)
    trains = [inferences(LONG * (1 + scatter * rng.normal(size=made)), seed=k) for k in range(windows)]
    parts = [np.concatenate([np.full(lead, 0.02), train]) for train in trains]
    gaps = [np.full(gap, 0.01) for gap in GAPS]
    power_w = np.concatenate([one for both in zip(gaps, parts, strict=False) for one in both])
    power_w = power_w + np.where(np.arange(len(power_w)) % 1370 < 150, tick_w, 0.0)
    stops = np.cumsum([gap + len(part) for gap, part in zip(GAPS, parts, strict=False)])
    placed: list[Placed | None] = [
        Placed(float(stop - len(part)), float(stop), 0.5) for stop, part in zip(stops, parts, strict=True)
    ]
    return count_by_trace(source_of(power_w), Alignment(BY_MONITOR, placed), [stated] * windows)


@pytest.mark.parametrize("count", [5, 10, 12, 14])
def test_few_inferences_are_as_many_as_stated(count: int) -> None:
    found = counted(count, count)
    assert found is not None
    assert (found.agrees, found.windows, found.stated) == (True, 5, count)
    assert found.found == pytest.approx(count, abs=0.05)


@pytest.mark.parametrize(
    ("made", "stated"), [(5, 10), (8, 10), (9, 10), (12, 10), (7, 14), (10, 20), (14, 28), (10, 30)]
)
def test_another_number_than_stated_is_a_contradiction(made: int, stated: int) -> None:
    found = counted(made, stated)
    assert found is not None
    assert (found.agrees, found.note) == (False, "")
    assert found.found == pytest.approx(made, abs=0.1)


def test_what_is_far_slower_than_the_inferences_stated_contradicts_nothing() -> None:
    found = counted(10, 100)
    assert found is not None
    assert found.agrees is None


def test_two_windows_of_eight_are_enough_and_one_is_not() -> None:
    assert counted(8, 8, windows=1) is None
    found = counted(8, 8, windows=2)
    assert found is not None
    assert found.agrees is True


def test_inferences_that_take_another_time_each_contradict_nothing() -> None:
    found = counted(10, 10, scatter=0.05)
    assert found is None or found.agrees is not False


def test_a_tick_beside_the_inferences_contradicts_nothing() -> None:
    found = counted(10, 10, tick_w=0.06)
    assert found is None or found.agrees is not False


def test_windows_that_drift_alike_count_nothing() -> None:
    sag = np.tile(np.concatenate([np.full(1000, 0.01), np.linspace(0.05, 0.04, 10_000)]), 5)
    sag = sag + np.random.default_rng(1).normal(0, 1e-4, len(sag))
    placed: list[Placed | None] = [Placed(k * 11_000.0 + 1000, k * 11_000.0 + 11_000, 0.5) for k in range(5)]
    assert count_by_trace(source_of(sag), Alignment(BY_MONITOR, placed), [10] * 5) is None


def test_windows_of_other_numbers_or_lengths_are_not_laid_end_to_end() -> None:
    window = inferences(np.full(10, LONG))
    power_w = np.concatenate([np.full(500, 0.01), window, np.full(500, 0.01), window[:4000], np.full(500, 0.01)])
    placed: list[Placed | None] = [Placed(500.0, 10_500.0, 0.5), Placed(11_000.0, 15_000.0, 0.5)]
    assert count_by_trace(source_of(power_w), Alignment(BY_MONITOR, placed), [10, 10]) is None
    assert count_by_trace(source_of(power_w), Alignment(BY_MONITOR, [*placed[:1], None]), [10, 10]) is None

# SPDX-License-Identifier: Apache-2.0
"""The picture of a run: no spike is lost, means are weighted, and memory does not grow."""

import json
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.viewer.live.ring import COARSE, COUNT, FINE, LARGEST, LEAST, SUM, Ring, drawn, wire

PERIOD_S = 0.01  # ten samples a cell
CELL = 10


def ring(names=("power",)) -> Ring:
    made = Ring()
    made.begin([(name, "W") for name in names], PERIOD_S)
    return made


def parts(values: np.ndarray) -> list[tuple[float, float, float, float]]:
    there = values[np.isfinite(values)]
    if not len(there):
        return [(0.0, math.inf, -math.inf, 0.0)]
    return [(float(there.sum()), float(there.min()), float(there.max()), float(len(there)))]


def feed(made: Ring, values: np.ndarray, cuts: list[int], first: int = 0) -> list[int]:
    """Give samples in portions that end at `cuts` and at the edges of cells; return the cells that were told."""
    edges = sorted({0, len(values), *cuts, *range(-first % CELL, len(values), CELL)})
    told = []
    for start, stop in pairwise(edges):
        done = made.add(first + start, stop - start, parts(values[start:stop]))
        told += [done[0]] if done is not None else []
    done = made.flush()
    return told + ([done[0]] if done is not None else [])


def cells(count: int, value: float = 1.0, samples: float = CELL) -> np.ndarray:
    made = np.empty((count, 1, 4))
    made[..., SUM], made[..., LEAST], made[..., LARGEST], made[..., COUNT] = value * samples, value, value, samples
    return made


@given(st.lists(st.floats(-1e3, 1e3, width=32) | st.just(math.nan), min_size=1, max_size=400), st.data())
def test_a_picture_does_not_depend_on_the_portions(samples, data) -> None:
    values = np.array(samples)
    cuts = data.draw(st.lists(st.integers(0, len(values)), max_size=20))
    made = ring()
    told = feed(made, values, cuts)
    assert told == list(range(-(-len(values) // CELL)))
    picture = made.picture()
    low, mean, high = drawn(picture.fine[:, 0])
    for number in told:
        there = values[number * CELL : (number + 1) * CELL]
        there = there[np.isfinite(there)]
        if len(there):
            assert (low[number], high[number]) == (there.min(), there.max())
            assert mean[number] == pytest.approx(there.mean(), rel=1e-9, abs=1e-9)
        else:
            assert math.isnan(mean[number])
    json.dumps(picture.document(), allow_nan=False)


def test_the_coarse_picture_weighs_by_samples_that_exist_and_keeps_each_spike() -> None:
    made = ring()
    count = 3 * COARSE
    values = np.concatenate([cells(count - 1), cells(1, 9.0, samples=1.0)])
    for at in range(0, count, 7):
        made.put(at, values[at : at + 7])
    picture = made.picture()
    low, mean, high = drawn(picture.older[:, 0])
    assert picture.older_width == 4
    assert len(low) == count // 4
    assert high[-1] == 9.0
    assert mean[-1] == pytest.approx((3 * CELL * 1.0 + 9.0) / (3 * CELL + 1))  # not (3 + 9) / 4
    assert (low.min(), high[:-1].max()) == (1.0, 1.0)
    assert picture.older[..., COUNT].sum() == pytest.approx(values[..., COUNT].sum())


def test_a_night_takes_no_more_room_than_ten_minutes() -> None:
    made = ring()
    for at in range(0, 400_000, 2000):  # eleven hours
        made.put(at, cells(2000))
    picture = made.picture()
    assert len(picture.fine) == FINE
    assert picture.first == 400_000 - FINE
    assert COARSE // 2 <= len(picture.older) <= COARSE
    assert picture.older[..., COUNT].sum() == 400_000 * CELL
    assert made._fine.nbytes + made._older.nbytes < 1_000_000


@pytest.mark.parametrize("gap", [1, 5, FINE - 1, FINE, 3 * FINE, 50 * FINE])
def test_a_gap_is_a_gap_in_both_pictures(gap) -> None:
    made = ring()
    made.put(100, cells(10))
    made.put(110 + gap, cells(10, 2.0))
    picture = made.picture()
    _, mean, _ = drawn(picture.fine[:, 0])
    kept = min(20 + gap, FINE)
    assert len(mean) == kept
    assert np.isnan(mean).sum() == kept - 10 - max(0, min(10, kept - gap - 10))
    assert mean[-1] == 2.0
    assert picture.first + len(mean) == 120 + gap
    assert picture.older_first == 100  # the view began there
    assert picture.older[..., COUNT].sum() == 20 * CELL


def test_cells_come_once_and_a_new_acquisition_begins_anew() -> None:
    made = ring()
    made.put(0, cells(10))
    made.put(5, cells(10, 2.0))
    assert drawn(made.picture().fine[:, 0])[1].tolist() == [1.0] * 10 + [2.0] * 5
    made.begin([("current", "A")], PERIOD_S)
    assert len(made.picture().fine) == 0
    made.put(0, cells(1))
    assert list(made.picture().document()["blocks"]["signals"]) == ["current"]


def test_slow_samples_are_cells_of_their_own() -> None:
    made = Ring()
    made.begin([("power", "W")], 0.5)
    assert [made.add(number, 1, [(2.0, 2.0, 2.0, 1.0)])[0] for number in range(3)] == [0, 1, 2]
    assert made.picture().document()["blocks"]["step_s"] == 0.5


def test_events_have_no_nan() -> None:
    made = ring()
    event = wire(made, 3, [[[0.0, math.inf, -math.inf, 0.0]], [[10.0, 0.5, 1.5, 10.0]]])
    assert event["at_s"] == pytest.approx([0.3, 0.4])
    assert event["signals"]["power"] == {"mean": [None, 1.0], "min": [None, 0.5], "max": [None, 1.5]}

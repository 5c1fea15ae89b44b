# SPDX-License-Identifier: Apache-2.0
"""Layers by hand: places of marks, what makes them doubtful, and what the finding about short ones says."""

import math
from typing import Any

import numpy as np
import pytest

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.layers.fit import find_shift, moved, places
from energy_runner.analysis.layers.measure import _short, measure_layers
from energy_runner.analysis.placing.alignment import BY_LAPS, BY_MONITOR, Alignment, Placed
from energy_runner.session.events import PhasesMarked
from energy_runner.session.result import LayerResult

PERIOD_S = 1e-3


def marks(offsets_ms: list[int], stop_ms: int, **more: Any) -> PhasesMarked:
    given: dict[str, Any] = {"window": 0, "names": ["a", "b"], "operations": [1, 2], **more}
    return PhasesMarked(
        t_ns=0, offsets_ns=[one * 1_000_000 for one in offsets_ms], stop_ns=stop_ms * 1_000_000, **given
    )


def row(name: str, samples: float, energy_j: float, u_j: float) -> LayerResult:
    return LayerResult(name=name, operations=1, duration_s=samples * PERIOD_S, energy_j=energy_j, u_j=u_j)


@pytest.mark.parametrize(
    ("start", "stop", "expected", "end"),
    [
        (0.0, 0.0, [100.0, 110.0, 130.0, 150.0], 200.0),
        (1.0, 1.0, [104.0, 114.0, 134.0, 154.0], 204.0),
        (-1.0, 0.5, [96.0, 106.6, 127.8, 149.0], 202.0),
    ],
)
def test_marks_stretch_between_the_edges_of_their_window(
    start: float, stop: float, expected: list[float], end: float
) -> None:
    found, last = places((Placed(100.0, 200.0, 4.0), marks([0, 10, 30, 50], 100)), start, stop)
    assert found.tolist() == pytest.approx(expected, rel=1e-12)
    assert last == end


def test_a_window_is_moved_and_stretched() -> None:
    assert moved(Placed(100.0, 200.0, 4.0), 3.0, 0.5) == Placed(103.0, 253.0, 4.0)


@pytest.mark.parametrize("off", [-8.0, -5.0, 0.0, 2.0, 7.0, 8.0])
def test_a_window_is_found_where_its_layers_fit(off: float) -> None:
    """Layers of 7 and 13 samples, ten times, between pauses; the whole reach of 8 samples is searched."""
    told = marks(sorted([*range(0, 200, 20), *range(7, 200, 20)]), 200)
    power_w = np.full(400, 0.5)
    power_w[100:300] = np.tile(np.repeat([2.0, 1.0], [7, 13]), 10)
    source = EnergySource(lambda a, b: power_w[a:b], 400, PERIOD_S, PERIOD_S)
    pair = (Placed(100.0 - off, 300.0 - off, 0.0), told)
    assert find_shift(source, pair, 2, expected=0.0, reach=8.0, rate=0.0) == pytest.approx(off, abs=0.25)


@pytest.mark.parametrize(
    ("lengths", "drift"),
    [
        ([7, 2], 2.5e-3),
        ([8, 3, 4, 13], -3.1e-3),
        ([6, 13, 6, 10], -1.6e-3),
        ([9, 14, 4, 9], 0.9e-3),
        ([4, 11, 10], 3.9e-3),
        ([6, 11, 14], 0.0),
    ],
)
def test_a_window_off_by_several_layers_is_not_taken_for_a_place_like_it(lengths: list[int], drift: float) -> None:
    """A hundred inferences late in the trace, placed by a clock that is off."""
    layers, whole = len(lengths), 100 * sum(lengths)
    offsets = np.concatenate(([0], np.cumsum(lengths * 100)))[:-1]
    told = marks(offsets.tolist(), whole, names=[str(k) for k in range(layers)], operations=[1] * layers)
    power_w = np.full(15_000 + whole, 0.5)
    power_w[14_000 : 14_000 + whole] = np.repeat([2.0, 1.0, 2.5, 1.2][:layers] * 100, lengths * 100)
    source = EnergySource(lambda a, b: power_w[a:b], len(power_w), PERIOD_S, PERIOD_S)
    start = 14_000 / (1 + drift)
    placed = Placed(start, start + whole / (1 + drift), 0.0)
    shift = find_shift(source, (placed, told), layers, expected=0.0, reach=4e-3 * start)
    there = moved(placed, shift, shift / start)
    assert (there.start, there.stop) == pytest.approx((14_000, 14_000 + whole), abs=0.5)


def test_a_window_with_which_the_trace_begins_has_had_no_time_to_drift() -> None:
    told = marks([0, 5, 20, 25], 40)
    power_w = np.repeat([2.0, 1.0, 2.0, 1.0, 0.5], [5, 15, 5, 15, 60])
    source = EnergySource(lambda a, b: power_w[a:b], 100, PERIOD_S, 1.0)
    placed = Alignment(BY_LAPS, [Placed(0.0, 40.0, 0.0)])
    found, _ = measure_layers(source, Facts(marks=[told]), placed, drift=1e-3)
    assert found is not None
    assert [one.energy_j for one in found.layers] == pytest.approx([10.0, 15.0], rel=1e-9)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"names": []}, "not all windows have the same layers"),
        ({"operations": [1]}, "not all windows have the same layers"),
        ({"offsets_ns": []}, "0 marks are not whole inferences of 2 layers"),
        ({"offsets_ns": [0, 1, 2]}, "3 marks are not whole inferences of 2 layers"),
        ({"offsets_ns": [0, 0]}, "the marks do not come one after the other"),
        ({"offsets_ns": [0, 10_000_000]}, "the marks do not come one after the other"),
        ({"offsets_ns": [5, 4]}, "the marks do not come one after the other"),
    ],
)
def test_marks_that_cannot_be_are_in_doubt(changes: dict[str, Any], words: str) -> None:
    told = marks([0, 5], 10).model_copy(update=changes)
    source = EnergySource(lambda a, b: np.ones(b - a), 100, PERIOD_S, PERIOD_S)
    found, (finding,) = measure_layers(source, Facts(marks=[told]), Alignment(BY_MONITOR, [Placed(10, 20, 0)]))
    assert found is None
    assert (finding.id, finding.detail) == ("layers-in-doubt", words)


def test_without_marks_there_are_no_layers() -> None:
    source = EnergySource(lambda a, b: np.ones(b - a), 100, PERIOD_S, PERIOD_S)
    assert measure_layers(source, Facts(), Alignment(BY_MONITOR, [])) == (None, [])


@pytest.mark.parametrize(
    ("placed", "window", "known"),
    [
        (Placed(0.0, 40.0, 0.0), 0, True),
        (Placed(0.5, 40.5, 0.0), 0, True),
        (Placed(60.0, 100.0, 0.0), 0, True),
        (Placed(61.0, 101.0, 0.0), 0, False),
        (Placed(-0.5, 39.5, 0.0), 0, False),
        (Placed(40.0, 40.0, 0.0), 0, False),
        (Placed(0.0, 40.0, 0.0), 1, False),
        (Placed(0.0, 40.0, 0.0), -1, False),
        (None, 0, False),
    ],
)
def test_a_window_counts_that_has_a_place_in_the_trace(placed: Placed | None, window: int, known: bool) -> None:
    """Layers of 5 and 15 samples, twice."""
    power_w = np.full(100, 0.5)
    if placed is not None:
        at = math.floor(placed.start)
        power_w[max(at, 0) : at + 40] = np.tile(np.repeat([2.0, 1.0], [5, 15]), 2)[
            : len(power_w[max(at, 0) : at + 40])
        ]
    source = EnergySource(lambda a, b: power_w[a:b], 100, PERIOD_S, PERIOD_S)
    told = marks([0, 5, 20, 25], 40, window=window)
    found, findings = measure_layers(source, Facts(marks=[told]), Alignment(BY_MONITOR, [placed]))
    assert (found is not None) is known
    assert [finding.id for finding in findings] == ([] if known else ["layers-not-resolved"])


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row("a", 2.0, 1e-3, 1e-3)], None),
        ([row("a", 1.9, 1e-3, 1e-4), row("b", 1.0, 2e-3, 3e-4), row("c", 5.0, 1e-3, 9e-4)], "2 of 3 layers"),
        ([row("b", 1.0, 1e-3, 1.5e-4)], "known, b, ± 15.0% (standard"),
        ([row("a", 1.9, 1e-3, 1e-4), row("b", 1.0, 2e-3, 3e-4)], "known, b, ± 15.0% (standard"),
        ([row("a", 1.9, 1e-3, 2e-4), row("b", 1.0, 2e-3, 3e-4)], "known, a, ± 20.0% (standard"),
        ([row("a", 1.9, 1e-3, 2e-3), row("b", 1.0, 0.0, 1e-9)], "known, b, not at all"),
        ([row("a", 1.9, 0.5, 0.1), row("b", 1.0, 2.0, 0.2)], "known, a, ± 20.0% (standard"),
        ([row("a", 1.9, 1e-3, 1e-3)], "known, a, not at all"),
    ],
)
def test_the_least_known_of_the_short_layers_is_named(rows: list[LayerResult], words: str | None) -> None:
    details = [finding.detail for finding in _short(rows, PERIOD_S)]
    assert len(details) == (words is not None)
    assert words is None or words in details[0]

# SPDX-License-Identifier: Apache-2.0
"""Energies and uncertainties of layers against a plain fit, written down from the description of the method."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.layers.fit import find_shift, fit_levels, moved, places
from energy_runner.analysis.layers.measure import measure_layers
from energy_runner.analysis.placing.alignment import BY_LAPS, BY_MONITOR, Alignment, Placed
from energy_runner.session.events import PhasesMarked
from energy_runner.session.result import Layers

PERIOD_S = 1e-3
FloatArray = npt.NDArray[np.float64]


def marked(lengths: Sequence[float], inferences: int, window: int = 0, names: str = "abcdefgh") -> PhasesMarked:
    """Return marks of layers of so many samples each."""
    offsets = np.concatenate(([0.0], np.cumsum(list(lengths) * inferences)))
    whole = [round(offset * PERIOD_S * 1e9) for offset in offsets]
    return PhasesMarked(
        t_ns=0,
        window=window,
        names=list(names[: len(lengths)]),
        operations=[100 * window + k for k in range(len(lengths))],
        offsets_ns=whole[:-1],
        stop_ns=whole[-1],
    )


def trace_of(
    lengths: Sequence[float], levels: Sequence[float], starts: Sequence[float], inferences: Sequence[int]
) -> FloatArray:
    """Return samples, each the mean over it, of windows in an idle trace of 0.5."""
    bounds, power = [0.0], []
    for start, count in zip(starts, inferences, strict=True):
        bounds += [start, *(start + np.cumsum(list(lengths) * count))]
        power += [0.5, *(list(levels) * count)]
    length = math.ceil(bounds[-1]) + 20
    energy = np.concatenate(([0.0], np.cumsum(np.diff([*bounds, length]) * [*power, 0.5])))
    return np.diff(np.interp(np.arange(length + 1.0), [*bounds, length], energy))


def source_of(x: FloatArray) -> EnergySource:
    return EnergySource(lambda a, b: x[a:b], len(x), PERIOD_S, 1.0)


def measured(x: FloatArray, told: list[PhasesMarked], placed: list[Placed | None], **more: float) -> Layers:
    found, _ = measure_layers(source_of(x), Facts(marks=told), Alignment(BY_MONITOR, placed), **more)
    assert found is not None
    return found


# --- the plain fit --------------------------------------------------------------------------------------


def plain_fit(
    x: FloatArray, told: list[PhasesMarked], placed: list[Placed], start: float, stop: float
) -> tuple[FloatArray, FloatArray]:
    """Return energy per inference, and its uncertainty by the scatter, with the edges moved by these fractions."""
    layers = len(told[0].names)
    rows, values, spent, total, inferences = [], [], np.zeros(layers), 0.0, 0
    for marks, window in zip(told, placed, strict=True):
        begin, end = window.start + start * window.half_width, window.stop + stop * window.half_width
        at = begin + np.array([*marks.offsets_ns, marks.stop_ns]) / marks.stop_ns * (end - begin)
        spent += np.diff(at).reshape(-1, layers).sum(axis=0)
        inferences += len(marks.offsets_ns) // layers
        total += source_of(x).window(max(0.0, begin), min(len(x), end)).total
        for k in range(len(x)):
            if begin <= k and k + 1 <= end:
                share = np.maximum(0.0, np.minimum(k + 1, at[1:]) - np.maximum(k, at[:-1]))
                rows.append(share.reshape(-1, layers).sum(axis=0))
                values.append(x[k])
    matrix, right = np.array(rows), np.array(values)
    # The smallest sum of squares among all levels that come to the total, by Lagrange's multiplier.
    bordered = np.block([[matrix.T @ matrix, spent[:, None]], [spent, np.zeros((1, 1))]])
    levels = np.linalg.solve(bordered, np.append(matrix.T @ right, total))[:-1]
    free, *_ = np.linalg.lstsq(matrix, right, rcond=None)
    variance = np.sum((right - matrix @ free) ** 2) / (len(right) - layers)
    scatter = np.sqrt(variance * np.diag(np.linalg.inv(matrix.T @ matrix)))
    return levels * spent / inferences, scatter * spent / inferences


MOVES = [(-1.0, -1.0), (-0.5, -0.5), (0.5, 0.5), (1.0, 1.0), (-1.0, 1.0), (1.0, -1.0)]


def check_plain_fit(
    rng: np.random.Generator, lengths: list[float], inferences: list[int], half_widths: list[float], first: float
) -> None:
    """Compare windows of layers of these lengths, from `first` on, with the plain fit."""
    levels = rng.uniform(1, 3, len(lengths)).tolist()
    starts = (first + np.cumsum([0.0, *(sum(lengths) * count + 30.2 for count in inferences[:-1])])).tolist()
    x = trace_of(lengths, levels, starts, inferences)
    x += rng.normal(0, 0.02, len(x))
    told = [marked(lengths, count, window) for window, count in enumerate(inferences)]
    placed = [
        Placed(at, at + one.stop_ns * 1e-9 / PERIOD_S, half)
        for at, one, half in zip(starts, told, half_widths, strict=True)
    ]
    energy, scatter = plain_fit(x, told, placed, 0.0, 0.0)
    off = np.max([np.abs(plain_fit(x, told, placed, *move)[0] - energy) for move in MOVES], axis=0)
    found = measured(x, told, [*placed])
    assert found.inferences == sum(inferences)
    assert [row.duration_s for row in found.layers] == pytest.approx(np.multiply(lengths, PERIOD_S), rel=1e-6)
    assert [row.energy_j for row in found.layers] == pytest.approx(energy.tolist(), rel=1e-5)
    assert [row.u_j for row in found.layers] == pytest.approx(np.hypot(scatter, off / math.sqrt(3)), rel=1e-3)
    assert [row.operations for row in found.layers] == list(range(len(lengths)))


@pytest.mark.parametrize("seed", range(12))
def test_energies_and_uncertainties_are_those_of_a_plain_fit(seed: int) -> None:
    """Two windows, of which one may have exact edges, and the first may begin with the trace."""
    rng = np.random.default_rng(seed)
    lengths = rng.uniform(0.3, 5.0, int(rng.integers(2, 5))).round(3).tolist()
    width = float(rng.choice([0.3, 1.0, 3.0]))
    half_widths = [width, float(rng.choice([0.0, width]))]
    check_plain_fit(rng, lengths, rng.integers(8, 15, 2).tolist(), half_widths, float(rng.choice([1.3, 20.4])))


@pytest.mark.parametrize("seed", range(12))
def test_the_edges_of_a_single_inference_may_move_against_each_other(seed: int) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.uniform(4.0, 12.0, int(rng.integers(2, 5))).round(3).tolist()
    check_plain_fit(rng, lengths, [1], [float(rng.choice([0.7, 1.5]))], 20.4)


@pytest.mark.parametrize("seed", range(12))
def test_edges_that_may_be_off_by_a_whole_inference_are_also_moved_by_half_of_it(seed: int) -> None:
    """There a shift by all of the limit changes nothing."""
    rng = np.random.default_rng(seed)
    lengths = rng.uniform(1.0, 2.0, 2).round(3).tolist()
    check_plain_fit(rng, lengths, [20], [sum(lengths)], 20.4)


def test_scatter_counts_each_level_as_known_by_its_own_samples() -> None:
    """Samples off by ± 0.1 in turn, four and six in each layer: 0.1 · sqrt(50 / 48) / sqrt(20 or 30), each."""
    x = trace_of([4, 6], [2.0, 1.0], [10], [5])
    x[10:60] += np.tile([0.1, -0.1], 25)
    found = measured(x, [marked([4, 6], 5)], [Placed(10.0, 60.0, 0.0)])
    assert [row.energy_j for row in found.layers] == pytest.approx([8.0, 6.0], rel=1e-9)
    sigma = 0.1 * math.sqrt(50 / 48)
    assert [row.u_j for row in found.layers] == pytest.approx(
        [4 * sigma / math.sqrt(20), 6 * sigma / math.sqrt(30)], rel=1e-9
    )


# --- what is not resolved -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lengths", "start", "half_width", "missing", "known"),
    [
        ([1, 2], 10, 0.0, [], True),
        ([1, 1], 10, 0.0, [], False),  # two levels from two samples leave no scatter
        ([2, 3], 10, 0.0, [12, 13, 14], False),  # the second layer has no sample
        ([2, 3], 10, 0.0, [12, 13], True),
        ([1, 1], 10.5, 0.3, [], False),  # always half and half, but where the edges are moved
    ],
)
def test_levels_that_the_samples_do_not_tell_are_none(
    lengths: list[int], start: float, half_width: float, missing: list[int], known: bool
) -> None:
    x = trace_of(lengths, [2.0, 1.0], [10], [1])
    x[missing] = math.nan
    count = 20 if start == 10.5 else 1
    told = marked([0.5, 0.5] if count == 20 else lengths, count)
    placed = Placed(float(start), start + told.stop_ns * 1e-9 / PERIOD_S, half_width)
    found, findings = measure_layers(source_of(x), Facts(marks=[told]), Alignment(BY_MONITOR, [placed]))
    assert (found is not None) == known
    assert ("layers-not-resolved" in [finding.id for finding in findings]) != known


def test_windows_without_a_place_have_no_layers_even_with_a_drift() -> None:
    x = np.ones(50)
    found, (finding,) = measure_layers(
        source_of(x), Facts(marks=[marked([2, 3], 2)]), Alignment(BY_LAPS, [None]), drift=1e-3
    )
    assert (found, finding.id) == (None, "layers-not-resolved")


def test_the_window_whose_layers_differ_from_those_before_is_named() -> None:
    told = [marked([2, 3], 2), marked([2, 3], 2, window=1, names="xy")]
    alignment = Alignment(BY_MONITOR, [Placed(5.0, 15.0, 0.0), Placed(20.0, 30.0, 0.0)])
    found, (finding,) = measure_layers(source_of(np.ones(50)), Facts(marks=told), alignment)
    assert (found, finding.id, finding.window) == (None, "layers-in-doubt", 1)


@pytest.mark.parametrize(("length", "own"), [(0.09, False), (0.15, True)])
def test_a_layer_of_less_than_a_tenth_of_a_sample_has_the_level_before_it(length: float, own: bool) -> None:
    lengths = [4.37, length, 3.21]
    x = trace_of(lengths, [2.0, 4.0, 1.0], [10], [100])
    x += np.random.default_rng(0).normal(0, 1e-4, len(x))
    found = measured(x, [marked(lengths, 100)], [Placed(10.0, 10 + sum(lengths) * 100, 0.0)])
    row = found.layers[1]
    assert row.energy_j == pytest.approx((4.0 if own else 2.0) * length, rel=0.05)
    assert (row.u_j == row.energy_j) != own


def test_the_first_layer_has_its_own_level_however_short() -> None:
    lengths = [0.08, 4.37, 3.21]
    x = trace_of(lengths, [3.0, 2.0, 1.0], [10], [100])
    found = measured(x, [marked(lengths, 100)], [Placed(10.0, 10 + sum(lengths) * 100, 0.0)])
    assert [row.energy_j for row in found.layers] == pytest.approx([0.24, 8.74, 3.21], rel=1e-5)


# --- windows found in the trace -------------------------------------------------------------------------


def drifted(start: float, stop: float, drift: float, half_width: float = 0.0) -> Placed:
    return Placed(start / (1 + drift), stop / (1 + drift), half_width)


@pytest.mark.parametrize("drift", [-3.7e-3, 1e-3, 3.9e-3])
def test_the_last_window_shows_the_drift_of_all(drift: float) -> None:
    """The first window, one inference at the start, shows nothing of it; each is found to a part of a sample."""
    lengths, inferences = [9.0, 4.0, 13.0], [1, 60, 60]
    starts = [50.0, 9000.0, 20_000.0]
    x = trace_of(lengths, [2.0, 1.0, 2.5], starts, inferences)
    told = [marked(lengths, count, window) for window, count in enumerate(inferences)]
    placed: list[Placed | None] = [
        drifted(start, start + 26.0 * count, drift) for start, count in zip(starts, inferences, strict=True)
    ]
    for order in ([0, 1, 2], [2, 0, 1]):
        mixed = [told[k] for k in order]
        found = measured(x, mixed, placed, drift=4e-3)
        for row, length, level in zip(found.layers, lengths, [2.0, 1.0, 2.5], strict=True):
            assert row.energy_j == pytest.approx(length * level, rel=0.02)
            assert row.duration_s == pytest.approx(length * PERIOD_S, rel=1e-4)


@pytest.mark.parametrize(("half_width", "resolved"), [(0.0, 0.5), (2.0, 2.0)])
def test_a_place_that_was_found_is_no_better_than_half_a_sample(half_width: float, resolved: float) -> None:
    x = trace_of([9, 4, 13], [2.0, 1.0, 2.5], [2000], [10])
    told = [marked([9, 4, 13], 10)]
    found = measured(x, told, [Placed(2000.0, 2260.0, half_width)], drift=1e-3)
    exact = measured(x, told, [Placed(2000.0, 2260.0, resolved)])
    assert [row.u_j for row in found.layers] == pytest.approx([row.u_j for row in exact.layers], rel=1e-9)


@pytest.mark.parametrize("off", [-6.6, -2.9, -0.3, 0.2, 3.3, 7.4])
@pytest.mark.parametrize("start", [40.0, 1000.0])
def test_the_search_ends_with_no_mark_off_by_more_than_an_eighth_of_a_sample(start: float, off: float) -> None:
    """With a known rate the window is moved; with an unknown one its end moves farther than its start."""
    x = trace_of([7, 13], [2.0, 1.0], [start], [30])
    told = marked([7, 13], 30)
    pair = Placed(start - off, start + 600.0 - off, 0.0), told
    assert find_shift(source_of(x), pair, 2, expected=0.5, reach=8.0, rate=0.0) == pytest.approx(off, abs=0.126)
    by = off / (start + 600.0)
    pair = drifted(start, start + 600.0, by), told
    shift = find_shift(source_of(x), pair, 2, expected=0.0, reach=8.0 * start / (start + 600.0))
    assert moved(pair[0], shift, shift / pair[0].start).stop == pytest.approx(start + 600.0, abs=0.126)


@pytest.mark.parametrize(
    ("reach", "rate", "fits"),
    [
        (40.0, 0.0, 2 * 8 + 1 + 3 * 2 * 5),  # steps of 5 samples, halved to 0.16
        (40.0, None, 2 * 16 + 1 + 3 * 2 * 5),  # steps of 2.5, as the end moves twice as far
        (4.0, 0.0, 2 * 1 + 1 + 3 * 2 * 4),  # a single step of 4, halved to 0.25
        (0.2, 0.0, 3),  # nothing to be found that is finer than a quarter of a sample
        (0.0, 0.0, 3),
    ],
)
def test_the_search_takes_steps_of_a_quarter_of_a_layer_and_halves_them_at_the_three_best_places(
    reach: float, rate: float | None, fits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Layers of 20 samples in a window that begins 400 samples into the trace and lasts as long."""
    fitted: list[float] = []

    def counted(*given: object) -> object:
        fitted.append(1.0)
        fit: Callable[..., object] = fit_levels
        return fit(*given)

    monkeypatch.setattr("energy_runner.analysis.layers.fit.fit_levels", counted)
    x = trace_of([20, 20], [2.0, 1.0], [400], [10])
    pair = Placed(400.0, 800.0, 0.0), marked([20, 20], 10)
    assert find_shift(source_of(x), pair, 2, expected=0.0, reach=reach, rate=rate) == pytest.approx(0.0, abs=0.13)
    assert len(fitted) == fits


def test_the_search_stays_within_its_reach() -> None:
    x = trace_of([7, 13], [2.0, 1.0], [200], [30])
    told = marked([7, 13], 30)
    for off, end in ((9.0, 8.0), (-9.0, -8.0)):
        pair = Placed(200.0 - off, 800.0 - off, 0.0), told
        assert find_shift(source_of(x), pair, 2, expected=0.0, reach=8.0, rate=0.0) == end


def test_a_window_may_begin_before_the_trace_where_its_edges_are_moved() -> None:
    """Two samples before it are not there: the fit is that of the samples, the time that of the marks."""
    x = trace_of([5, 15], [2.0, 1.0], [1], [4])
    pair = Placed(1.0, 81.0, 3.0), marked([5, 15], 4)
    fit = fit_levels(source_of(x), [places(pair, -1.0, -1.0)], 2)
    assert (fit.count, fit.inferences) == (78, 4)
    assert fit.time.tolist() == pytest.approx([20.0, 60.0], rel=1e-9)
    assert fit.total == pytest.approx(float(np.sum(x[:78])), rel=1e-12)

# SPDX-License-Identifier: Apache-2.0
"""Levels of layers, fitted to the samples of all windows at once by least squares.

Sample i is the mean of the levels in it, x_i = sum_k f_ik P_k, where f_ik is the share of the sample that layer k
took. No level is negative, and together they come to the energy of the windows (`energy.partition`). Positions and
times are in samples.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.partition import constrained_levels
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.placing.alignment import Placed
from energy_runner.session.events import PhasesMarked

FloatArray = npt.NDArray[np.float64]
Pair = tuple[Placed, PhasesMarked]

_BLOCK = 1 << 16  # samples fitted at once: memory does not grow with the window
_LEAST_EIGENVALUE = 1e-9  # of the normal matrix with ones on its diagonal: below, layers cannot be told apart
_FINEST = 0.25  # samples, of the search for a window's place
# With a first step of half a layer, the search ends at a place that only looks alike in one of ten cases.
_OF_A_LAYER = 0.25  # of a mean layer: the first step of that search
_CANDIDATES = 3  # best places of the first steps, around which it goes on


@dataclass
class Fit:
    """Normal equations of the fit, summed up over samples; `time` is in samples.

    `total` is what the windows come to; NaN where samples are missing, which leaves the levels unconstrained.
    """

    matrix: FloatArray
    right: FloatArray
    squares: float
    count: int
    time: FloatArray
    inferences: int
    total: float = 0.0

    @classmethod
    def empty(cls, layers: int) -> "Fit":
        """Return equations without any sample."""
        return cls(np.zeros((layers, layers)), np.zeros(layers), 0.0, 0, np.zeros(layers), 0)

    @property
    def free(self) -> int:
        """Return the degrees of freedom of the residual."""
        return self.count - len(self.right)

    def scaled(self) -> tuple[FloatArray, FloatArray] | None:
        """Return the normal matrix with ones on its diagonal and its scale; None where levels are not unique."""
        scale = np.sqrt(np.diag(self.matrix))
        if self.free <= 0 or not np.all(scale):
            return None
        normal = self.matrix / np.outer(scale, scale)
        return None if np.linalg.eigvalsh(normal)[0] < _LEAST_EIGENVALUE else (normal, scale)

    def levels(self) -> FloatArray | None:
        """Return the levels without any constraint, which is enough to compare places of a window."""
        found = self.scaled()
        return None if found is None else np.linalg.solve(found[0], self.right / found[1]) / found[1]

    def residual(self) -> float:
        """Return the sum of squares that the levels leave; infinite where there are none."""
        levels = self.levels()
        return math.inf if levels is None else max(0.0, self.squares - float(levels @ self.right))

    def energies(self) -> tuple[FloatArray, FloatArray] | None:
        """Return each layer's energy per inference and the standard uncertainty that the scatter gives it.

        The uncertainty is that of the fit without constraints, which can only lower it.
        """
        found = self.scaled()
        if found is None:
            return None
        normal, scale = found
        levels = constrained_levels(normal, self.right / scale, self.time / scale, self.total) / scale
        each = self.time / self.inferences
        scatter = np.sqrt(self.residual() / self.free * np.diag(np.linalg.inv(normal))) / scale
        return levels * each, scatter * each


def places(pair: Pair, start: float, stop: float) -> tuple[FloatArray, float]:
    """Return where a window's layers begin and where it ends.

    `start` and `stop` move its edges, as fractions of their limit. The marks are stretched to end with the
    window, because the monitor's clock and the DUT's differ a little. The first layer begins with the window: the
    time before the first mark is spent calling the network.
    """
    placed, marks = pair
    begin = placed.start + start * placed.half_width
    end = placed.stop + stop * placed.half_width
    starts = begin + np.array(marks.offsets_ns, dtype=np.float64) * ((end - begin) / marks.stop_ns)
    starts[0] = begin
    return starts, end


def fit_levels(source: EnergySource, windows: Sequence[tuple[FloatArray, float]], layers: int) -> Fit:
    """Return the equations of all windows, each given by where its layers begin and where it ends."""
    fit = Fit.empty(layers)
    for starts, end in windows:
        layer = np.arange(len(starts)) % layers
        fit.time += np.bincount(layer, np.diff(starts, append=end), minlength=layers)
        fit.inferences += len(starts) // layers
        whole = source.window(max(0.0, float(starts[0])), min(float(source.length), end))
        fit.total += math.nan if whole.missing else whole.total
        last = min(source.length, math.floor(end))
        for first in range(max(0, math.ceil(starts[0])), last, _BLOCK):
            _take_samples(fit, source, (first, min(first + _BLOCK, last)), starts, layer)
    return fit


def _take_samples(
    fit: Fit, source: EnergySource, span: tuple[int, int], starts: FloatArray, layer: npt.NDArray[np.int64]
) -> None:
    """Add the samples [first, last), all of which lie inside the window."""
    first, last = span
    inside = starts[(starts > first) & (starts < last)]
    edges = np.union1d(np.arange(first, last + 1, dtype=np.float64), inside)
    begins = edges[:-1]
    owner = layer[np.searchsorted(starts, begins, side="right") - 1]
    sample = np.floor(begins).astype(np.int64) - first
    layers, samples = len(fit.right), last - first
    flat = np.bincount(sample * layers + owner, np.diff(edges), minlength=samples * layers)
    shares = flat.reshape(samples, layers)
    values = np.asarray(source.read(first, last), dtype=np.float64)
    there = np.isfinite(values)
    shares, values = shares[there], values[there]
    fit.matrix += shares.T @ shares
    fit.right += shares.T @ values
    fit.squares += float(values @ values)
    fit.count += len(values)


def moved(placed: Placed, shift: float, rate: float) -> Placed:
    """Return a window whose start is moved by `shift` samples and whose length is stretched by `rate`."""
    start = placed.start + shift
    return Placed(start, start + (placed.stop - placed.start) * (1.0 + rate), placed.half_width)


def find_shift(
    source: EnergySource, pair: Pair, layers: int, *, expected: float, reach: float, rate: float | None = None
) -> float:
    """Return by how many samples a window must be moved for its marks to fit the trace best.

    Marks in the wrong place leave larger residuals, but a sequence of layers resembles itself some layers further.
    So all of `expected` ± `reach` is searched in steps that move no mark by more than a quarter of a layer, and
    around the best of these places in steps down to a quarter of a sample. A clock that puts the window in the
    wrong place also makes it too long or too short: by `rate` or, if that is None, by the shift over the time
    since the trace began.
    """
    placed, marks = pair
    # The last mark moves by so many times the shift of the window.
    farthest = placed.stop / placed.start if rate is None else 1.0

    def residual(shift: float) -> float:
        there = moved(placed, shift, shift / placed.start if rate is None else rate)
        return fit_levels(source, [places((there, marks), 0.0, 0.0)], layers).residual()

    low, high = expected - reach, expected + reach
    layer = (placed.stop - placed.start) / len(marks.offsets_ns)
    steps = max(1, math.ceil(reach * farthest / max(_FINEST, _OF_A_LAYER * layer)))
    tried = sorted((residual(shift), shift) for shift in np.linspace(low, high, 2 * steps + 1).tolist())
    found = []
    for candidate in tried[:_CANDIDATES]:
        best, step = candidate, reach / steps
        while step * farthest > _FINEST:
            step /= 2
            beside = (max(low, best[1] - step), min(high, best[1] + step))
            best = min(best, *((residual(shift), shift) for shift in beside))
        found.append(best)
    return min(found)[1]

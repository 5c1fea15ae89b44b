# SPDX-License-Identifier: Apache-2.0
"""Levels of layers, fitted to the samples of all windows at once by least squares.

Sample i is the mean of the levels in it, x_i = sum_k f_ik P_k, where f_ik is the share of the sample that layer k
took. Positions and times are in samples.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.placing.alignment import Placed
from energy_runner.session.events import PhasesMarked

FloatArray = npt.NDArray[np.float64]
Pair = tuple[Placed, PhasesMarked]

_BLOCK = 1 << 16  # samples fitted at once: memory does not grow with the window
_LEAST_EIGENVALUE = 1e-9  # of the normal matrix with ones on its diagonal: below, layers cannot be told apart
_FINEST = 0.25  # samples, of the search for a window's place


@dataclass
class Fit:
    """Normal equations of the fit, summed up over samples; `time` is in samples."""

    matrix: FloatArray
    right: FloatArray
    squares: float
    count: int
    time: FloatArray
    inferences: int

    @classmethod
    def empty(cls, layers: int) -> "Fit":
        """Return equations without any sample."""
        return cls(np.zeros((layers, layers)), np.zeros(layers), 0.0, 0, np.zeros(layers), 0)

    @property
    def free(self) -> int:
        """Return the degrees of freedom of the residual."""
        return self.count - len(self.right)

    def levels(self) -> tuple[FloatArray, FloatArray] | None:
        """Return the levels and their covariances for a variance of 1; None where they are not unique."""
        scale = np.sqrt(np.diag(self.matrix))
        if self.free <= 0 or np.any(scale == 0):
            return None
        normal = self.matrix / np.outer(scale, scale)
        if np.linalg.eigvalsh(normal)[0] < _LEAST_EIGENVALUE:
            return None
        levels = np.linalg.solve(normal, self.right / scale) / scale
        return levels, np.linalg.inv(normal) / np.outer(scale, scale)

    def residual(self) -> float:
        """Return the sum of squares that the levels leave; infinite where there are none."""
        found = self.levels()
        return math.inf if found is None else max(0.0, self.squares - float(found[0] @ self.right))

    def energies(self) -> tuple[FloatArray, FloatArray] | None:
        """Return each layer's energy per inference and the standard uncertainty that the scatter gives it."""
        found = self.levels()
        if found is None:
            return None
        levels, covariance = found
        each = self.time / self.inferences
        scatter = np.sqrt(self.residual() / self.free * np.diag(covariance))
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

    Marks in the wrong place leave larger residuals. The search covers `expected` ± `reach`, down to a quarter of a
    sample. A clock that puts the window in the wrong place also makes it too long or too short: by `rate` or, if
    that is None, by the shift over the time since the trace began.
    """
    placed, marks = pair

    def residual(shift: float) -> float:
        there = moved(placed, shift, shift / placed.start if rate is None else rate)
        return fit_levels(source, [places((there, marks), 0.0, 0.0)], layers).residual()

    best, step = expected, reach / 4
    while True:
        tried = [best + k * step for k in range(-4, 5)]
        best = min((min(expected + reach, max(expected - reach, shift)) for shift in tried), key=residual)
        if step <= _FINEST:
            return best
        step = max(_FINEST, step / 4)

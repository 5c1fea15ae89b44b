# SPDX-License-Identifier: Apache-2.0
"""Resample the energy of a run to the form of `results.json`.

There, a sample is the energy of one millisecond in joule, and a window lies between two sample indices. A monitor
with another sample period, or an edge inside a sample, does not fit that form. So the energy of a window is
divided into equal parts, one per millisecond, whose sum is the energy that our result states for the window. The
same is done between the windows. The edges of the trial before the first window are not among the timestamps.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.recorded import EnergySource, session_source
from energy_runner.errors import SessionError
from energy_runner.session.result import WindowResult
from energy_runner.submission.model import Run

FloatArray = npt.NDArray[np.float64]
_PARTS_PER_S = 1000
_AFTER_S = 0.1  # how long a pass continues after its window
_BLOCK = 1 << 20
_TOUCHED = 1e-6  # of a sample; less is rounding


@dataclass(frozen=True)
class PassSamples:
    """The samples of one pass, in joule, and the indices at which its window begins and ends."""

    energy_j: FloatArray
    start: int
    stop: int


def lay_out(run: Run) -> Iterator[PassSamples]:
    """Yield the samples of each pass; passes follow each other without a gap, as the acquisition was continuous.

    Raises `SessionError` for a run without a monitor or with a window that has no energy.
    """
    if run.voltage_set_v is None:
        raise SessionError(f"{run.session.path}: names no power monitor")
    edges = [_edges(window) for window in run.result.windows]
    with run.session.trace() as trace:
        source = session_source(run.session, trace)
        end_s = source.length * source.period_s
        starts_s = [*(start_s for start_s, _, _ in edges), end_s]
        begin_s = 0.0
        for number, (start_s, stop_s, energy_j) in enumerate(edges):
            until_s = stop_s + min(_AFTER_S, max(0.0, starts_s[number + 1] - stop_s) / 2)
            if number + 1 == len(edges):
                until_s = max(stop_s, end_s)
            before = in_milliseconds(source, begin_s, start_s)
            inside = in_milliseconds(source, start_s, stop_s)
            after = in_milliseconds(source, stop_s, until_s)
            inside *= energy_j / np.sum(inside)  # edges inside a sample and missing samples count as in the result
            samples_j = np.concatenate((before, inside, after))
            yield PassSamples(samples_j, len(before), len(before) + len(inside))
            begin_s = until_s


def _edges(window: WindowResult) -> tuple[float, float, float]:
    if window.start_s is None or window.stop_s is None or window.energy_j is None:
        raise SessionError(f"window {window.index + 1} has no energy")
    return window.start_s, window.stop_s, window.energy_j


def in_milliseconds(source: EnergySource, start_s: float, stop_s: float) -> FloatArray:
    """Return the energy of a stretch in equal parts of about a millisecond, in joule.

    A part with a missing sample gets the mean of the others, because the format cannot express an unknown value.
    """
    parts = round(max(0.0, stop_s - start_s) * _PARTS_PER_S)
    energies = _energies(source, np.linspace(start_s, stop_s, parts + 1) / source.period_s)
    missing = np.isnan(energies)
    if missing.any():
        energies[missing] = 0.0 if missing.all() else np.mean(energies[~missing])
    return energies


def _energies(source: EnergySource, positions: FloatArray) -> FloatArray:
    """Return the energy in J between neighbouring `positions` (in samples, rising); NaN where a sample is missing.

    A fraction of a sample counts in proportion. Memory does not grow with the number of samples.
    """
    positions = np.clip(positions, 0, source.length)  # seconds to samples and back may cost the last bit
    reached, gone = np.zeros(len(positions)), np.zeros(len(positions))
    first, last = int(positions[0]), math.ceil(positions[-1])
    total = lost = 0.0
    for begin in range(first, last, _BLOCK):
        end = min(begin + _BLOCK, last)
        samples = np.asarray(source.read(begin, end), dtype=np.float64)
        there = np.isfinite(samples)
        grid = np.arange(begin, end + 1, dtype=np.float64)
        here = (positions >= begin) & (positions <= end)
        energy = total + np.concatenate(([0.0], np.cumsum(np.where(there, samples, 0.0))))
        losses = lost + np.concatenate(([0.0], np.cumsum(~there)))
        reached[here] = np.interp(positions[here], grid, energy)
        gone[here] = np.interp(positions[here], grid, losses)
        total, lost = float(energy[-1]), float(losses[-1])
    parts: FloatArray = np.diff(reached) * source.joule
    parts[np.diff(gone) > _TOUCHED] = np.nan
    return parts

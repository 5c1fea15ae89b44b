# SPDX-License-Identifier: Apache-2.0
"""Find a session's single inferences: windows, distributions, drift, warm-up and the idle level.

Everything here accompanies the score and never replaces it: the score is the energy between two edges over
the number of inferences, whatever a window looks like inside.
"""

import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.recorded import recorded_clock, recorded_source
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import Facts, gather
from energy_runner.analysis.inferences.averaged import averaged
from energy_runner.analysis.inferences.count import WindowTrace
from energy_runner.analysis.inferences.distribution import Distribution, describe
from energy_runner.analysis.inferences.shared_anchor import share_anchor
from energy_runner.analysis.inferences.train import (
    NotResolved,
    Train,
    durations_s,
    energies_j,
    find_train,
)
from energy_runner.analysis.levels.changepoints import find_levels
from energy_runner.analysis.levels.idle import PowerLevel
from energy_runner.analysis.levels.measure import find_levels_outside
from energy_runner.analysis.placing.alignment import Alignment, Placed, align
from energy_runner.analysis.placing.edges import match_edges
from energy_runner.errors import SessionError
from energy_runner.session.folder import Session

FloatArray = npt.NDArray[np.float64]

MOST_SAMPLES_A_PERIOD = 512  # beyond it samples are averaged: more cost time and do not sharpen the boundaries
MOST_SAMPLES = 1 << 21
RATE_SIGMAS = 3.0  # of the IO manager's rate, for how far a window placed by its laps may be off
_MARGIN = 24  # samples beyond an edge
_HISTOGRAM_BINS = 40
_MIX_U = 0.14  # of a sample times the step there: sharing it out by flat levels may be off by a quarter
_LEAST_LEVEL = 3  # samples: a shorter phase inside an inference is an edge
_LEAST_STEP = 0.01  # of the mean power: the least step between two phases inside an inference


@dataclass(frozen=True)
class EstimatedPhase:
    """A constant level inside the typical inference: where it begins after the inference's own beginning."""

    start_s: float
    duration_s: float
    power_w: float
    energy_j: float


@dataclass(frozen=True, repr=False)
class WindowInferences:
    """The single inferences of window `index` (from 0); all times in seconds of the monitor's own clock.

    Where `resolved` is False, `reason` says why, and only the stated figures are there. `counted` is how often
    the trace repeats in the window, measured without the stated count. `boundaries_s` has the beginning of
    each inference and the end of the last, `boundary_u_s` their standard uncertainties. `lead_s` passes
    between the first edge and the first inference, `tail_s` between the last inference and the last edge;
    they can be negative where the edges are captured coarsely. `energy_j` is NaN for an inference with
    missing samples. `energy_resolution_j` is the scatter of the energies that comes from the boundaries'
    uncertainty and from dividing the samples that hold a boundary. `above_idle_j` is the window's energy per
    inference less the idle power over the same time.
    `shape_w` is the typical inference, its mean power in steps of about one sample; `estimated_phases` are the
    constant levels in it, known from the trace alone.
    """

    index: int
    stated: int
    resolved: bool
    reason: str = ""
    inferences: int = 0
    counted: float | None = None
    period_s: float | None = None
    period_u_s: float | None = None
    strength: float | None = None
    lead_s: float | None = None
    tail_s: float | None = None
    anchored: bool = False
    boundaries_s: tuple[float, ...] = ()
    boundary_u_s: tuple[float, ...] = ()
    energy_j: tuple[float, ...] = ()
    duration_s: tuple[float, ...] = ()
    energy: Distribution | None = None
    duration: Distribution | None = None
    energy_resolution_j: float | None = None
    energy_per_inference_j: float | None = None
    above_idle_j: float | None = None
    above_idle_u_j: float | None = None
    shape_w: tuple[float, ...] = ()
    estimated_phases: tuple[EstimatedPhase, ...] = ()
    disagreements: tuple[str, ...] = ()

    def __repr__(self) -> str:
        found = f"{self.inferences} inferences" if self.resolved else f"not resolved, {self.reason}"
        return f"<WindowInferences {self.index + 1}: {found}>"


@dataclass(frozen=True, repr=False)
class Segmentation:
    """Every window of a session, the idle level (None where none was found) and where it was searched."""

    windows: tuple[WindowInferences, ...]
    idle: PowerLevel | None
    idle_searched: str

    def __repr__(self) -> str:
        found = sum(window.inferences for window in self.windows if window.resolved)
        return f"<Segmentation of {len(self.windows)} windows: {found} inferences found>"


@dataclass(frozen=True)
class SegmentationSummary:
    """The data that a report draws. Energies in joule, times in seconds.

    `histogram_edges_j` has one value more than each row of `histogram_counts`, which has a row for each
    resolved window, in the order of `window_indices`. `drift_at_s` and `drift_energy_j` hold for each of these
    windows the middle of each inference after the window's first boundary, and its energy.
    """

    segmentation: Segmentation
    window_indices: tuple[int, ...]
    histogram_edges_j: FloatArray
    histogram_counts: tuple[npt.NDArray[np.int64], ...]
    drift_at_s: tuple[FloatArray, ...]
    drift_energy_j: tuple[FloatArray, ...]


def segment_session(session: Session, window: int | None = None) -> Segmentation:
    """Return the single inferences of all windows of an energy session, or of `window` (from 0) alone.

    All windows are used to find where an inference begins, also when only one is asked for. Raises
    `SessionError` for a session without trace or windows, or for a window that it does not have.
    """
    facts = gather(session.journal(exchanges=False))
    if facts.monitor is None or not session.has_trace():
        raise SessionError(f"{session.path}: holds no power trace, so there are no inferences to find in it")
    alignment = align(facts, match_edges(facts), recorded_clock(facts)[1])
    if not facts.windows():
        raise SessionError(f"{session.path}: no window was measured")
    if window is not None and not 0 <= window < len(alignment.windows):
        raise SessionError(f"{session.path}: has windows 1 to {len(alignment.windows)}, not {window + 1}")
    with session.trace() as trace:
        source = recorded_source(trace, facts)
        outside = find_levels_outside(session, source, facts, alignment)
        found = segment_windows(source, facts, alignment, outside.idle, outside.searched)
    return found if window is None else replace(found, windows=(found.windows[window],))


def segment_windows(
    source: EnergySource, facts: Facts, alignment: Alignment, idle: PowerLevel | None, searched: str
) -> Segmentation:
    """Return the single inferences of all windows of a trace whose idle level is known, or None."""
    found = find_trains(source, facts, alignment)
    frames = list(found.frames)
    for index, train in found.trains.items():
        frames[index] = _resolved(frames[index], train, found.origins[index] * source.step_s)
    windows = (
        _above_idle(frame, placed, idle, source.step_s)
        for frame, placed in zip(frames, alignment.windows, strict=False)
    )
    return Segmentation(tuple(windows), idle, searched)


@dataclass(frozen=True)
class FoundTrains:
    """The trains of the windows that show one, by index; `frames` say of the others why they do not.

    `origins` are the places in the trace, in samples of the source, at which the samples of a train begin.
    """

    frames: tuple[WindowInferences, ...]
    trains: dict[int, Train]
    origins: dict[int, int]


def find_trains(source: EnergySource, facts: Facts, alignment: Alignment) -> FoundTrains:
    """Return the inferences of all windows as arrays, without the figures of each window."""
    trains: dict[int, Train] = {}
    origins: dict[int, int] = {}
    frames: list[WindowInferences] = []
    stated = [inference.inferences for inference in facts.windows()]
    for index, (placed, count) in enumerate(zip(alignment.windows, stated, strict=False)):
        frame = WindowInferences(index, count, resolved=False)
        if placed is None or not 0 <= placed.start < placed.stop <= source.length:
            frames.append(replace(frame, reason="not resolved: the window's edges are in doubt"))
            continue
        traced, origins[index] = _traced(source, placed, alignment, count)
        total = source.window(placed.start, placed.stop).total * source.joule
        frame = replace(frame, energy_per_inference_j=total / count if math.isfinite(total) else None)
        found = find_train(traced)
        if isinstance(found, NotResolved):
            frame = replace(frame, reason=f"not resolved: {found.reason}")
        else:
            trains[index] = found
        frames.append(frame)
    shared = dict(zip(trains, share_anchor(list(trains.values())), strict=True))
    return FoundTrains(tuple(frames), shared, origins)


def typical_phases(train: Train) -> tuple[EstimatedPhase, ...]:
    """Return the constant levels of the typical inference of a train."""
    return _phases_inside(_shape(train), train.aligned.period * train.window.period_s)


def segmentation_summary(session: Session, segmentation: Segmentation | None = None) -> SegmentationSummary:
    """Return what a report draws of a session's inferences; pure, the same for the same facts."""
    found = segmentation if segmentation is not None else segment_session(session)
    resolved = [window for window in found.windows if window.resolved]
    energies = [np.array(window.energy_j) for window in resolved]
    known = [values[np.isfinite(values)] for values in energies]
    pooled = np.concatenate(known) if known else np.zeros(0)
    edges = _bins(pooled)
    middles = []
    for window in resolved:
        bounds = np.array(window.boundaries_s)
        middles.append(0.5 * (bounds[1:] + bounds[:-1]) - bounds[0])
    return SegmentationSummary(
        segmentation=found,
        window_indices=tuple(window.index for window in resolved),
        histogram_edges_j=edges,
        histogram_counts=tuple(np.histogram(values, edges)[0].astype(np.int64) for values in known),
        drift_at_s=tuple(middles),
        drift_energy_j=tuple(energies),
    )


def _bins(values: FloatArray) -> FloatArray:
    """Return the edges of equal bins over the middle of the values, all outliers in the outermost bins."""
    if len(values) == 0:
        return np.array([0.0, 1.0])
    low, high = np.quantile(values, [0.005, 0.995])
    reach = max(float(high - low), 1e-9 * abs(float(high)), 1e-300)
    edges = np.linspace(low - 0.1 * reach, high + 0.1 * reach, _HISTOGRAM_BINS + 1)
    edges[0] = min(edges[0], float(np.min(values)))
    edges[-1] = max(edges[-1], float(np.max(values)))
    return edges


def _traced(source: EnergySource, placed: Placed, alignment: Alignment, count: int) -> tuple[WindowTrace, int]:
    """Return the samples around a window, averaged where there are very many, and the place of the first."""
    slack = placed.half_width + RATE_SIGMAS * (alignment.rate_u or 0.0) * placed.stop
    duration = placed.stop - placed.start
    factor = max(1, int(duration / max(1, count) / MOST_SAMPLES_A_PERIOD), int(duration / MOST_SAMPLES))
    reach = slack + _MARGIN * factor
    first = max(0, int(placed.start - reach))
    last = min(source.length, math.ceil(placed.stop + reach))
    power_w = averaged(source, first, last, factor)
    return (
        WindowTrace(
            power_w=power_w,
            period_s=source.step_s * factor,
            start=(placed.start - first) / factor,
            stop=(placed.stop - first) / factor,
            slack=slack / factor,
            stated=count,
        ),
        first,
    )


def _resolved(frame: WindowInferences, train: Train, origin_s: float) -> WindowInferences:
    """Return the window with the figures of its inferences."""
    period_s = train.window.period_s
    bounds = train.boundaries * period_s
    energy, duration = energies_j(train), durations_s(train)
    shape_w = _shape(train)
    middles = 0.5 * (bounds[1:] + bounds[:-1])
    whole = energy[np.isfinite(energy)]  # none, where every inference lost a sample
    power_w = float(np.median(whole) / np.median(duration)) if len(whole) else None
    own_u = float(np.median(train.aligned.u)) * period_s
    step_w = float(shape_w[-1] - shape_w[0])
    window = train.window
    return replace(
        frame,
        resolved=True,
        inferences=train.count,
        counted=None if train.free is None else (window.stop - window.start) / train.free.samples,
        period_s=train.aligned.period * period_s,
        period_u_s=train.aligned.period_u * period_s,
        strength=train.strength,
        lead_s=bounds[0] - window.start * period_s,
        tail_s=window.stop * period_s - bounds[-1],
        anchored=train.anchor.seen,
        boundaries_s=tuple((bounds + origin_s).tolist()),
        boundary_u_s=tuple((train.u * period_s).tolist()),
        energy_j=tuple(energy.tolist()),
        duration_s=tuple(duration.tolist()),
        energy=describe(energy, middles),
        duration=describe(duration, middles),
        energy_resolution_j=None
        if power_w is None
        else math.sqrt(2) * math.hypot(own_u * power_w, _MIX_U * step_w * period_s),
        shape_w=tuple(shape_w.tolist()),
        estimated_phases=_phases_inside(shape_w, train.aligned.period * period_s),
        disagreements=train.disagreements,
    )


def _shape(train: Train) -> FloatArray:
    """Return the power of the typical inference in steps of about one sample from its beginning on."""
    period = train.aligned.period
    steps = max(4, round(period))
    begin = train.anchor.shift / period
    return float(np.median(train.aligned.scale)) * train.aligned.template.at(begin + np.arange(steps) / steps)


def _phases_inside(shape_w: FloatArray, period_s: float) -> tuple[EstimatedPhase, ...]:
    """Return the constant levels of the typical inference; steps below 1 % of the mean power are ignored."""
    least_step = _LEAST_STEP * float(np.mean(np.abs(shape_w)))
    levels = find_levels(shape_w, least_step=least_step, least_samples=_LEAST_LEVEL)
    step_s = period_s / len(shape_w)
    return tuple(
        EstimatedPhase(start * step_s, (stop - start) * step_s, power_w, power_w * (stop - start) * step_s)
        for (start, stop), power_w in zip(pairwise(levels.edges.tolist()), levels.mean.tolist(), strict=True)
    )


def _above_idle(
    frame: WindowInferences, placed: Placed | None, idle: PowerLevel | None, period_s: float
) -> WindowInferences:
    if idle is None or placed is None or frame.energy_per_inference_j is None:
        return frame
    each_s = (placed.stop - placed.start) * period_s / frame.stated
    return replace(
        frame,
        above_idle_j=frame.energy_per_inference_j - idle.power_w * each_s,
        above_idle_u_j=idle.u_w * each_s,
    )

# SPDX-License-Identifier: Apache-2.0
"""Sessions laid over each other: their windows from the start on, their mean inferences, and how they differ."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from energy_runner.analysis.against.baseline import baseline_of
from energy_runner.analysis.against.better import as_document, differences, in_words, sentence
from energy_runner.analysis.energy.recorded import recorded_clock, recorded_source
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import Facts, FloatArray, gather
from energy_runner.analysis.inferences.segment import WindowInferences, segment_windows
from energy_runner.analysis.placing.alignment import NONE, Alignment, Placed
from energy_runner.analysis.region.places import Window, windows_of
from energy_runner.errors import ConfigurationError, RunnerError, SessionError
from energy_runner.report.charts.power import PowerTrace
from energy_runner.report.figures.fold import HIGH, LOW, MeanInference, fold
from energy_runner.session.folder import Session
from energy_runner.session.result import Result
from energy_runner.session.trace import TraceReader

MOST_SESSIONS = 16
MOST_COLUMNS = 8192
_READ = 1 << 18  # samples at once
_SAME_PERIOD = 1e-9


@dataclass(frozen=True)
class Curve:
    """The power in columns of `step_s` from the start of a window on, in W; NaN where no sample is there.

    `mean_w` is the mean over all windows of what each has in a column, `low_w` the least of them, `high_w` the
    largest.
    """

    step_s: float
    low_w: FloatArray
    mean_w: FloatArray
    high_w: FloatArray


@dataclass(frozen=True)
class Laid:
    """One session of an overlay: its curve and its mean inference, each None where there is none.

    `notes` says why.
    """

    session: Session
    result: Result | None
    period_s: float | None
    windows: tuple[Window, ...]
    curve: Curve | None
    mean: MeanInference | None
    inferences: WindowInferences | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Overlay:
    """Sessions laid over each other. `pairs` compares each of them with the first one, in words and in figures."""

    laid: tuple[Laid, ...]
    pairs: tuple[dict[str, Any], ...]
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return the overlay for JSON: SI units, None for what is not known."""
        return {
            "sessions": [_session(one) for one in self.laid],
            "differences": list(self.pairs),
            "notes": list(self.notes),
        }


def overlay(sessions: Sequence[Session], columns: int = 600) -> Overlay:
    """Return sessions laid over each other, their windows aligned at their starts, in at most `columns` columns.

    The first one is what the others are compared with. What a session does not have is left out, and its notes
    say so. Raises `ConfigurationError` for no session, or too many sessions or columns.
    """
    if not 1 <= len(sessions) <= MOST_SESSIONS:
        raise ConfigurationError(f"{len(sessions)} sessions were asked for. Try: 1 to {MOST_SESSIONS}")
    if not 1 <= columns <= MOST_COLUMNS:
        raise ConfigurationError(f"{columns} columns were asked for. Try: 1 to {MOST_COLUMNS}")
    opened = [_Opened(session) for session in sessions]
    longest_s = max((one.longest_s for one in opened), default=0.0)
    coarsest_s = max((one.step_s or 0.0 for one in opened), default=0.0)
    step_s = max(longest_s / columns, coarsest_s)
    laid = tuple(one.laid(step_s) for one in opened)
    pairs = tuple(_pair(laid[0], other, number) for number, other in enumerate(laid[1:], start=1))
    return Overlay(laid, pairs, tuple(_unlike(laid)))


class _Opened:
    """A session and what of it can be laid over others; what is damaged is in `notes`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.notes: list[str] = []
        self.windows: list[Window] = []
        self.facts: Facts | None = None
        self.step_s: float | None = None
        self.result: Result | None = None
        try:
            self.result = session.result()
        except SessionError as error:
            self.notes.append(str(error))
        try:
            self._look()
        except RunnerError as error:
            self.notes.append(str(error))

    def _look(self) -> None:
        if not self.session.has_trace():
            self.notes.append("it has no power trace, so there is no curve")
            return
        facts = gather(self.session.journal(exchanges=False))
        with self.session.trace(facts.rail) as trace:
            source = recorded_source(trace, facts)
        windows, notes = windows_of(self.session, facts, recorded_clock(facts)[1], source.period_s)
        self.facts, self.step_s = facts, source.step_s
        self.windows = [one for one in windows if one.stop <= source.length]
        self.notes += notes
        if len(facts.rails) > 1:
            self.notes.append(f"the curve is that of the rail {facts.rail}, the figures are those of all rails")
        if not self.windows:
            self.notes.append("none of its windows lies in the trace, so there is no curve")

    @property
    def longest_s(self) -> float:
        return max(((one.stop - one.start) * (self.step_s or 0.0) for one in self.windows), default=0.0)

    def laid(self, step_s: float) -> Laid:
        curve, mean, inferences = None, None, None
        if self.facts is not None and self.windows:
            try:
                with self.session.trace(self.facts.rail) as trace:
                    source = recorded_source(trace, self.facts)
                    curve = _curve(source, self.windows, step_s)
                    mean, inferences = _mean(trace, source, self.facts, self.windows)
            except RunnerError as error:
                self.notes.append(str(error))
            if curve is not None and mean is None:
                self.notes.append(f"no mean inference: {_why(inferences)}")
        return Laid(
            session=self.session,
            result=self.result,
            period_s=self.step_s,
            windows=tuple(self.windows),
            curve=curve,
            mean=mean,
            inferences=inferences,
            notes=tuple(self.notes),
        )


# --- curves ---------------------------------------------------------------------------------------------


def _curve(source: EnergySource, windows: Sequence[Window], step_s: float) -> Curve:
    longest = max(window.stop - window.start for window in windows) * source.step_s
    columns = max(1, math.ceil(longest / step_s - 1e-9))
    each = np.array([_columns(source, window, step_s, columns) for window in windows])
    there = np.isfinite(each)
    count = there.sum(axis=0)
    known = count > 0
    mean = np.where(known, np.where(there, each, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)
    low = np.where(known, np.where(there, each, np.inf).min(axis=0), np.nan)
    high = np.where(known, np.where(there, each, -np.inf).max(axis=0), np.nan)
    return Curve(step_s, low, mean, high)


def _columns(source: EnergySource, window: Window, step_s: float, columns: int) -> FloatArray:
    """Return the mean power of the samples of a window whose middle lies in each column, at constant memory."""
    width = step_s / source.step_s  # samples in a column
    first, stop = math.ceil(window.start), math.floor(window.stop)
    edges = np.ceil(window.start + np.arange(columns + 1) * width - 0.5).astype(np.int64)
    edges = np.clip(edges, first, stop)
    total, count = np.zeros(columns), np.zeros(columns, dtype=np.int64)
    for begin in range(first, stop, _READ):
        end = min(begin + _READ, stop)
        power_w = np.asarray(source.power_w(begin, end), dtype=np.float64)
        there = np.isfinite(power_w)
        sums = np.concatenate(([0.0], np.cumsum(np.where(there, power_w, 0.0))))
        counts = np.concatenate(([0], np.cumsum(there)))
        cuts = np.clip(edges - begin, 0, end - begin)
        total += np.diff(sums[cuts])
        count += np.diff(counts[cuts])
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _mean(
    trace: TraceReader, source: EnergySource, facts: Facts, windows: Sequence[Window]
) -> tuple[MeanInference | None, WindowInferences | None]:
    """Return the mean inference of the window whose energy is the median, or of the one next to it."""
    placed: list[Placed | None] = [None] * len(facts.windows())
    for window in windows:
        if window.index < len(placed):
            placed[window.index] = Placed(window.start, window.stop, half_width=1.0)
    found = segment_windows(source, facts, Alignment(NONE, placed), None, "").windows
    resolved = sorted(
        (one for one in found if one.resolved), key=lambda one: one.energy_per_inference_j or math.inf
    )
    if not resolved:
        return None, next((one for one in found if one.reason), None)
    middle = resolved[(len(resolved) - 1) // 2]
    return fold(PowerTrace(trace, facts), middle), middle


def _why(found: WindowInferences | None) -> str:
    return found.reason if found is not None and found.reason else "single inferences were not found"


# --- differences ----------------------------------------------------------------------------------------


def _pair(first: Laid, other: Laid, number: int) -> dict[str, Any]:
    """Return how a session differs from the first one; `why` says why nothing can be said, if so."""
    pair: dict[str, Any] = {"a": 0, "b": number, "figures": [], "sentence": "", "why": ""}
    if first.result is None or other.result is None:
        which = "A" if first.result is None else "B"
        return pair | {"why": f"{which} has no result. Try: energy-runner analyze {_of(which, first, other)}"}
    try:
        found = differences(baseline_of(first.session, first.result), baseline_of(other.session, other.result))
    except RunnerError as error:
        return pair | {"why": str(error)}
    figures = [as_document(one) | {"words": in_words(one)} for one in found]
    return pair | {"figures": figures, "sentence": sentence(found)}


def _of(which: str, first: Laid, other: Laid) -> str:
    return str((first if which == "A" else other).session.path)


def _unlike(laid: Sequence[Laid]) -> list[str]:
    """Return in what the sessions are not alike, so that a reader does not take them for it."""
    records = [one.session.record for one in laid]
    notes = []
    for what, values in (
        ("of different benchmarks", [one.benchmark.id for one in records]),
        ("of different modes", [one.run.mode for one in records]),
    ):
        if len(set(values)) > 1:
            notes.append(f"the sessions are {what}: {', '.join(dict.fromkeys(values))}")
    if len({one.virtual for one in records}) > 1:
        notes.append("some of the sessions are simulated, others measured: they say nothing of each other")
    periods = [one.period_s for one in laid if one.period_s]
    if periods and max(periods) > min(periods) * (1 + _SAME_PERIOD):
        notes.append(
            f"their samples last from {min(periods):.6g} s to {max(periods):.6g} s; a column is never shorter "
            "than the longest of them"
        )
    if len({one.session_id for one in records}) < len(records):
        notes.append("the same session is there more than once")
    return notes


# --- JSON -----------------------------------------------------------------------------------------------


def _session(one: Laid) -> dict[str, Any]:
    record, score = one.session.record, one.result.energy_per_inference_j if one.result is not None else None
    return {
        "session_id": record.session_id,
        "name": one.session.path.name,
        "benchmark": record.benchmark.id,
        "mode": record.run.mode,
        "virtual": record.virtual,
        "valid": one.result.valid if one.result is not None else None,
        "score_j": score.median if score is not None else None,
        "U_j": score.U if score is not None else None,
        "period_s": one.period_s,
        "windows": [window.index for window in one.windows],
        "curve": _curve_document(one.curve),
        "inference": _inference_document(one),
        "notes": list(one.notes),
    }


def _curve_document(curve: Curve | None) -> dict[str, Any] | None:
    if curve is None:
        return None
    return {
        "step_s": curve.step_s,
        "at_s": [k * curve.step_s for k in range(len(curve.mean_w))],
        "low_w": _numbers(curve.low_w),
        "mean_w": _numbers(curve.mean_w),
        "high_w": _numbers(curve.high_w),
    }


def _inference_document(one: Laid) -> dict[str, Any] | None:
    mean, found = one.mean, one.inferences
    if mean is None or found is None:
        return None
    energy = found.energy
    return {
        "window": mean.index,
        "inferences": mean.inferences,
        "at_s": mean.at_s.tolist(),
        "low_w": _numbers(mean.low_mw * 1e-3),
        "mean_w": _numbers(mean.mean_mw * 1e-3),
        "high_w": _numbers(mean.high_mw * 1e-3),
        "spread": f"{LOW:.0f} % to {HIGH:.0f} % of the samples",
        "energy_j": None
        if energy is None
        else {"median": energy.median, "p5": energy.p5, "p95": energy.p95, "sigma": energy.sigma},
        "duration_s": found.duration.median if found.duration is not None else None,
    }


def _numbers(values: FloatArray) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values.tolist()]

# SPDX-License-Identifier: Apache-2.0
"""Single inferences: found by what repeats in the trace, else by the marks of the DUT, else by its lines."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.recorded import recorded_source
from energy_runner.analysis.inferences.distribution import describe
from energy_runner.analysis.inferences.segment import EstimatedPhase, find_trains, typical_phases
from energy_runner.analysis.inferences.train import Train as FoundTrain
from energy_runner.analysis.inferences.train import energies_j
from energy_runner.report.units import microjoules, prefixed
from energy_runner.session.events import InferenceDone
from energy_runner.viewer.layers.items import WARN, Family, FloatArray, Said, none, spans
from energy_runner.viewer.layers.network import marked
from energy_runner.viewer.layers.seen import Seen, trace_or_none
from energy_runner.viewer.plain_text import own

_MOST_REASONS = 3


@dataclass(frozen=True)
class Train:
    """The inferences of window `index`: where each begins and the last ends (s of the trace), and their energies.

    `typical` are the constant levels in the typical one; `outliers` are numbers of inferences.
    """

    index: int
    bounds_s: FloatArray
    energy_j: FloatArray
    typical: tuple[EstimatedPhase, ...] = ()
    outliers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Trains:
    """What was found in all windows, and why nothing was in the others."""

    found: tuple[Train, ...]
    reasons: tuple[str, ...]


def trains(seen: Seen) -> Trains:
    """Return the inferences of an energy run; this reads its windows and takes some seconds for long ones."""
    by_trace, reasons = _by_trace(seen)
    known = {train.index: train for train in by_trace}
    for one in marked(seen):
        if one.window not in known and one.why_not == "":
            bounds = np.append(one.begin_s[:: len(one.names)], one.stop_s)
            known[one.window] = Train(one.window, bounds, np.full(len(bounds) - 1, np.nan))
    left = tuple(reason for index, reason in reasons.items() if index not in known)
    return Trains(tuple(known[index] for index in sorted(known)), left)


def _by_trace(seen: Seen) -> tuple[list[Train], dict[int, str]]:
    alignment = seen.alignment
    if not trace_or_none(seen.session) or alignment is None or not alignment.windows:
        return [], {}
    found: list[Train] = []
    reasons: dict[int, str] = {}
    with seen.careful("single inferences"), seen.session.trace(seen.facts.rail) as trace:
        source = recorded_source(trace, seen.facts)
        told = find_trains(source, seen.facts, alignment)
        found += [_train(k, train, told.origins[k] * source.step_s) for k, train in told.trains.items()]
        reasons |= {one.index: f"window {one.index + 1}: {one.reason}" for one in told.frames if one.reason}
    return found, reasons


def _train(index: int, train: FoundTrain, origin_s: float) -> Train:
    """Return a train in seconds of the trace; its samples are let go."""
    bounds = train.boundaries * train.window.period_s
    energy = energies_j(train)
    outlying = describe(energy, 0.5 * (bounds[1:] + bounds[:-1]))
    outliers = frozenset(outlying.outliers) if outlying is not None else frozenset[int]()
    return Train(index, bounds + origin_s, energy, typical_phases(train), outliers)


def inferences(seen: Seen, found: Trains) -> Family:
    """Return a span for each inference; where nothing was sampled, those of the DUT's lines."""
    if not seen.sampled:
        return _by_lines(seen)
    if not found.found:
        return none("span", _why(found.reasons) or _why_none(seen))
    counts = np.array([len(train.energy_j) for train in found.found])
    ends = np.cumsum(counts)
    codes = np.concatenate([_codes(train) for train in found.found])

    def say(number: int) -> Said:
        k = int(np.searchsorted(ends, number, "right"))
        return _said(found.found[k], number - int(ends[k] - counts[k]))

    return spans(
        np.concatenate([train.bounds_s[:-1] for train in found.found]),
        np.concatenate([train.bounds_s[1:] for train in found.found]),
        say,
        "inferences",
        classes=codes,
        why_not=_why(found.reasons),
    )


def _codes(train: Train) -> npt.NDArray[np.uint8]:
    found = np.zeros(len(train.energy_j), dtype=np.uint8)
    inside = [k for k in train.outliers if 0 <= k < len(found)]
    found[inside] = WARN
    return found


def _said(train: Train, k: int) -> Said:
    energy_j, lasts_s = float(train.energy_j[k]), float(train.bounds_s[k + 1] - train.bounds_s[k])
    energy = (
        "its energy is not known, a sample of it is missing" if np.isnan(energy_j) else microjoules(energy_j, 5)
    )
    odd = k in train.outliers
    more = ", farther from the others than chance explains" if odd else ""
    text = f"inference {k + 1} of window {train.index + 1}: {energy}, {prefixed(lasts_s, 's', 4)}{more}"
    return Said(str(k + 1), own(text), "warn" if odd else "")


def _why(reasons: tuple[str, ...]) -> str:
    more = f"; and {len(reasons) - _MOST_REASONS} more windows" if len(reasons) > _MOST_REASONS else ""
    return own("; ".join(reasons[:_MOST_REASONS]) + more)


def _why_none(seen: Seen) -> str:
    if not trace_or_none(seen.session):
        return "there is no trace in which they could be found"
    return "no window has a place in the trace, in which they could be found"


def _by_lines(seen: Seen) -> Family:
    """Return each `infer` command of a run without samples, from its first line to its last."""
    starts, stops, counts, stimuli = [], [], [], []
    for done in seen.journal.of(InferenceDone):
        begun_ns = done.sent_ns if done.start_line_ns is None else done.start_line_ns
        ended_ns = done.t_ns if done.done_line_ns is None else done.done_line_ns
        starts.append(begun_ns)
        stops.append(ended_ns)
        counts.append(done.inferences)
        stimuli.append(done.stimulus)
    files = seen.session.record.stimuli

    def say(number: int) -> Said:
        file = files[stimuli[number]].file if 0 <= stimuli[number] < len(files) else "?"
        many = "inference" if counts[number] == 1 else "inferences"
        return Said(str(counts[number]), own(f"{counts[number]} {many} of {file}, by the DUT's lines"))

    place = partial(np.array, dtype=np.int64)
    why = seen.times.why_not if starts else "no inference has ended"
    return spans(seen.times.places(place(starts)), seen.times.places(place(stops)), say, "commands", why_not=why)

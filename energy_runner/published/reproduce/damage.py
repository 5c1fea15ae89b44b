# SPDX-License-Identifier: Apache-2.0
"""Which of the figures that do not come out again the damage of the data can explain, and which it cannot.

A sample that is no number in the idle part is no excuse for a forged median. So each kind of damage names the
figures that it touches: a window's own where that window does not come out again, a median only as far as the
windows that were touched could move it, an accuracy only by the answers that are not numbers.
"""

import math
import statistics
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from energy_runner.published.model import Figure, MlcommonsPass, Note, PublishedSession
from energy_runner.published.reproduce.contradictions import MEDIANS, half_step
from energy_runner.wording import printed_number

Touches = Callable[[PublishedSession, Note, Figure, float | None], bool]
Pairs = Sequence[tuple[Figure, str]]

# What is added up from samples; all others follow from edges and counts alone.
_OF_SAMPLES = {"Energy", "Total Energy", "Power", "Energy/Inf.", "Energy/Inf"}


def explained(session: PublishedSession, reproduction: Sequence[Figure]) -> frozenset[Figure]:
    """Return the published figures that the data give otherwise, and that a fault among the notes can explain.

    `reproduction` are all figures that the data give; a window whose figures all come out again is not touched.
    """
    mine = {(figure.field, figure.window): figure.text for figure in reproduction}
    differing = [
        (figure, text)
        for figure in session.figures
        if (text := mine.get((figure.field, figure.window), figure.text)) != figure.text
    ]
    return _explained(session, differing, reproduction)


def _explained(session: PublishedSession, differing: Pairs, reproduction: Iterable[Figure]) -> frozenset[Figure]:
    faults = [note for note in session.notes if note.wrong and note.id in _TOUCHES]
    if not faults:
        return frozenset()
    found = {
        figure
        for figure, mine in differing
        if figure.field not in MEDIANS
        and any(_TOUCHES[note.id](session, note, figure, printed_number(mine)) for note in faults)
    }
    windows = {figure.window for figure in found}
    untouched = [figure for figure in reproduction if figure.window not in windows]
    found |= {
        figure for figure, _ in differing if figure.field in MEDIANS and _movable(figure, untouched, windows)
    }
    return frozenset(found)


def _movable(median: Figure, untouched: Sequence[Figure], touched: set[int | None]) -> bool:
    """Return whether a median can be what was printed, whatever the windows that were touched hold."""
    known = [one for one in untouched if one.window is not None and one.field in MEDIANS[median.field]]
    values = [value for one in known if (value := printed_number(one.text)) is not None]
    printed, free = printed_number(median.text), len(touched - {None}) + len(known) - len(values)
    if printed is None or not free:
        return False
    lower = statistics.median([*values, *[-math.inf] * free])
    upper = statistics.median([*values, *[math.inf] * free])
    slack = half_step(median) + max(map(half_step, known), default=0.0)
    return not (printed < lower - slack or printed > upper + slack)


def _by_samples(session: PublishedSession, note: Note, figure: Figure, mine: float | None) -> bool:
    if figure.field not in _OF_SAMPLES:
        return False
    return mine is None or not _sound(session, figure.window)


def _sound(session: PublishedSession, window: int | None) -> bool:
    """Return whether every sample of a window is a number that energy can be."""
    inside: Sequence[float] | np.ndarray = ()
    trace = session.trace
    if window is None:
        return True
    if trace is not None and 0 < window < len(trace.timestamps_s):
        first, last = sorted(trace.timestamps_s[window - 1 : window + 1])
        if math.isfinite(first) and math.isfinite(last):
            # A sample more on either side: where exactly the runner cut does not matter here.
            inside = trace.samples_uj[max(0, int(first * trace.rate_hz) - 1) : int(last * trace.rate_hz) + 2]
    elif 0 <= window < len(session.passes):
        inside = _of_pass(session.passes[window])
    values = np.asarray(inside)
    return bool(np.all(np.isfinite(values) & (values >= 0)))


def _of_pass(one: MlcommonsPass) -> Sequence[float] | np.ndarray:
    if one.samples_j is None or len(one.edges) < 2:
        return ()
    return one.samples_j[max(one.edges[-2], 0) : max(one.edges[-1], 0)]


def _by_length(session: PublishedSession, note: Note, figure: Figure, mine: float | None) -> bool:
    return figure.field in _OF_SAMPLES or figure.field in {"at time", "for"}


def _by_answers(session: PublishedSession, note: Note, figure: Figure, mine: float | None) -> bool:
    """Return whether as many answers as are not numbers can move an accuracy so far."""
    printed, answers = printed_number(figure.text), session.answers
    if mine is None or printed is None or answers is None or not isinstance(note.measured, int | float):
        return True
    counts = np.unique(answers.labels, return_counts=True)[1]
    total = int(counts.sum())
    # Top-1 moves by one answer of all; an area by one of its class, or of all others.
    least = min(int(counts.min()), total - int(counts.max())) if len(counts) > 1 else 1
    most = note.measured / max(1, least) if figure.field == "AUC" else 100 * note.measured / max(1, total)
    return abs(printed - mine) <= most + 2 * half_step(figure)


def _by_anything(session: PublishedSession, note: Note, figure: Figure, mine: float | None) -> bool:
    return True


_TOUCHES: dict[str, Touches] = {
    "trace-damaged": _by_samples,
    "trace-length": _by_length,
    "answers-not-numbers": _by_answers,
    "timestamps-damaged": _by_anything,
    "timestamps-unsorted": _by_anything,
    "edge-missing": _by_anything,
    "edge-surplus": _by_anything,
    "laps-differ": _by_anything,
    "samples-lost": _by_anything,
    "window-in-wrong-phase": _by_anything,
    "answers-incomplete": _by_anything,
    "answers-missing": _by_anything,
}
FAULTS = frozenset(_TOUCHES)

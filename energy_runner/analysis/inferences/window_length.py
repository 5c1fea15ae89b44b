# SPDX-License-Identifier: Apache-2.0
"""Whether the inferences that are stated fit between the edges, by how often the trace repeats there.

A window that begins inside its inferences, after an edge and a line that are both late, shows no step: what lies
before it looks the same. But it is too short. The window is cut into pieces, and the period in each is measured
without being told what to expect; together they say how many repetitions the window holds, whatever the DUT's
clock does in the course of it. Fewer than there were inferences cannot be. More can: a DUT may do something else
between its edges, and its first inference may take longer.

What repeats may be no inference, but a tick of the DUT or a beat of its supply. Inferences are at the same place
at the beginning of every window, or at its end, whichever edge is right; a tick is anywhere.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import FloatArray
from energy_runner.analysis.inferences.averaged import averaged
from energy_runner.analysis.inferences.period import explained, find_period, flattened, repeating
from energy_runner.analysis.placing.alignment import Alignment, Placed
from energy_runner.analysis.placing.edges import Matching
from energy_runner.analysis.placing.plausible import LATEST_S, named, withheld
from energy_runner.session.result import Finding

ComplexArray = npt.NDArray[np.complex128]

_PIECES, _FEWEST = 12, 3
_EACH = 10  # inferences in a piece, at least
_SAMPLES = 64  # of an inference; more are averaged
_MOST = 1 << 20  # of a window, likewise
_MOST_PARTS = 4  # alike, of which an inference may consist
_CLEAR = 0.5  # share of the variance that repeats in every piece, ...
_EVEN = 0.8  # ... and of the middle one of these shares: a piece in which the period changes has less
_NEAR = 0.25  # of the stated number: what repeats less often than that is something else
_BY_CHANCE = 8.0  # sigmas, of what is left when the repetitions are taken out
_ONE_SIDED = 0.9985  # three sigmas
_ALIKE = 0.5  # correlation between the windows of what repeats at an edge; a tick has about 0
_ORDERS = 8  # harmonics, for that
_SAME = 0.25  # of what is missing: how well it agrees with how much shorter a single window is than others
USUAL_S, USUAL = 0.005, 1e-3  # of real windows, by which their inferences seem shorter or longer: 0.0004 at most
_INSIDE = 1.25  # of a rectangular distribution 95 % are then within


@dataclass(frozen=True)
class Repetitions:
    """How many repetitions a window holds, with the standard uncertainty of their number.

    `first` and `last` are how many samples one takes at the beginning and at the end of the window.
    """

    count: float
    u: float
    first: float
    last: float


@dataclass(frozen=True)
class _Seen:
    """By how much a window is too short (0 where it fits), how long it is, and what repeats at either edge."""

    short_s: float
    lasts_s: float
    ends: tuple[ComplexArray, ComplexArray]


def by_repetitions(source: EnergySource, matching: Matching, alignment: Alignment) -> Alignment:
    """Return the alignment, its windows withheld or widened where the stated inferences do not fit into them."""
    done = [matched.command.inference for matched in matching.windows()]
    seen = _look(source, alignment, [one.inferences if one is not None else 0 for one in done])
    short_s = _middle(seen)
    if short_s is None:
        return alignment
    if short_s <= 0:
        return _one_by_one(source, alignment, seen)
    detail = f"by the period in the trace, the stated inferences take {short_s:.3f} s longer than their windows"
    if short_s > LATEST_S:
        every = [k for k, placed in enumerate(alignment.windows) if placed is not None]
        return withheld(alignment, every, Finding(id="edges-disagree", detail=detail))
    off = _INSIDE * short_s / source.step_s
    windows = [placed and _widened(placed, off) for placed in alignment.windows]
    return _counted(replace(alignment, windows=windows), detail)


def too_short_s(source: EnergySource, alignment: Alignment, inferences: Sequence[int]) -> float | None:
    """Return by how many seconds windows are too short for their inferences, the median of all that can tell.

    0 if that is within what is usual or what is known of their edges; None if no window can tell.
    """
    return _middle(_look(source, alignment, inferences))


def _look(source: EnergySource, alignment: Alignment, inferences: Sequence[int]) -> list[_Seen | None]:
    """Return what each window tells; None where it cannot, and for all if they do not tell of inferences."""
    seen = [
        _of_window(source, placed, stated) if placed is not None else None
        for placed, stated in zip(alignment.windows, inferences, strict=True)
    ]
    told = [one for one in seen if one is not None]
    alike = len(told) < 2 or any(_alike([one.ends[end] for one in told]) > _ALIKE for end in (0, 1))
    return seen if alike else [None] * len(seen)


def _middle(seen: Sequence[_Seen | None]) -> float | None:
    found = [one.short_s for one in seen if one is not None]
    return statistics.median(found) if found else None


def _one_by_one(source: EnergySource, alignment: Alignment, seen: Sequence[_Seen | None]) -> Alignment:
    """Withhold or widen single windows that are too short by as much as they are shorter than those that fit."""
    usual_s = statistics.median(one.lasts_s for one in seen if one is not None and one.short_s == 0)
    short_s = {
        k: one.short_s
        for k, one in enumerate(seen)
        if one is not None and abs(usual_s - one.lasts_s - one.short_s) < _SAME * one.short_s
    }
    gone = [k for k, off_s in short_s.items() if off_s > LATEST_S]
    wider = [k for k in short_s if k not in gone]

    def detail(numbers: Sequence[int]) -> str:
        most_s = max(short_s[k] for k in numbers)
        return f"{named(numbers)}: the stated inferences take {most_s:.3f} s longer by the period in the trace"

    if wider:
        windows = list(alignment.windows)
        for k in wider:
            placed, off = windows[k], _INSIDE * short_s[k] / source.step_s
            windows[k] = placed and replace(placed, half_width=max(placed.half_width, off))
        alignment = _counted(replace(alignment, windows=windows), detail(wider))
    return withheld(alignment, gone, Finding(id="edges-disagree", detail=detail(gone))) if gone else alignment


def _counted(alignment: Alignment, detail: str) -> Alignment:
    finding = Finding(id="edges-late", detail=f"{detail}; that counts as uncertainty")
    return replace(alignment, findings=[*alignment.findings, finding])


def _of_window(source: EnergySource, placed: Placed, stated: int) -> _Seen | None:
    first, last = max(0, math.ceil(placed.start)), min(source.length, math.floor(placed.stop))
    length = last - first
    factor = max(1, length // max(1, stated) // _SAMPLES, length // _MOST)
    power_w = averaged(source, first, last, factor)
    held = repetitions(power_w, stated)
    if held is None:
        return None
    lasts_s = (placed.stop - placed.start) * source.step_s
    each_s = lasts_s / held.count
    usual_s = max(USUAL_S, USUAL * lasts_s, 2 * placed.half_width * source.step_s)
    off_s = (stated - held.count) * each_s
    start, stop = ((edge - first) / factor for edge in (placed.start, placed.stop))
    ends = (
        _shape(power_w[: math.ceil(_EACH * held.first)], -start, held.first),
        _shape(power_w[-math.ceil(_EACH * held.last) :], len(power_w) - stop, held.last, from_end=True),
    )
    return _Seen(off_s if off_s > usual_s + 3 * held.u * each_s else 0.0, lasts_s, ends)


def _shape(power_w: FloatArray, begin: float, period: float, *, from_end: bool = False) -> ComplexArray:
    """Return what repeats, as harmonics of its shape (of length 1), seen from an edge.

    The samples begin, or end, `begin` samples from that edge.
    """
    y = flattened(power_w)
    places = begin + np.arange(len(y)) + 0.5 - (len(y) if from_end else 0)
    orders = np.arange(1, _ORDERS + 1)
    shape = np.exp(-2j * math.pi * np.outer(orders, places / period)) @ y
    shape[orders > period / 2] = 0  # faster than the samples can show
    return np.asarray(shape / max(float(np.linalg.norm(shape)), 1e-300))


def _alike(shapes: Sequence[ComplexArray]) -> float:
    """Return the mean correlation of two of the shapes."""
    count = len(shapes)
    alone = sum(float(np.linalg.norm(shape)) ** 2 for shape in shapes)
    return (float(np.linalg.norm(np.sum(shapes, axis=0))) ** 2 - alone) / (count * (count - 1))


def repetitions(power_w: FloatArray, stated: int) -> Repetitions | None:
    """Return how often the samples of one window repeat, near `stated` times; None if that is not clear.

    NaN samples are missing. An inference may consist of up to four parts that look alike.
    """
    pieces = min(_PIECES, stated // _EACH)
    if pieces < _FEWEST:
        return None
    bounds = np.rint(np.linspace(0, len(power_w), pieces + 1)).astype(np.intp)
    lengths = np.diff(bounds)
    periods = [find_period(power_w[first:last]) for first, last in pairwise(bounds.tolist())]
    strengths = [period.strength if period is not None else 0.0 for period in periods]
    if min(strengths) < max(_CLEAR, _EVEN * statistics.median(strengths)):
        return None
    rates = np.array([1 / period.samples for period in periods if period is not None])
    parts = round(float(np.median(rates)) * len(power_w) / stated)
    if not 1 <= parts <= _MOST_PARTS:
        return None
    count = float(np.sum(rates * lengths)) / parts
    # From piece to piece: a slow drift of the period is not an uncertainty of the number.
    scatter = float(np.std(np.diff(rates))) / math.sqrt(2) / parts
    student = float(stdtrit(pieces - 1, _ONE_SIDED)) / float(stdtrit(math.inf, _ONE_SIDED))
    u = student * scatter * math.sqrt(float(np.sum(lengths**2)))
    held = Repetitions(count, u, float(1 / rates[0]), float(1 / rates[-1]))
    if abs(count / stated - 1) > _NEAR or _something_else(power_w, held.count, parts, stated):
        return None
    return held


def _something_else(power_w: FloatArray, count: float, parts: int, stated: int) -> bool:
    """Return whether what repeats `count` times may be something beside the inferences, which repeat as stated.

    Nearer than half a repetition, the two cannot be told apart.
    """
    if stated - count < 0.5:
        return False
    y = flattened(power_w)
    rest = y - repeating(y, len(y) / count / parts)
    return explained(rest, len(y) / stated).sigmas > _BY_CHANCE


def _widened(placed: Placed, off: float) -> Placed:
    """Return the window with starts that may all be `off` samples late, without the stops."""
    more = max(0.0, off - placed.half_width)
    return replace(
        placed,
        half_width=placed.half_width + more,
        shared=placed.shared + more,
        starts=max(placed.starts, off),
    )

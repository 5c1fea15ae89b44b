# SPDX-License-Identifier: Apache-2.0
"""Whether the inferences that are stated fit between the edges, by how often the trace repeats there.

A window that begins inside its inferences, after an edge and a line that are both late, shows no step: what lies
before it looks the same. But it is too short. The window is cut into pieces, and the period in each is measured
without being told what to expect; together they say how many repetitions the window holds, whatever the DUT's
clock does in the course of it. Fewer than there were inferences cannot be. More can: a DUT may do something else
between its edges, and its first inference may take longer. What repeats may also be something beside the
inferences; then it repeats at another place in each window, or the inferences repeat as well.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import FloatArray
from energy_runner.analysis.inferences.averaged import averaged
from energy_runner.analysis.inferences.edge_shapes import AtEdges, shapes_at_edges, stand_alike
from energy_runner.analysis.inferences.period import Period, explained, find_period, flattened, repeating
from energy_runner.analysis.placing.alignment import Alignment, Placed
from energy_runner.analysis.placing.edges import Matching
from energy_runner.analysis.placing.plausible import LATEST_S, named, withheld
from energy_runner.session.result import Finding

_PIECES = 12  # of a window, ...
_FEWEST = 3  # ... at least
EACH = 10  # inferences in a piece, at least
_LEAST_STEP = 0.25  # from piece to piece, as a share of one
_SAMPLES = 64  # of an inference; more are averaged
_MOST = 1 << 20  # of a window, likewise
_MOST_PARTS = 4  # alike, of which an inference may consist
CLEAR = 0.5  # share of the variance that repeats in every piece, ...
_EVEN = 0.8  # ... and of the middle one of these shares: a piece in which the period changes has less
_NEAR = 0.25  # of the stated number: what repeats less often than that is something else
FEWEST_ALONE = 15  # repetitions that one window needs to tell, by the two figures above
BY_CHANCE = 8.0  # sigmas, of what is left when the repetitions are taken out
_ONE_SIDED = 0.9985  # three sigmas
USUAL_S, USUAL = 0.005, 1e-3  # of real windows, by which their inferences seem shorter or longer: 0.0004 at most
_INSIDE = 1.25  # of a rectangular distribution 95 % are then within


@dataclass(frozen=True)
class Repetitions:
    """How many repetitions a window holds, with the standard uncertainty of their number.

    Each consists of `parts` that look alike. `coarse` is how far the number may be off because the peaks of an
    autocorrelation are seen at whole samples: it is one sample in each piece. `first` and `last` are what a part
    takes in samples at the beginning and at the end of the window.
    """

    count: float
    u: float
    coarse: float
    parts: int
    first: float
    last: float


@dataclass(frozen=True)
class _Seen:
    """By how much a window is too short (0 where it fits), and what repeats there as seen from either edge."""

    short_s: float
    at_edges: AtEdges


class Found:
    """The repetitions found in the windows of one trace: two parts of the analysis ask for the same ones."""

    def __init__(self) -> None:
        self._held: dict[tuple[Placed, int], Repetitions | None] = {}

    def repetitions(self, placed: Placed, power_w: FloatArray, stated: int) -> Repetitions | None:
        """Return what `repetitions` finds in a window, whose samples are looked at once."""
        if (placed, stated) not in self._held:
            self._held[placed, stated] = repetitions(power_w, stated)
        return self._held[placed, stated]


def by_repetitions(
    source: EnergySource, matching: Matching, alignment: Alignment, found: Found | None = None
) -> Alignment:
    """Return the alignment, its windows withheld or widened where the stated inferences do not fit into them.

    `found` is what was found in this trace so far.
    """
    done = [matched.command.inference for matched in matching.windows()]
    short_s = too_short_s(source, alignment, [one.inferences if one is not None else 0 for one in done], found)
    short = [k for k, off_s in enumerate(short_s) if off_s]
    if not short:
        return alignment
    worst_s = max(off_s for off_s in short_s if off_s)
    gone = [k for k in short if (short_s[k] or 0.0) > LATEST_S]
    told_s = [off_s for off_s in short_s if off_s is not None]
    most = 2 * len(told_s) > sum(placed is not None for placed in alignment.windows)
    common_s = statistics.median(told_s) if most else 0.0
    wider = _INSIDE / source.step_s
    windows = [
        placed and _widened(placed, wider * max(off_s or 0.0, common_s), wider * common_s)
        for placed, off_s in zip(alignment.windows, short_s, strict=True)
    ]
    alignment = replace(alignment, windows=windows)
    detail = f"by the period in the trace, up to {worst_s:.3f} s too short for the inferences stated"
    if gone:
        return withheld(alignment, gone, Finding(id="edges-disagree", detail=f"{named(short)}: {detail}"))
    finding = Finding(id="edges-late", detail=f"{named(short)}: {detail}; that counts as uncertainty")
    return replace(alignment, findings=[*alignment.findings, finding])


def too_short_s(
    source: EnergySource, alignment: Alignment, inferences: Sequence[int], found: Found | None = None
) -> list[float | None]:
    """Return by how many seconds each window is too short for its inferences.

    0 if that is within what is usual or what is known of its edges; None for a window that cannot tell, and for
    all of them if what repeats is at another place in each.
    """
    found = found or Found()
    seen = [
        _look(source, placed, stated, found) if placed is not None else None
        for placed, stated in zip(alignment.windows, inferences, strict=True)
    ]
    told = [one for one in seen if one is not None]
    alike = len(told) < 2 or stand_alike([one.at_edges for one in told], alignment.rate_u)
    return [one.short_s if one is not None and alike else None for one in seen]


def _look(source: EnergySource, placed: Placed, stated: int, found: Found) -> _Seen | None:
    """Return what a window tells by itself; None where it cannot."""
    power_w, first, factor = samples_of(source, placed, stated)
    held = found.repetitions(placed, power_w, stated)
    if held is None:
        return None
    lasts_s = (placed.stop - placed.start) * source.step_s
    each_s = lasts_s / held.count
    off_s = (stated - held.count) * each_s
    if off_s <= usual_s(source, placed, held) + 3 * held.u * each_s:
        off_s = 0.0
    elif _something_else(power_w, held, stated):
        return None
    edges = (placed.start - first) / factor, (placed.stop - first) / factor
    shapes = shapes_at_edges(power_w, edges, (held.first, held.last), EACH)
    return _Seen(off_s, AtEdges(shapes, placed.start * source.step_s, each_s))


def samples_of(source: EnergySource, placed: Placed, stated: int) -> tuple[FloatArray, int, int]:
    """Return the power in a window, the place of its first sample, and how many samples each value averages."""
    first, last = max(0, math.ceil(placed.start)), min(source.length, math.floor(placed.stop))
    factor = max(1, (last - first) // max(1, stated) // _SAMPLES, (last - first) // _MOST)
    return averaged(source, first, last, factor), first, factor


def usual_s(source: EnergySource, placed: Placed, held: Repetitions) -> float:
    """Return by how many seconds a window may be shorter or longer than its repetitions, beside their u."""
    lasts_s = (placed.stop - placed.start) * source.step_s
    coarse_s = held.coarse * lasts_s / held.count
    return max(USUAL_S, USUAL * lasts_s, coarse_s, 2 * placed.half_width * source.step_s)


def repetitions(power_w: FloatArray, stated: int) -> Repetitions | None:
    """Return how often the samples of one window repeat, near `stated` times; None if that is not clear.

    NaN samples are missing. An inference may consist of up to four parts that look alike.
    """
    pieces = min(_PIECES, max(_FEWEST, stated // EACH))
    width = max(1 / pieces, EACH / max(1, stated))  # as a share of the window: pieces of a short one overlap
    step = (1 - width) / (pieces - 1)
    if step < _LEAST_STEP * width:
        return None
    begins = np.rint(np.linspace(0, 1 - width, pieces) * len(power_w)).astype(np.intp)
    ends = np.rint(np.linspace(width, 1, pieces) * len(power_w)).astype(np.intp)
    periods: list[Period] = []
    for first, last in zip(begins, ends, strict=True):
        period = find_period(power_w[first:last])
        if period is None or period.strength < CLEAR:
            return None
        periods.append(period)
    strengths = [period.strength for period in periods]
    if min(strengths) < _EVEN * statistics.median(strengths):
        return None
    rates = np.array([1 / period.samples for period in periods])
    parts = round(float(np.median(rates)) * len(power_w) / stated)
    if not 1 <= parts <= _MOST_PARTS:
        return None
    count = float(np.mean(rates)) * len(power_w) / parts
    if abs(count / stated - 1) > _NEAR:
        return None
    # From piece to piece: a slow drift of the period is not an uncertainty of the number.
    scatter = float(np.std(np.diff(rates))) / math.sqrt(2 * step / width) / parts
    student = float(stdtrit(pieces - 1, _ONE_SIDED)) / float(stdtrit(math.inf, _ONE_SIDED))
    return Repetitions(
        count=count,
        u=student * scatter * len(power_w) / math.sqrt(pieces),
        coarse=count / (width * len(power_w)),
        parts=parts,
        first=1 / float(rates[0]),
        last=1 / float(rates[-1]),
    )


def _something_else(power_w: FloatArray, held: Repetitions, stated: int) -> bool:
    """Return whether what repeats may be something beside the inferences, which repeat as stated.

    Nearer than half a repetition, the two cannot be told apart.
    """
    if stated - held.count < 0.5:
        return False
    y = flattened(power_w)
    rest = y - repeating(y, len(y) / held.count / held.parts)
    return explained(rest, len(y) / stated).sigmas > BY_CHANCE


def _widened(placed: Placed, off: float, common: float) -> Placed:
    """Return the window with a start that may be `off` samples late, of which all starts share `common`."""
    own = max(placed.half_width - placed.shared, off - common)
    return replace(placed, half_width=placed.shared + own, starts=max(placed.starts, common))

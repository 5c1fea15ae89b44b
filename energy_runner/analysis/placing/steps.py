# SPDX-License-Identifier: Apache-2.0
"""Where the trace itself begins and ends a window: the step from inferences to what is beside them.

Edges that come late all alike, while the DUT's lines come late with them, leave no other witness: the end of every
window then holds what the DUT does after its inferences. The window is cut into blocks of whole inferences, which
are all alike. How many blocks at its end, or at its beginning, are unlike those in its middle says by how much the
edges are late, or early. An edge that is late by less than the time until the DUT does something else, and a start
that follows inferences of warm-up, cannot be told from right ones.
"""

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import FloatArray
from energy_runner.analysis.placing.alignment import Alignment, Placed
from energy_runner.analysis.placing.edges import Matching
from energy_runner.analysis.placing.plausible import LATEST_S, withheld
from energy_runner.session.result import Finding

_LOOK_S = 0.5  # how far into a window; an edge farther off does not belong to its command
_LEAST_SAMPLES = 16  # of a block, so that its mean does not hang on where its first sample begins
_LEAST_BLOCKS = 10
UNLIKE = 0.05  # of the middle blocks' level
UNLIKE_SIGMA = 6.0  # of their scatter
USUAL_S = 0.005  # a DUT may do something else before it pulls its pin, or after


@dataclass(frozen=True)
class Steps:
    """How far edges come after (`late_s`) and before (`early_s`) the step in the trace, of `windows` windows."""

    late_s: float
    early_s: float
    windows: int


def by_trace(source: EnergySource, matching: Matching, alignment: Alignment) -> tuple[Alignment, bool]:
    """Return the alignment as far as the trace agrees with it, and whether the trace could tell."""
    done = [matched.command.inference for matched in matching.windows()]
    steps = find_steps(source, alignment, [one.inferences if one is not None else 1 for one in done])
    return checked_by_steps(alignment, steps, source.step_s), steps is not None


def find_steps(source: EnergySource, alignment: Alignment, inferences: Sequence[int]) -> Steps | None:
    """Return what the trace says of the edges, as the median of all windows; None where it cannot tell.

    `inferences` is the number of inferences in each window. A window of few inferences, with samples missing near
    its ends, or whose power is the same as that after it, says nothing.
    """
    found = [
        one
        for placed, count in zip(alignment.windows, inferences, strict=True)
        if placed is not None and (one := _of_window(source, placed, count)) is not None
    ]
    if not found:
        return None
    late, early = (statistics.median(ends) * source.step_s for ends in zip(*found, strict=True))
    return Steps(late, early, len(found))


def checked_by_steps(alignment: Alignment, steps: Steps | None, step_s: float) -> Alignment:
    """Return the alignment, its windows withheld or widened where the trace contradicts them.

    `step_s` is what a sample lasts.
    """
    if steps is None:
        return alignment
    off_s = max(steps.late_s, steps.early_s)
    known = max((placed.half_width for placed in alignment.windows if placed is not None), default=0.0)
    if off_s <= max(USUAL_S, known * step_s):
        return alignment
    where = "late" if steps.late_s >= steps.early_s else "early"
    detail = f"by the step in the trace, edges come {off_s:.3f} s too {where}"
    if off_s > LATEST_S:
        every = [k for k, placed in enumerate(alignment.windows) if placed is not None]
        return withheld(alignment, every, Finding(id="edges-disagree", detail=detail))
    windows = [placed and _as_wide_as(placed, off_s / step_s) for placed in alignment.windows]
    finding = Finding(id="edges-late", detail=f"{detail}; that counts as uncertainty")
    return replace(alignment, windows=windows, findings=[*alignment.findings, finding])


def _as_wide_as(placed: Placed, half_width: float) -> Placed:
    more = max(0.0, half_width - placed.half_width)
    return replace(placed, half_width=placed.half_width + more, shared=placed.shared + more)


def _of_window(source: EnergySource, placed: Placed, inferences: int) -> tuple[float, float] | None:
    """Return by how many samples a window's stop is late and its start early; None if that cannot be told."""
    each = (placed.stop - placed.start) / inferences
    if not each > 0 or placed.start < 0 or placed.stop > source.length:
        return None
    block = each * math.ceil(_LEAST_SAMPLES / each)
    count = math.floor((placed.stop - placed.start) / block)
    if count < _LEAST_BLOCKS:
        return None
    looked = max(1, min(count // 3, math.ceil(_LOOK_S / source.step_s / block)))
    middle = _means(source, placed.start + (count // 2 - looked // 2) * block, block, max(looked, 3))
    level = float(np.median(middle))
    scatter = 1.4826 * float(np.median(np.abs(middle - level)))
    unlike = max(UNLIKE * abs(level), UNLIKE_SIGMA * scatter)
    after = _means(source, placed.stop, block, looked)
    if not math.isfinite(unlike) or not np.any(np.abs(after - level) > unlike):
        return None  # what comes after is like the inferences
    last = _means(source, placed.stop - looked * block, block, looked)[::-1]
    first = _means(source, placed.start, block, looked)
    before = _means(source, placed.start - block, block, 1)
    late = _unlike(np.abs(last - level), unlike, np.abs(after[:1] - level))
    early = _unlike(np.abs(first - level), unlike, np.abs(before - level))
    return (late * block, early * block) if math.isfinite(late + early) else None


def _means(source: EnergySource, begin: float, block: float, count: int) -> FloatArray:
    """Return the mean power of `count` blocks from `begin` on, in watt, as far as they were recorded."""
    return np.array(list(_each_mean(source, begin, block, count)), dtype=np.float64)


def _each_mean(source: EnergySource, begin: float, block: float, count: int) -> Iterator[float]:
    bounds = np.rint(begin + block * np.arange(count + 1)).astype(int).tolist()
    inside = [bound for bound in bounds if 0 <= bound <= source.length]
    if len(inside) < 2:
        return
    power_w = source.power_w(inside[0], inside[-1])
    for first, last in pairwise(inside):
        yield float(np.mean(power_w[first - inside[0] : last - inside[0]], dtype=np.float64))


def _unlike(off: FloatArray, unlike: float, beside: FloatArray) -> float:
    """Return how many blocks from the end on are unlike the middle; the innermost of them counts in part.

    `off` is how far each is from the middle's level, and `beside` the same of the block outside the window.
    """
    if not len(off) or not np.all(np.isfinite(off)):
        return math.nan
    alike = off <= unlike
    count = int(np.argmax(alike)) if np.any(alike) else len(off)
    if count == 0:
        return 0.0
    whole = off[count - 2] if count > 1 else np.max(beside, initial=off[0])
    return count - 1 + min(1.0, float(off[count - 1] / whole))

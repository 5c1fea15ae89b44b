# SPDX-License-Identifier: Apache-2.0
"""How much later an edge is placed among the samples than its step in them.

The DUT pulls its pin and begins to work: its current changes in one step. Where the step lies within a sample
follows from that sample's charge, which is divided between the levels on both sides. The difference of edge and
step is the delay of the whole chain, from the DUT's pin and its supply to the sample: no part is known alone.

Edges that are dated by a clock of their own are compared by a line: its slope is how far that clock's rate is off,
and its value at the edge that started the log is the delay.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from energy_runner.analysis.facts import FloatArray

REACH_S = 3e-3  # how far from its edge a step is looked for
# How long the levels beside a step are looked at: the reference firmware holds its pin for 1 ms.
PLATEAU_S = 0.8e-3
LEAST_EDGES = 5
_LEAST_PLATEAU, _MOST_PLATEAU = 3, 400  # samples
_LEAST_REACH = 4  # samples
_SIGMAS = 4.0  # of the noise of both levels, that a step is larger
_FLAT = 0.35  # of the step: what the levels beside it may scatter by, else they are none
_NEARLY = 2 / 3  # of the largest step within reach: of several so large, the one nearest to the edge counts
_ALIKE = 1.5  # samples, by which the delays of single edges may scatter
_SEEN_SHARE = 0.8  # of the edges, that show a step
_ROOT12 = math.sqrt(12.0)


@dataclass(frozen=True)
class EdgeDelayFound:
    """The mean delay of `count` edges and its standard uncertainty (s); positive where edges are placed late.

    `scatter_s` is the standard deviation of a single edge about the mean, or about the line.
    """

    delay_s: float
    u_s: float
    count: int
    scatter_s: float


@dataclass(frozen=True)
class NotVisible:
    """Why the samples do not show where the edges are."""

    why: str


@dataclass(frozen=True)
class _Step:
    """A step at `position` (samples) of `height`, and what the levels beside it scatter by as a share of it."""

    position: float
    height: float
    uneven: float


def find_delay(
    load: FloatArray, edges: Sequence[float], period_s: float, *, instant: bool, own_u_s: float = 0.0
) -> EdgeDelayFound | NotVisible:
    """Return the delay of edges at positions among the samples `load` (A, W or J; NaN: missing).

    Each sample lasts `period_s` seconds; `instant` says that it is a reading at its beginning and not a mean.
    `own_u_s` is the standard uncertainty (s) that all edges' positions have in common. The uncertainty has three
    more parts: the scatter of the mean; one sample period as a rectangular distribution, since all edges may lie
    alike between two samples (JCGM 100:2008, 4.2.3 and 4.3.7); and the scatter of the levels beside the step.
    """
    steps = [_step_near(load, edge, period_s, instant=instant) for edge in edges]
    late = [edge - step.position for edge, step in zip(edges, steps, strict=True) if step is not None]
    problem = _inconsistent([step for step in steps if step is not None], len(edges), period_s)
    if problem:
        return NotVisible(problem)
    scatter = float(np.std(late, ddof=1))
    if scatter > _ALIKE:
        return NotVisible(_scattered(scatter * period_s))
    own_u_s = math.hypot(own_u_s, _of_step_s([step for step in steps if step is not None], period_s))
    u_s = math.hypot(scatter * period_s / math.sqrt(len(late)), own_u_s)
    return EdgeDelayFound(float(np.mean(late)) * period_s, u_s, len(late), scatter * period_s)


def find_delay_of_laps(
    load: FloatArray, laps_s: Sequence[float], period_s: float, *, instant: bool, own_u_s: float = 0.0
) -> EdgeDelayFound | NotVisible:
    """Return the delay of edges that a clock of their own dates, `laps_s` seconds after the edge of sample 0.

    As in `find_delay`, but the rate of that clock is measured, too: the scatter is that about the line, and the
    uncertainty that of the line at sample 0.
    """
    times: list[float] = []
    late_s: list[float] = []
    steps: list[_Step] = []
    for lap_s in laps_s:
        expected = (lap_s - _late_by_now(times, late_s, lap_s)) / period_s
        step = _step_near(load, expected, period_s, instant=instant)
        if step is not None:
            steps.append(step)
            times.append(lap_s)
            late_s.append(lap_s - step.position * period_s)
    problem = _inconsistent(steps, len(laps_s), period_s)
    if problem:
        return NotVisible(problem)
    x, y = np.array(times), np.array(late_s)
    rate, delay_s = np.polyfit(x, y, 1)
    scatter_s = float(np.sqrt(np.sum((y - delay_s - rate * x) ** 2) / (len(x) - 2)))
    if scatter_s > _ALIKE * period_s:
        return NotVisible(_scattered(scatter_s))
    at_zero = math.sqrt(1 / len(x) + float(np.mean(x)) ** 2 / float(np.sum((x - np.mean(x)) ** 2)))
    u_s = math.hypot(scatter_s * at_zero, _of_step_s(steps, period_s), own_u_s)
    return EdgeDelayFound(float(delay_s), u_s, len(x), scatter_s)


def _of_step_s(steps: Sequence[_Step], period_s: float) -> float:
    """Return the standard uncertainty (s) that the places of all steps may have in common."""
    uneven = math.sqrt(float(np.mean([step.uneven**2 for step in steps])))
    return period_s * math.hypot(1 / _ROOT12, uneven)


def _scattered(scatter_s: float) -> str:
    return f"the delays of single edges have a standard deviation of {scatter_s * 1e6:.3g} µs"


def _late_by_now(times: Sequence[float], late_s: Sequence[float], at_s: float) -> float:
    """Return how late (s) an edge at `at_s` is expected to be, by the edges before it and their clock's rate."""
    if len(times) < 2:
        return late_s[0] * at_s / times[0] if times else 0.0
    rate, first_s = np.polyfit(np.array(times), np.array(late_s), 1)
    return float(first_s + rate * at_s)


def _inconsistent(steps: Sequence[_Step], edges: int, period_s: float) -> str:
    """Return why the steps say nothing; empty if they agree in number, sign and height."""
    if edges < LEAST_EDGES:
        return f"{edges} edges came, and {LEAST_EDGES} are needed"
    if len(steps) < max(LEAST_EDGES, _SEEN_SHARE * edges):
        reach_s = max(REACH_S, _LEAST_REACH * period_s)
        return f"{len(steps)} of {edges} edges have a step above the noise within {reach_s * 1e3:.3g} ms"
    middle = float(np.median([step.height for step in steps]))
    if any(not 0.5 <= step.height / middle <= 2.0 for step in steps):
        return "the steps at the edges differ in sign or height"
    return ""


def _step_near(load: FloatArray, edge: float, period_s: float, *, instant: bool) -> _Step | None:
    """Return the step that belongs to an edge; None if none is above the noise or samples are missing there."""
    plateau = min(_MOST_PLATEAU, max(_LEAST_PLATEAU, round(PLATEAU_S / period_s)))
    reach = max(_LEAST_REACH, math.ceil(REACH_S / period_s))
    first = math.floor(edge) - reach - plateau
    part = load[max(0, first) : math.floor(edge) + reach + plateau + 1].astype(np.float64)
    if first < 0 or len(part) < 2 * (reach + plateau) + 1 or not np.all(np.isfinite(part)):
        return None
    # Sums over the plateaus before and behind every sample that may hold the step.
    at = np.arange(plateau, len(part) - plateau)
    origin = float(np.mean(part))
    sums, squares = (np.concatenate(([0.0], np.cumsum(one))) for one in (part - origin, (part - origin) ** 2))
    before, after = (sums[at] - sums[at - plateau]), (sums[at + 1 + plateau] - sums[at + 1])
    spread = squares[at] - squares[at - plateau] - before**2 / plateau
    spread += squares[at + 1 + plateau] - squares[at + 1] - after**2 / plateau
    noise = np.sqrt(np.maximum(0.0, spread) / (2 * plateau - 2))
    height = (after - before) / plateau
    share = (after / plateau - (part[at] - origin)) / np.where(height == 0, np.inf, height)
    tolerance = 1e-6 + 3 * noise / np.maximum(np.abs(height), 1e-300)
    whole = np.abs(height)
    # The sample that holds the step lies between the levels, and these are flat.
    there = (share >= -tolerance) & (share <= 1 + tolerance) & (noise <= _FLAT * whole)
    there &= whole > _SIGMAS * noise * math.sqrt(2 / plateau)
    there &= whole > 1e-9 * max(float(np.max(np.abs(part))), 1e-300)  # no more than rounding
    if not np.any(there):
        return None
    large = there & (whole >= _NEARLY * float(np.max(whole[there])))
    # Next to the step, its sample is in a level, and the levels scatter more: of each step the best fit is kept.
    fits = spread + np.where(large, 0.0, np.inf)
    best = [k for k in np.flatnonzero(large) if fits[k] <= np.min(fits[max(0, k - plateau) : k + plateau + 1])]
    positions = [first + _place(int(at[k]), float(share[k]), instant=instant) for k in best]
    nearest = min(range(len(best)), key=lambda number: abs(positions[number] - edge))
    k = best[nearest]
    return _Step(positions[nearest], float(height[k]), float(noise[k] / whole[k]))


def _place(sample: int, share: float, *, instant: bool) -> float:
    """Return where a step lies: `share` of its sample is before it. Between two instants it may be anywhere."""
    if instant:
        return sample - 0.5 if share < 0.5 else sample + 0.5
    return sample + min(1.0, max(0.0, share))

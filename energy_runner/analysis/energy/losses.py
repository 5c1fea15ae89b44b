# SPDX-License-Identifier: Apache-2.0
"""Windows from which an unknown number of samples is missing, and what a second clock says of them.

Where the monitor captures the edges itself, a window lasts as many samples as were counted between them, so a loss
of unknown size leaves duration and energy unknown. The IO manager's laps are the second clock. How good they are
shows in the run's other windows. If they are good enough to tell the counted number from the other possible ones,
the window stands. The host's clock is too coarse for that: it sees only losses of milliseconds. Where laps place
the windows, the laps give their duration, whatever was lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.alignment import BY_MONITOR, Alignment, Placed
from energy_runner.analysis.placing.edges import LAP_HALF_WIDTH_US, match_laps
from energy_runner.session.events import SamplesLost

FEWEST_OTHERS = 2  # windows without a doubt, whose laps agree as well as their spread says


@dataclass(frozen=True)
class UnknownLoss:
    """A loss of unknown size in a window, which `stands` if a second clock settles it; `why` is in words."""

    stands: bool
    why: str


@dataclass(frozen=True)
class _Timed:
    """A window's duration (s) by the monitor's samples and by the laps, and how far they may part."""

    samples_s: float
    lap_s: float
    unsure_s: float


def unknown_losses(facts: Facts, alignment: Alignment) -> list[UnknownLoss | None]:
    """Return for each window of `alignment` what is known of losses of unknown size in it; None without any."""
    lost = [event for event in facts.lost if event.modulo]
    if not lost or facts.monitor is None:
        return [None] * len(alignment.windows)
    inside = [_inside(lost, placed) for placed in alignment.windows]
    if alignment.method != BY_MONITOR:
        said = "the IO manager's laps say how long the window is, whatever is missing from it"
        return [UnknownLoss(True, f"{_said(found)}; {said}") if found else None for found in inside]
    timed = _timed(facts, alignment)
    others = [one for one, found in zip(timed, inside, strict=True) if one is not None and not found]
    period_s = facts.monitor.period_s
    return [
        _judged(found, one, others, period_s) if found else None for one, found in zip(timed, inside, strict=True)
    ]


def _inside(lost: Sequence[SamplesLost], placed: Placed | None) -> list[SamplesLost]:
    if placed is None:
        return []
    return [event for event in lost if event.after < placed.stop and event.before > placed.start]


def _said(found: Sequence[SamplesLost]) -> str:
    number = sum(event.missing for event in found)
    step = min(event.modulo for event in found)
    unsure = f"or a multiple of {step} more or less" if step > 1 else "and how many cannot be known"
    return f"about {number} samples are missing, {unsure}"


def _timed(facts: Facts, alignment: Alignment) -> list[_Timed | None]:
    lapped = match_laps(facts).windows()
    period_s = facts.monitor.period_s if facts.monitor is not None else 0.0
    found: list[_Timed | None] = []
    for placed, laps in zip(alignment.windows, lapped, strict=True):
        if placed is None or len(laps.edges) != 2 or not placed.stop > placed.start:
            found.append(None)
            continue
        lap_s = (laps.edges[1].place - laps.edges[0].place) * 1e-6
        unsure_s = 2 * (LAP_HALF_WIDTH_US * 1e-6 + placed.half_width * period_s)
        found.append(_Timed((placed.stop - placed.start) * period_s, lap_s, unsure_s))
    return found


def _judged(
    found: Sequence[SamplesLost], own: _Timed | None, others: Sequence[_Timed], period_s: float
) -> UnknownLoss:
    said = _said(found)
    if own is None:
        return UnknownLoss(False, f"{said}; no laps of an IO manager time the window as a second clock")
    if len(others) < FEWEST_OTHERS:
        why = f"{len(others)} other windows show what the laps are worth, {FEWEST_OTHERS} are needed"
        return UnknownLoss(False, f"{said}; {why}")
    ratios = np.array([one.lap_s / one.samples_s for one in others])
    by_laps_s = own.lap_s / float(np.median(ratios))
    unsure_s = float(np.ptp(ratios)) * own.samples_s + own.unsure_s
    off_s, apart_s = by_laps_s - own.samples_s, min(event.modulo for event in found) * period_s
    told = f"by the laps the window is {off_s * 1e6:+.0f} µs longer, known to {unsure_s * 1e6:.0f} µs"
    if abs(off_s) + unsure_s < apart_s / 2:
        return UnknownLoss(True, f"{said}; {told}: that number is right")
    return UnknownLoss(False, f"{said}; {told}, which leaves other numbers possible")

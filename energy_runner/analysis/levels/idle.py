# SPDX-License-Identifier: Apache-2.0
"""What the DUT draws while nothing is sent (idle), while it sends (transmit) and while it is sent to (receive).

Idle is not the lowest level: on many boards that is sending, with the core asleep until the UART has taken the
next byte, while waiting polls at full speed. So traffic says which stretch is which (`traffic.py`), and the power
in it is only then looked at. The middle one of many block means counts: a place that is off by some milliseconds,
or what a DUT still does after its answer, falls into a few blocks, while frequent wake-ups are in every block.
Where rarer ones recur at like intervals, the mean over whole intervals counts (`wakeups.py`).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.levels.host_line import HostLine
from energy_runner.analysis.levels.traffic import Span
from energy_runner.analysis.levels.wakeups import find_wake_ups
from energy_runner.analysis.placing.alignment import Placed
from energy_runner.session.events import InferenceDone

FloatArray = npt.NDArray[np.float64]

BLOCK_S = 0.05  # longer than the polling and the timers of a DUT, short enough for many in a second
LEAST_SAMPLES = 8
LEAST_TOTAL_S = 0.05
_READ_AT_ONCE = 1 << 20
_MOST_LOAD = 1 << 14  # samples of each of the parts of a load that are looked at
_LOAD_PARTS = 16  # spread evenly: a load that is read back ends with as much sending as it began with receiving
_BESIDE = 3  # samples beside an edge that may be mixed with another level
_ANOTHER = 0.05  # of the level while sending: less apart, receiving is not told from it
_EFFICIENCY = math.sqrt(math.pi / 2)  # standard deviation of a median over that of a mean


@dataclass(frozen=True)
class PowerLevel:
    """A level: `power_w` ± `u_w` (scatter of what was found, with `dof`; the monitor's own errors apart).

    It lasted `total_s` altogether in `places` places; the longest began at `start_s` and lasted `duration_s`.
    `least_w` and `most_w` are the lowest and the highest level of a place. Where a DUT wakes up `wakes_every_s`,
    `power_w` is the mean over whole intervals and `asleep_w` the level between.
    """

    power_w: float
    u_w: float
    total_s: float
    places: int
    start_s: float
    duration_s: float
    dof: float = math.inf
    least_w: float = math.nan
    most_w: float = math.nan
    wakes_every_s: float | None = None
    asleep_w: float | None = None


@dataclass(frozen=True)
class _Piece:
    """Samples of one place: its block means, and where it lies."""

    means_w: FloatArray
    first: int
    last: int


def find_idle(
    source: EnergySource, quiet: Sequence[Span], line: HostLine, resolution_s: float = 0.0
) -> PowerLevel | None:
    """Return the level while nothing is sent; None for less than 50 ms of that in all.

    Times that a log rounded down to `resolution_s` may have been that much later.
    """
    block = max(LEAST_SAMPLES, round(BLOCK_S / source.step_s))
    pieces = []
    for span in quiet:
        slack = line.slack_s / source.step_s
        later = 0.0 if span.at_start else slack + resolution_s / source.step_s
        begin = max(0, math.ceil(line.place(span.begin_ns) + later))
        end = min(source.length, math.floor(line.place(span.end_ns) - slack))
        pieces.append(_piece(source, begin, end, block))
    level = _level(pieces, source.step_s, LEAST_TOTAL_S)
    longest = max(pieces, key=lambda piece: len(piece.means_w), default=None)
    found = find_wake_ups(longest.means_w) if longest is not None and level is not None else None
    if level is None or found is None:
        return level
    return replace(
        level,
        power_w=found.mean_w,
        u_w=found.u_w,
        dof=found.intervals - 1.0,
        wakes_every_s=found.every_blocks * block * source.step_s,
        asleep_w=level.power_w,
    )


def find_transmit(
    source: EnergySource, windows: Iterable[tuple[InferenceDone, Placed | None]]
) -> PowerLevel | None:
    """Return the level from a window's end to the end of the answer, which the DUT is sending all that time."""
    pieces = []
    for inference, placed in windows:
        if placed is None or inference.done_line_ns is None:
            continue
        lasts = (inference.t_ns - inference.done_line_ns) * 1e-9 / source.step_s
        begin = math.ceil(placed.stop + placed.half_width) + _BESIDE
        end = min(source.length, math.floor(placed.stop - placed.half_width + lasts) - _BESIDE)
        if end - begin >= LEAST_SAMPLES:
            pieces.append(_whole(source, begin, end))
    return _level(pieces, source.step_s, 0.0)


def find_receive(
    source: EnergySource, loads: Sequence[Span], line: HostLine, transmit: PowerLevel | None
) -> PowerLevel | None:
    """Return the level while a stimulus is loaded, without the DUT's answers to its parts."""
    pieces = []
    for span in loads:
        begin = max(0, math.ceil(line.place(span.begin_ns) + line.slack_s / source.step_s))
        end = min(source.length, math.floor(line.place(span.end_ns) - line.slack_s / source.step_s))
        if end - begin >= LEAST_SAMPLES:
            pieces.append(_whole(source, begin, end, other_w=transmit.power_w if transmit else None))
    return _level(pieces, source.step_s, LEAST_TOTAL_S)


def _piece(source: EnergySource, begin: int, end: int, block: int) -> _Piece:
    """Return the means of blocks of about `block` samples; one block where there are fewer."""
    block = min(block, max(0, end - begin))
    if block < LEAST_SAMPLES:
        return _Piece(np.zeros(0), begin, begin)
    means = []
    step = max(1, _READ_AT_ONCE // block) * block
    end = begin + (end - begin) // block * block
    for first in range(begin, end, step):
        power_w = np.asarray(source.power_w(first, min(first + step, end)), dtype=np.float64)
        means.append(np.mean(power_w.reshape(-1, block), axis=1))
    every = np.concatenate(means)
    return _Piece(every[np.isfinite(every)], begin, end)


def _whole(source: EnergySource, begin: int, end: int, other_w: float | None = None) -> _Piece:
    """Return the middle sample of a place as its only mean; of those that are not at the level `other_w`."""
    bounds = np.linspace(begin, end, _LOAD_PARTS + 1).astype(int).tolist()
    parts = [source.power_w(first, min(last, first + _MOST_LOAD)) for first, last in pairwise(bounds)]
    power_w = np.concatenate(parts).astype(np.float64)
    power_w = power_w[np.isfinite(power_w)]
    if other_w is not None and len(power_w):
        away = np.abs(power_w - other_w)
        far = float(np.quantile(away, 0.9))
        power_w = power_w[away > far / 2] if far > _ANOTHER * abs(other_w) else power_w
    return _Piece(np.array([np.median(power_w)]) if len(power_w) else np.zeros(0), begin, end)


def _level(pieces: Sequence[_Piece], period_s: float, least_s: float) -> PowerLevel | None:
    pieces = [piece for piece in pieces if len(piece.means_w)]
    total_s = sum(piece.last - piece.first for piece in pieces) * period_s
    if not pieces or total_s < least_s:
        return None
    every = np.concatenate([piece.means_w for piece in pieces])
    longest = max(pieces, key=lambda piece: piece.last - piece.first)
    u_w, dof = _scatter(pieces, every)
    medians = [float(np.median(piece.means_w)) for piece in pieces]
    return PowerLevel(
        power_w=float(np.median(every)),
        u_w=u_w,
        total_s=total_s,
        places=len(pieces),
        start_s=longest.first * period_s,
        duration_s=(longest.last - longest.first) * period_s,
        dof=dof,
        least_w=min(medians),
        most_w=max(medians),
    )


def _scatter(pieces: Sequence[_Piece], every: FloatArray) -> tuple[float, float]:
    """Return the standard uncertainty of the median of all blocks, and its degrees of freedom.

    Blocks of one place that follow each other are alike, so few of them are independent. Where the places differ
    by more than that, the level may be any of theirs: a rectangular distribution as wide as the farthest is away.
    """
    count = len(every)
    deviation = every - np.median(every)
    sigma = 1.4826 * float(np.median(np.abs(deviation)))
    within = 0.0
    if count > 1:
        alike = float(np.mean(deviation[1:] * deviation[:-1]) / max(float(np.mean(deviation**2)), 1e-300))
        alike = min(0.95, max(0.0, alike))
        within = _EFFICIENCY * sigma * math.sqrt((1 + alike) / (1 - alike) / count)
    value = np.median(every)
    apart = max(abs(float(np.median(piece.means_w) - value)) for piece in pieces) / math.sqrt(3)
    return (apart, math.inf) if apart > within else (within, max(1.0, count - 1.0))

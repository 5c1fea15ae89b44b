# SPDX-License-Identifier: Apache-2.0
"""The DUT's clock against the host's, inside each window: what a throughput is by the host's clock.

The EEMBC runner dates each line of its log to the millisecond. The two lines of a window's laps are as far apart
on the host's clock as on the DUT's, if that one runs true. Only times inside one window are compared: some DUTs
stop their timer between windows, or set it anew. A line can be late and never early, so a DUT's clock is called
fast only where lateness cannot explain it: a window began after its command, and ended before its last lap came.

The MLCommons runner dates loading and results to the second, and has the laps without dates. So only bounds
follow: the windows from one to another lie between the loading of the first and what came after the last.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from energy_runner.published.findings import seen
from energy_runner.published.model import MLCOMMONS, InferCommand, PublishedSession
from energy_runner.published.row import Evidence

_WRAP_US = 2**32
_LEAST_S = 1.0  # shorter windows say nothing beside lines that are late
_LEAST_WINDOWS = 2
_LATE_S = 0.03  # standard uncertainty of how far apart two lines of the log are, at 115200 baud
_MEDIAN = 1.253  # of the standard uncertainty of a median over that of a mean
_STEADY = 0.02  # the windows' ratios scatter less, or it is not the clock that is wrong
_ANSWERED_S = 0.5  # what follows a lap is said within this time, or the dates of the lines are in doubt

_SECOND_S = 1.0  # to which the other runner dates
_AROUND_S = 0.5  # before the first lap, and behind the last one: a command, its answer, a printed line
_MOST_WINDOWS = 100  # a session has five; the search below grows with their square
_LAPS = "each from lap to lap by the host's clock"
_BOUNDS = "the DUT's laps by the host's clock, which the log dates to the second"


@dataclass(frozen=True)
class HostClock:
    """The host's seconds over the DUT's.

    `ratio` is the median of the windows, `u` its standard uncertainty, and `expanded_u` what covers 95 %.

    `rates` are inferences per second of each window by the host's clock, and `shortest_s` is the shortest window.
    `proven` is False where late lines could explain the ratio, and `sure` is the share by which the DUT's clock is
    wrong at least, negative where it may be right. `how` says what it rests on, `where` shows it.
    """

    ratio: float
    u: float
    expanded_u: float
    rates: tuple[float, ...]
    shortest_s: float
    proven: bool
    sure: float
    how: str = _LAPS
    where: tuple[Evidence, ...] = ()

    @property
    def rate(self) -> float:
        """Return the throughput by the host's clock: the median of the windows."""
        return statistics.median(self.rates)


def host_clock(session: PublishedSession) -> HostClock | None:
    """Return the comparison for a performance session; None where the log dates neither laps nor loading."""
    if session.mode != "performance":
        return None
    return _by_seconds(session) if session.runner == MLCOMMONS else _by_lines(session)


# --- lines that are dated to the millisecond ------------------------------------------------------------


def _by_lines(session: PublishedSession) -> HostClock | None:
    timed = [(one, _durations(one)) for one in session.commands if one.inferences > 0]
    known = [(one, times[0], times[1]) for one, times in timed if times is not None]
    if len(known) < _LEAST_WINDOWS:
        return None
    ratios = [host_s / dut_s for _, host_s, dut_s in known]
    ratio = statistics.median(ratios)
    scatter = statistics.stdev(ratios)
    # Lines may be late alike in all windows, so their lateness does not average out.
    late = _LATE_S / statistics.median(host_s for _, host_s, _ in known)
    u = math.hypot(scatter * _MEDIAN / math.sqrt(len(known)), ratio * late)
    most = min(_longest_s(one) / (dut_s * (1 + _warm_ups(one))) for one, _, dut_s in known)
    sure = abs(ratio - 1) - 2 * u
    return HostClock(
        ratio=ratio,
        u=u,
        expanded_u=2 * u,
        rates=tuple(one.inferences / host_s for one, host_s, _ in known),
        shortest_s=min(host_s for _, host_s, _ in known),
        proven=scatter <= _STEADY * ratio and (ratio > 1 or most < 1),
        sure=sure if ratio > 1 else min(sure, 1 - most),
        where=_lap_lines(session, known[0][0]),
    )


def _durations(command: InferCommand) -> tuple[float, float] | None:
    """Return a window's duration by the host and by the DUT, in s; None where either is not known."""
    if len(command.laps_us) != 2 or len(command.laps_ms) != 2:
        return None
    host_s = (command.laps_ms[1] - command.laps_ms[0]) / 1000
    dut_s = _dut_s(command)
    return (host_s, dut_s) if host_s >= _LEAST_S and 0 < dut_s < _WRAP_US * 1e-6 else None


def _dut_s(command: InferCommand) -> float:
    start_us, stop_us = command.laps_us
    return (stop_us - start_us if stop_us >= start_us else stop_us - start_us + _WRAP_US) * 1e-6


def _longest_s(command: InferCommand) -> float:
    """Return the longest that a window can have taken: from its command to its last lap, or the last line at all.

    Infinity where the host's command is not in the log: the DUT's line about it may be late.
    """
    if command.start_ms is not None and command.start_ms <= command.sent_ms:
        return math.inf
    said_ms = command.finished_ms - command.laps_ms[1]
    last_ms = command.laps_ms[1] if 0 <= said_ms <= _ANSWERED_S * 1000 else command.finished_ms
    return (last_ms - command.sent_ms) / 1000


def _warm_ups(command: InferCommand) -> float:
    """Return how many of a window's durations its warm-ups took beside, as far as the DUT tells of them."""
    return (command.warmups or 0) / command.inferences if command.warmed else 0.0


def _lap_lines(session: PublishedSession, first: InferCommand) -> tuple[Evidence, ...]:
    log = session.names.get("log", "log.txt")
    laps = zip(first.lap_lines, first.laps_ms, first.laps_us, strict=False)
    return tuple(seen(log, line, ms, f"m-lap-us-{lap_us}") for line, ms, lap_us in laps)


# --- loading that is dated to the second ----------------------------------------------------------------


def _by_seconds(session: PublishedSession) -> HostClock | None:
    known = [one for one in session.commands if one.inferences > 0 and len(one.laps_us) == 2]
    dated = session.ended_ms is not None and all(one.load_begun_ms is not None for one in known)
    if not dated or len(known) != len(session.commands) or not _LEAST_WINDOWS <= len(known) <= _MOST_WINDOWS:
        return None
    windows_s = [(one.laps_us[1] - one.laps_us[0]) * 1e-6 for one in known]
    if min(windows_s) < _LEAST_S:
        return None
    low, high = _bounds(known, windows_s)
    if not 0 < low <= high:
        return None  # a timer that was set anew: its laps fit no clock
    ratio, log = (low + high) / 2, session.names.get("log", "log.txt")
    return HostClock(
        ratio=ratio,
        u=(high - low) / 2 / math.sqrt(3),  # anywhere between the bounds, and never beyond
        expanded_u=(high - low) / 2,
        rates=tuple(one.inferences / (dut_s * ratio) for one, dut_s in zip(known, windows_s, strict=True)),
        shortest_s=min(windows_s) * high,
        proven=high < 1 or low > 1,
        sure=max(1 - high, low - 1),
        how=_BOUNDS,
        where=tuple(seen(log, one.load_line, text=f"loading {one.file}") for one in (known[0], known[-1])),
    )


def _bounds(known: Sequence[InferCommand], windows_s: Sequence[float]) -> tuple[float, float]:
    """Return the least and the largest ratio of the host's seconds to the DUT's that the dates allow.

    A window began after its stimulus was loaded and ended before the next one was, both known to a second. It
    began not much later and ended not much earlier: by its warm-ups, a command and an answer.
    """
    gaps_s = [(after.laps_us[0] - before.laps_us[1]) * 1e-6 for before, after in pairwise(known)]
    warm_s = [dut_s * (one.warmups or 0) / one.inferences for one, dut_s in zip(known, windows_s, strict=True)]
    # Between windows there are warm-ups at least: a timer that shows less stood still, or began anew.
    runs_on = all(
        0 < 0.9 * warm <= gap <= _gap_s(one, other) + 2 * warm
        for gap, warm, (one, other) in zip(gaps_s, warm_s[1:], pairwise(known), strict=True)
    )
    inside_s = [0.0, *accumulate(windows_s)]
    low, high = 0.0, math.inf
    for i, first in enumerate(known):
        host_s, lost_s = 0.0, 0.0
        for j, last in enumerate(known[i:], start=i):
            dut_s = inside_s[j + 1] - inside_s[i] + (sum(gaps_s[i:j]) if runs_on else 0.0)
            whole_s = _spent_s(first, last)
            high = min(high, whole_s / dut_s)
            host_s += _spent_s(last, last)
            lost_s += 2 * (_SECOND_S + _AROUND_S) + 2 * warm_s[j]
            least_s = whole_s - lost_s / (j - i + 1) if runs_on else host_s - lost_s
            low = max(low, least_s / dut_s)
    return low, high


def _spent_s(first: InferCommand, last: InferCommand) -> float:
    """Return the longest from the loading for one window to what came after another, or after itself."""
    return ((last.end_ms or 0) - first.sent_ms) / 1000


def _gap_s(one: InferCommand, other: InferCommand) -> float:
    """Return the longest that can lie between the ends of two loadings, where the earlier window is over."""
    return (other.sent_ms - (one.end_ms or 0)) / 1000 + 2 * _SECOND_S

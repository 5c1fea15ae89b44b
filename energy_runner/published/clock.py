# SPDX-License-Identifier: Apache-2.0
"""The DUT's clock against the host's, inside each window: what a throughput is by the host's clock.

The runner dates each line of its log. The two lines of a window's laps are as far apart on the host's clock as on
the DUT's, if that one runs true. Only times inside one window are compared: some DUTs stop their timer between
windows, or set it anew. A line can be late and never early, so a DUT's clock is called wrong only where lateness
cannot explain it.
"""

import math
import statistics
from dataclasses import dataclass

from energy_runner.published.model import InferCommand, PublishedSession

_WRAP_US = 2**32
_LEAST_S = 1.0  # shorter windows say nothing beside lines that are late
_LEAST_WINDOWS = 2
_LATE_S = 0.03  # standard uncertainty of how far apart two lines of the log are, at 115200 baud
_MEDIAN = 1.253  # of the standard uncertainty of a median over that of a mean
_SURELY_FAST = 0.03  # share of the DUT's time by which a whole command must be shorter to prove its clock fast
_STEADY = 0.02  # the windows' ratios scatter less, or it is not the clock that is wrong


@dataclass(frozen=True)
class HostClock:
    """The host's seconds over the DUT's: `ratio` is the median of the windows, `u` its standard uncertainty.

    `rates` are inferences per second of each window by the host's clock, `shortest_s` is the shortest window, and
    `first` the command of the first window. `proven` is False where late lines could explain the ratio.
    """

    ratio: float
    u: float
    rates: tuple[float, ...]
    shortest_s: float
    first: InferCommand
    proven: bool

    @property
    def rate(self) -> float:
        """Return the throughput by the host's clock: the median of the windows."""
        return statistics.median(self.rates)


def host_clock(session: PublishedSession) -> HostClock | None:
    """Return the comparison for a performance session; None where the log does not date its laps."""
    if session.mode != "performance":
        return None
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
    fits = all(_longest_s(one) < dut_s * (1 - _SURELY_FAST) for one, _, dut_s in known)
    return HostClock(
        ratio=ratio,
        u=u,
        rates=tuple(one.inferences / host_s for one, host_s, _ in known),
        shortest_s=min(host_s for _, host_s, _ in known),
        first=known[0][0],
        proven=scatter <= _STEADY * ratio and (ratio > 1 or fits),
    )


def _durations(command: InferCommand) -> tuple[float, float] | None:
    """Return a window's duration by the host and by the DUT, in s; None where either is not known."""
    if len(command.laps_us) != 2 or len(command.laps_ms) != 2:
        return None
    host_s = (command.laps_ms[1] - command.laps_ms[0]) / 1000
    start_us, stop_us = command.laps_us
    dut_s = (stop_us - start_us if stop_us >= start_us else stop_us - start_us + _WRAP_US) * 1e-6
    return (host_s, dut_s) if host_s >= _LEAST_S and 0 < dut_s < _WRAP_US * 1e-6 else None


def _longest_s(command: InferCommand) -> float:
    """Return the longest that a window can have taken: from its command to the last line about it."""
    return (command.finished_ms - command.sent_ms) / 1000

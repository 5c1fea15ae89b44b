# SPDX-License-Identifier: Apache-2.0
"""Give host times a place in the trace, and say within what limit they lie there.

The lines that begin and end each window reach the host shortly after its edges, whose places are known; without
windows the arrival of samples ties both clocks (`analysis.levels.host_line`). A message is late, never early, so
that what is placed may really have been later by as much as the least late message was. Far from all of them the
clocks drift apart. Where nothing was acquired, time counts from the beginning of the run, and host times are
exact.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.levels.host_line import host_line
from energy_runner.analysis.placing.alignment import LATENCY_LIMIT_S, NONE, Alignment

FloatArray = npt.NDArray[np.float64]
BY_SAMPLES, BY_RUN = "the first sample", "the beginning of the run"
_DRIFT = 2e-4  # of two crystals, 100 ppm each
_UNPOLLED_S = 0.25  # how long a sampler may go unpolled: the looseness of a single message


@dataclass(frozen=True)
class HostTimes:
    """Second 0 of the trace was at host time `zero_ns`; a second of it took `rate` s by the host.

    `u_s` is the limit of the error of a place, s, from `first_s` to `last_s`, where both clocks are tied; beyond,
    it grows. `zero` says what second 0 is. Where `why_not` says why nothing can be placed, all places are NaN.
    """

    zero_ns: int = 0
    rate: float = 1.0
    u_s: float = 0.0
    first_s: float = -math.inf
    last_s: float = math.inf
    zero: str = BY_SAMPLES
    why_not: str = ""

    def places(self, times_ns: npt.NDArray[np.int64]) -> FloatArray:
        """Return the places of host times, s of the trace; NaN where they are not known."""
        if self.why_not:
            return np.full(len(times_ns), np.nan)
        since: FloatArray = (times_ns - np.int64(self.zero_ns)).astype(np.float64) * (1e-9 / self.rate)
        return since

    def limits(self, at_s: FloatArray) -> FloatArray:
        """Return the limit of the error of each place, s."""
        far = np.maximum(0.0, np.maximum(self.first_s - at_s, at_s - self.last_s))
        limits: FloatArray = self.u_s + _DRIFT * far
        return limits

    def place(self, t_ns: int | None) -> float | None:
        """Return the place of one host time; None where it is not known."""
        return None if t_ns is None or self.why_not else (t_ns - self.zero_ns) * 1e-9 / self.rate


def host_times(
    facts: Facts, alignment: Alignment | None, begun_ns: int | None, factor: float, resolution_s: float = 0.0
) -> HostTimes:
    """Return how host times are placed; `factor` is what a sample lasts over its stated period.

    `begun_ns` is when the run began, and `resolution_s` that of host times which a log rounded down.
    """
    if not facts.started or facts.monitor is None:
        if begun_ns is None:
            return HostTimes(why_not="the journal holds nothing, so nothing says when the run began")
        return HostTimes(zero_ns=begun_ns, u_s=resolution_s, zero=BY_RUN)
    if len(facts.started) > 1:
        return HostTimes(why_not=f"{len(facts.started)} acquisitions began, and host times fit into neither")
    line = host_line(facts, alignment or Alignment(NONE, []), resolution_s)
    if line is not None:
        placed = [one for one in (alignment.windows if alignment is not None else []) if one is not None]
        ends = [one.start for one in placed] + [one.stop for one in placed]
        if not ends or resolution_s:
            ends = facts.arrival_line()[0].tolist()
        step_s = facts.monitor.period_s * factor
        first_s, last_s = min(ends) * step_s, max(ends) * step_s
        return HostTimes(round(line.origin_s * 1e9), line.slope / factor, line.slack_s, first_s, last_s)
    if len(facts.arrival_ends) or facts.monitor.starts_on_edge:
        odd = "samples arrived at times that contradict the host's clock"
        early = "no sample has arrived yet, which would tie the host's clock to the trace"
        return HostTimes(why_not=odd if len(facts.arrival_ends) else early)
    # The monitor has acknowledged its start and nothing has come yet.
    begins_ns = facts.started[0].t_ns
    return HostTimes(begins_ns, 1.0 / factor, LATENCY_LIMIT_S + _UNPOLLED_S, 0.0, 0.0)

# SPDX-License-Identifier: Apache-2.0
"""From host time to places in the trace, for stretches that no edge marks.

The lines that begin and end each window reach the host shortly after its edges, which have places in the trace.
They tie both clocks, and what they leave says how well. Without them the arrival of samples does, which is looser.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.alignment import LATENCY_LIMIT_S, Alignment
from energy_runner.analysis.placing.line import lower_line

FloatArray = npt.NDArray[np.float64]

_MOST_SLACK_S = 0.25
_MOST_SLOPE = 1.5  # of host time over trace: beyond it one of the two is not what it says


@dataclass(frozen=True)
class HostLine:
    """Sample k began at host time `origin_s` + `slope` · k · `period_s`, within `slack_s`."""

    origin_s: float
    slope: float
    period_s: float
    slack_s: float

    def place(self, t_ns: float) -> float:
        """Return the place in the trace of host time `t_ns`, in samples."""
        return (t_ns * 1e-9 - self.origin_s) / (self.slope * self.period_s)


def host_line(facts: Facts, alignment: Alignment, resolution_s: float) -> HostLine | None:
    """Return the line between host time and trace; None for a run without samples or their times.

    `resolution_s` is that of the host's times, if a log rounded them.
    """
    if facts.monitor is None:
        return None
    period_s = facts.monitor.period_s
    places, times_s = _anchors(facts, alignment)
    if not len(places) or resolution_s:
        places, times_ns = facts.arrival_line()
        times_s = times_ns * 1e-9
    if not len(places):
        return None
    x = places * period_s
    line = lower_line(x, times_s)
    slope = line.slope if line is not None else 1.0
    if not 1 / _MOST_SLOPE < slope < _MOST_SLOPE:
        return None
    late = times_s - slope * x
    origin_s = float(np.min(late))
    slack_s = min(_MOST_SLACK_S, float(np.max(late)) - origin_s)
    return HostLine(origin_s, slope, period_s, LATENCY_LIMIT_S + slack_s + resolution_s / 2)


def _anchors(facts: Facts, alignment: Alignment) -> tuple[FloatArray, FloatArray]:
    """Return the places of edges and the host times, in s, of the lines that belong to them; rising."""
    found: list[tuple[float, float]] = []
    for inference, placed in zip(facts.windows(), alignment.windows, strict=False):
        if placed is not None:
            pairs = ((placed.start, inference.start_line_ns), (placed.stop, inference.done_line_ns))
            found += [(place, t_ns * 1e-9) for place, t_ns in pairs if t_ns is not None]
    found.sort()
    return np.array([place for place, _ in found]), np.array([t_s for _, t_s in found])

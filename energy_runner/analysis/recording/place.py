# SPDX-License-Identifier: Apache-2.0
"""Where host times lie among the samples of an acquisition that nothing but the host's clock is tied to.

Two facts bound the place of a host time T. Sample 0 began no earlier than the sampler was asked to start; and
whatever had arrived by some host time had been sampled by then. Between the two bounds nothing is known, so the
middle is taken, and half their distance is the limit of its error. That error is the same at all times. What the
two clocks may drift apart between T and the facts is a limit of its own.
"""

from dataclasses import dataclass

import numpy as np

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.clock import HOST_CLOCK_LIMIT
from energy_runner.analysis.uncertainty.inputs import Limits
from energy_runner.errors import SessionError

_UNSTATED = 1e-3  # of a sample clock whose limit nobody states: what the worst ceramic resonators do


@dataclass(frozen=True)
class HostPlaces:
    """Host time as places among the samples: `at` a time in ns it is (t - `zero_ns`) / `step_ns`.

    `shared` is the limit in samples of the error that all places have in common, `drift` the largest rate at which
    the two clocks may drift apart, from `near_ns` on, in either direction.
    """

    zero_ns: float
    step_ns: float
    shared: float
    drift: float
    near_ns: float

    def at(self, time_ns: int) -> float:
        """Return the place of a host time, in samples."""
        return (time_ns - self.zero_ns) / self.step_ns

    def drifted(self, time_ns: int) -> float:
        """Return the limit in samples of what the clocks may have drifted apart there."""
        return self.drift * abs(time_ns - self.near_ns) / self.step_ns


def host_places(facts: Facts, start_ns: int) -> HostPlaces:
    """Return where host times lie, for an acquisition that was asked for at `start_ns`.

    Raises `SessionError` where no sample arrived, or more did than there can have been by then.
    """
    monitor = facts.monitor
    ends, times_ns = facts.arrival_line()
    if monitor is None or not len(ends):
        raise SessionError("no sample arrived, so there is nothing to measure. Try: again")
    step_ns = monitor.period_s * 1e9
    stated = [term.relative for term in Limits.of(monitor.accuracy).terms if term.name == "clock"]
    drift = (max(stated) if stated and max(stated) > 0 else _UNSTATED) + HOST_CLOCK_LIMIT
    # By each arrival, sample 0 began no later than this; a slow clock would have let it seem earlier than it was.
    latest_ns = times_ns - ends * step_ns
    least = int(np.argmin(latest_ns))
    last_ns = float(latest_ns[least])
    allowed_ns = drift * (float(times_ns[least]) - start_ns) + step_ns
    if last_ns < start_ns - allowed_ns:
        raise SessionError(
            f"{int(ends[least])} samples of {monitor.period_s:g} s arrived "
            f"{(float(times_ns[least]) - start_ns) / 1e9:.3f} s after the start: more than there can be. "
            "Try: again, and whether the monitor's sample period is the one that it states"
        )
    first_ns = min(float(start_ns), last_ns)
    return HostPlaces(
        zero_ns=(first_ns + last_ns) / 2,
        step_ns=step_ns,
        shared=(last_ns - first_ns) / 2 / step_ns,
        drift=drift,
        near_ns=float(times_ns[least]),
    )

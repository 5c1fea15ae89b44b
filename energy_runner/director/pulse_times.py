# SPDX-License-Identifier: Apache-2.0
"""When a pulse of the timestamp pin can have been, by the host's clock, and when each instrument says it was.

All of this is bounds, not measurements: the DUT pulled its pin after the host had begun to send the command and
before the first line of the answer came, and both took their time on the links.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

from instruments.clock import NS_PER_S
from instruments.roles import Edge, Lap

_ROOT12 = 12.0**0.5


@dataclass(frozen=True)
class Moment:
    """A moment by the host's clock that lies somewhere from `first_ns` to `last_ns`."""

    first_ns: float
    last_ns: float

    def after(self, other: "Moment") -> "Moment":
        """Return how much later this moment is than another one (ns), as bounds."""
        return Moment(self.first_ns - other.last_ns, self.last_ns - other.first_ns)


def said_moment(edge: Edge | Lap, started: Moment, period_s: float) -> Moment:
    """Return when an instrument says the edge was, by the host's clock; samples last `period_s` seconds.

    A lap counts from an origin of its own, so the arrival of its message stands for it. An edge among the samples
    counts from sample 0, which is taken to lie in `started`: from the call that starts the acquisition to its
    return.
    """
    if isinstance(edge, Lap):
        return Moment(edge.arrived_ns, edge.arrived_ns)
    least, most = ((edge.position + side * edge.half_width) * period_s * NS_PER_S for side in (-1, 1))
    return Moment(started.first_ns + least, started.last_ns + most)


def how_late(pulse: Moment, said: Mapping[str, Moment], called: Callable[[str], str]) -> str:
    """Return in words how late each instrument says the pulse was, and how much later than others; "" for none."""
    if not said:
        return ""
    alone = [f"{called(name)} {_between(moment.after(pulse))}" for name, moment in said.items()]
    # All saw the same pulse, so its own bounds drop out between two instruments.
    pairs = [
        f"{called(later)} {_between(said[later].after(said[earlier]))} after {called(earlier)}"
        for earlier, later in combinations(said, 2)
    ]
    return f". How late, as bounds by the host's clock: {'; '.join([*alone, *pairs])}"


def _between(late: Moment) -> str:
    first_ms, last_ms = late.first_ns / 1e6, late.last_ns / 1e6
    return f"{first_ms:.3g} to {last_ms:.3g} ms (u = {(last_ms - first_ms) / _ROOT12:.2g} ms)"

# SPDX-License-Identifier: Apache-2.0
"""Leases: who may measure a point now, until when, and how another worker learns that he is gone."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from energy_runner.sweep.rows import Kind, Scalar
from instruments.clock import Clock

LEASE_S = 30.0  # a beat that stands still for so long belongs to a dead or frozen worker
BEATS = 6  # in each lease


@dataclass(frozen=True)
class Lease:
    """The right of one worker to measure one point; `epoch` grows each time that the point is claimed."""

    sweep: str
    number: int
    epoch: int
    place: int
    kind: Kind
    repeat: int
    values: Mapping[str, Scalar]
    worker: str
    bench: str


@dataclass(frozen=True)
class Running:
    """A point in progress as the catalogue knows it; the first three tell one claim's sign of life."""

    number: int
    epoch: int
    beat: int
    worker: str
    bench: str


@dataclass(frozen=True)
class Beat:
    """What a sign of life found: whether lease and seats are still ours, and what a person asked of the sweep."""

    held: bool
    seats: int
    state: str


class Stillness:
    """Notices what has not changed for a time, by this process's own monotonic clock."""

    def __init__(self, clock: Clock, after_s: float) -> None:
        self._clock = clock
        self._after_ns = round(after_s * 1e9)
        self._seen: dict[Hashable, tuple[Hashable, int]] = {}

    def is_still(self, what: Hashable, sign: Hashable) -> bool:
        """Return whether `what` has shown the same `sign` at every look for as long as the limit."""
        now_ns = self._clock.now_ns()
        before, since_ns = self._seen.get(what, (None, now_ns))
        if before != sign:
            self._seen[what] = sign, now_ns
            return False
        return now_ns - since_ns >= self._after_ns

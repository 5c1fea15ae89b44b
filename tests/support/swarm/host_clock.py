# SPDX-License-Identifier: Apache-2.0
"""A host whose clock runs fast or slow, beside a world whose time is right."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from instruments.clock import VIRTUAL_EPOCH_UTC_NS, Clock, Deadline, Scheduled, VirtualClock, to_ns
from instruments.twin_bench import bench as twin_bench
from instruments.twin_bench.bench import TwinBench, TwinOptions


class OffClock(Clock):
    """The host's view of a virtual clock: off by `first` (relative) until `moment_ns`, then by `then`."""

    virtual = True

    def __init__(self, true: VirtualClock, first: float, moment_ns: int, then: float) -> None:
        self.true = true
        self._first, self._then = 1.0 + first, 1.0 + then
        self._moment_ns = moment_ns

    def now_ns(self) -> int:
        """Return the host's time."""
        return self._host_ns(self.true.now_ns())

    def utc_ns(self) -> int:
        """Return the host's time of day."""
        return VIRTUAL_EPOCH_UTC_NS + self.now_ns()

    def sleep(self, duration_s: float) -> None:
        """Let time pass, by the host's clock."""
        self.true.advance_to(self._true_ns(self.now_ns() + to_ns(duration_s)))

    def run_until(self, condition: Callable[[], bool], deadline: Deadline) -> bool:
        """Advance until `condition()` holds or the host's deadline is reached; return whether it holds."""
        return self.true.run_until(condition, Deadline(self.true, self._true_ns(deadline.at_ns)))

    def call_at(self, at_ns: int, action: Callable[[], None]) -> Scheduled:
        """Schedule `action` at a time of the host."""
        return self.true.call_at(self._true_ns(at_ns), action)

    def _host_ns(self, true_ns: int) -> int:
        before, after = min(true_ns, self._moment_ns), max(0, true_ns - self._moment_ns)
        return round(before * self._first + after * self._then)

    def _true_ns(self, host_ns: int) -> int:
        """Return the first moment of true time at which the host's clock shows `host_ns` or more."""
        turn_ns = self._moment_ns * self._first
        guess = host_ns / self._first if host_ns <= turn_ns else self._moment_ns + (host_ns - turn_ns) / self._then
        true_ns = int(guess)
        while self._host_ns(true_ns) < host_ns:
            true_ns += 1
        return true_ns


@contextmanager
def host_clock_off(first: float, moment_ns: int, then: float) -> Iterator[None]:
    """Let the host of a bench that is built meanwhile have a clock that is off."""
    build = twin_bench.build_twin_bench

    def built(options: TwinOptions) -> TwinBench:
        twin = build(options)
        twin.clock = OffClock(twin.clock, first, moment_ns, then)  # type: ignore[assignment]
        return twin

    with patch("energy_runner.bench.build.build_twin_bench", built):
        yield

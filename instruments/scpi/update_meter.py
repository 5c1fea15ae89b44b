# SPDX-License-Identifier: Apache-2.0
"""A sampler over SCPI that shows only its latest readings, and says when they are new.

A reading that is not fetched before the next one is gone, and nothing tells how many are. But each fresh reading
is seen within one update of its completion; one that seems later than that has followed others that were missed.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from instruments.clock import Clock, Deadline
from instruments.roles import Lost, OverRange, Samples, StreamItem
from instruments.scpi.logger import Logger
from instruments.scpi.sample_counter import COUNTER_SLACK_S, SampleCounter
from instruments.scpi.session import ScpiSession

_LOOK_S = 0.02


@dataclass(frozen=True)
class UpdateDialect:
    """One meter's queries.

    `fresh` is a query, cleared by reading it, and the bit of its answer that means that an update was completed.
    `state` is a query and bits of its answer, each with what it means in words: the readings are over range.
    `decode` turns the answer to `values` into one number a signal: NaN for one that is missing, infinite for one
    that is over range.
    """

    begin: tuple[str, ...]
    fresh: tuple[str, int]
    state: tuple[str, dict[int, str]]
    values: str
    decode: Callable[[str], Sequence[float]]


class UpdateMeter(Logger):
    """The readings from `start` to `stop`; sample 0 is the first update that began after `start`."""

    arming, during = "begin to read", "while it is read"

    def __init__(self, session: ScpiSession, clock: Clock, dialect: UpdateDialect) -> None:
        super().__init__(session, clock, dialect.begin, ())
        self._dialect = dialect
        self._reset()

    def _reset(self) -> None:
        """Forget the acquisition before; the update in progress, which began before this one, is left out."""
        late_s = max(0.0, self._period_s - COUNTER_SLACK_S)
        self._counter = SampleCounter(self._period_s, self._armed_ns, math.inf, late_s)
        self._skip, self._noted = True, 0

    def _wait_until_armed(self, deadline: Deadline) -> None:
        """Clear what says that an update is fresh."""
        self._fresh(deadline)

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Wait for the update in progress, and return it."""
        if self.running:
            soon = deadline.at_most(1.5 * self._period_s)
            while not self._look(deadline) and not soon.expired():
                self._clock.sleep(min(_LOOK_S, soon.remaining_s()))
            self._watch(deadline)
            self.running = False
        return self._hand_over()

    def _fetch(self, deadline: Deadline, *, final: bool = False) -> None:
        self._look(deadline)

    def _fresh(self, deadline: Deadline) -> bool:
        query, bit = self._dialect.fresh
        return bool(int(self._session.ask_number(query, deadline)) & bit)

    def _look(self, deadline: Deadline) -> bool:
        """Read the latest update if it is new; return whether it is."""
        asked_ns = self._clock.now_ns()
        if not self._fresh(deadline):
            return False
        query, meanings = self._dialect.state
        state = int(self._session.ask_number(query, deadline))
        values = self._session.ask_word(self._dialect.values, deadline, self._dialect.decode)
        if self._skip:
            self._skip = False
            return True
        lost = self._counter.account(asked_ns, self._clock.now_ns(), 1)
        if lost is not None:
            self._ready.append(lost)
        self._add(self._counter.next_index - 1, values, [text for bit, text in meanings.items() if state & bit])
        return True

    def _add(self, index: int, values: Sequence[float], over: list[str]) -> None:
        if any(math.isnan(value) for value in values):
            self._ready.append(Lost(index, index + 1, 1, "the meter had no data (NAN)"))
            return
        over += ["a reading is beyond the range (INF)"] if any(math.isinf(value) for value in values) else []
        found = [value if math.isfinite(value) else math.nan for value in values]
        self._ready.append(Samples(index, tuple(np.array([value], dtype=np.float32) for value in found)))
        if over:
            self._ready.append(OverRange(index, 1, "; ".join(over)))

    def _watch(self, deadline: Deadline) -> None:
        """Note errors since the last time."""
        self._status_ns = self._clock.now_ns()
        after, self._noted = self._noted, self._counter.next_index
        self._say_errors(deadline, after, self._counter.next_index + 1)

# SPDX-License-Identifier: Apache-2.0
"""A sampler over SCPI whose records stay in the instrument's FIFO until they are fetched."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from instruments.clock import Clock, Deadline
from instruments.errors import ProtocolViolation
from instruments.roles import Lost, Note, OverRange, Samples
from instruments.scpi.logger import Logger, nothing_questionable
from instruments.scpi.records import Records, runs
from instruments.scpi.sample_counter import SampleCounter
from instruments.scpi.session import ScpiSession

_FETCHES = 32  # the most in one poll; six of them empty the FIFO of an N6705
_ARMED_WITHIN_S = 1.0


@dataclass(frozen=True)
class FifoDialect:
    """The commands with which one instrument arms, reads and ends its log.

    `fetch` is a query whose block holds at most `records_at_once` records of `record_bytes` each; `decode` turns
    them into signals, in the order that the sampler names. The instrument keeps `fifo_s` seconds of records
    (infinite: no document says how many). `armed` is a query and the bits of its answer that mean that the log is
    armed or running; None if there is no such query.

    `available` is a query and the bits of its answer that mean that there is something to fetch; where it is None,
    a block that is not full was the last. Records may be held back until `piece_s` seconds of them are there.
    `skipped` is what `questionable` says if records were lost, where the instrument tells that but not how many.
    """

    arm: tuple[str, ...]
    abort: tuple[str, ...]
    fetch: str
    records_at_once: int
    record_bytes: int
    fifo_s: float
    decode: Callable[[bytes], Records]
    armed: tuple[str, int] | None = None
    available: tuple[str, int] | None = None
    piece_s: float = 0.0
    skipped: str = ""


class FifoLogger(Logger):
    """The log of one channel whose records are fetched while it runs."""

    def __init__(
        self,
        session: ScpiSession,
        clock: Clock,
        dialect: FifoDialect,
        questionable: Callable[[Deadline], str] = nothing_questionable,
    ) -> None:
        super().__init__(session, clock, dialect.arm, dialect.abort, questionable)
        self._dialect = dialect
        self._reset()

    def _reset(self) -> None:
        self._counter = SampleCounter(self._period_s, self._armed_ns, self._dialect.fifo_s, self._dialect.piece_s)
        self._fetched: list[Records] = []
        self._doubtful = self._lost_since_status = False
        self._status_index = 0

    def _complete(self, deadline: Deadline) -> None:
        if self._dialect.piece_s:  # the records of this moment are in a piece that is not full yet
            self._clock.sleep(min(self._dialect.piece_s, deadline.remaining_s()))
        self._fetch(deadline, final=True)
        self._watch(deadline)

    def _end(self, deadline: Deadline) -> None:
        self.abort(deadline)
        self._note_errors(self._status_index, deadline)

    def _wait_until_armed(self, deadline: Deadline) -> None:
        armed = self._dialect.armed
        if armed is None:
            return
        soon = deadline.at_most(_ARMED_WITHIN_S)
        while not self._says(armed, deadline):
            if soon.expired():
                # The guides of different models list different bits, so this alone is no reason to stop.
                text = f"{armed[0].split()[0]} does not say that the log is armed"
                self._ready.append(Note(text, suspicious=True))
                return
            self._clock.sleep(min(0.02, soon.remaining_s()))

    def _says(self, question: tuple[str, int] | None, deadline: Deadline) -> bool:
        """Return whether the answer to a query has one of the bits; true where there is no such query."""
        return question is None or bool(self._session.ask_whole(question[0], deadline) & question[1])

    def _fetch(self, deadline: Deadline, *, final: bool = False) -> None:
        """Empty the instrument's FIFO and count the records."""
        # Reading removes records from the FIFO: until the answer has arrived, they may be lost in transit.
        doubtful, self._doubtful = self._doubtful, True
        at_most = self._dialect.records_at_once * self._dialect.record_bytes
        for _ in range(_FETCHES):
            asked_ns = self._clock.now_ns()
            if not self._says(self._dialect.available, deadline):
                break
            data = self._session.ask_block(self._dialect.fetch, at_most, deadline)
            self._fetched.append(self._dialect.decode(data))
            if self._dialect.available is None and self._fetched[-1].count < self._dialect.records_at_once:
                break
        else:
            raise ProtocolViolation("empty the FIFO of the log", f"{_FETCHES} full answers without an end")
        self._doubtful = False
        fetched, self._fetched = self._fetched, []
        received = sum(records.count for records in fetched)
        answered_ns = self._clock.now_ns()
        lost = self._counter.account(asked_ns, answered_ns, received, doubtful=doubtful, final=final)
        if lost:
            self._lost_since_status = True
            self._ready.append(lost)
        if received:
            self._add_samples(self._counter.next_index - received, fetched)

    def _add_samples(self, first: int, fetched: list[Records]) -> None:
        values = tuple(np.concatenate(columns) for columns in zip(*(r.values for r in fetched), strict=True))
        self._ready.append(Samples(first, values))
        for start, count in runs(np.concatenate([records.bad for records in fetched])):
            self._ready.append(OverRange(first + start, count, "the instrument gives no usable number"))

    def _watch(self, deadline: Deadline) -> None:
        """Ask for questionable states of the output since the last time, and for errors."""
        self._status_ns = self._clock.now_ns()
        text = self._questionable(deadline)
        if text:
            count = self._counter.next_index - self._status_index
            self._ready.append(OverRange(self._status_index, count, text))
            if self._dialect.skipped and self._dialect.skipped in text and not self._lost_since_status:
                # Too few for the clock to notice, but everything after them is out of place.
                detail = f"{self._dialect.skipped}; at least this many"
                self._ready.append(Lost(self._status_index, self._counter.next_index, 1, detail, 1))
        self._lost_since_status = False
        since, self._status_index = self._status_index, self._counter.next_index
        self._note_errors(since, deadline)

    def _note_errors(self, after: int, deadline: Deadline) -> None:
        """Note errors that happened after sample `after` was read, and before those that cannot be read yet."""
        before = self._counter.next_index + math.ceil(self._dialect.piece_s / self._period_s)
        self._say_errors(deadline, after, before)

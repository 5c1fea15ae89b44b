# SPDX-License-Identifier: Apache-2.0
"""A sampler over SCPI whose records stay in the instrument's FIFO until they are fetched."""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from instruments.clock import NS_PER_S, Clock, Deadline
from instruments.errors import InstrumentError, ProtocolViolation, Refused
from instruments.roles import Lost, Note, OverRange, Samples, StreamItem
from instruments.scpi.records import Records, runs
from instruments.scpi.sample_counter import SampleCounter
from instruments.scpi.session import ScpiSession

_FETCHES = 32  # the most in one poll; six of them empty the FIFO of an N6705
_ARMED_WITHIN_S = 1.0
_STATUS_EVERY_S = 1.0


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


class FifoLogger:
    """The log of one channel, from `start` to `stop`; sample 0 is the first record.

    `questionable` says in words what was wrong with the output since its last call; "" means nothing.
    """

    def __init__(
        self,
        session: ScpiSession,
        clock: Clock,
        dialect: FifoDialect,
        questionable: Callable[[Deadline], str] = lambda deadline: "",
    ) -> None:
        self.running = False
        self._session = session
        self._clock = clock
        self._dialect = dialect
        self._questionable = questionable
        self._period_s = 1.0
        self._counter = SampleCounter(self._period_s, 0, dialect.fifo_s, dialect.piece_s)
        self._doubtful = False
        self._fetched: list[Records] = []
        self._ready: list[StreamItem] = []
        self._status_ns = 0
        self._status_index = 0
        self._lost_since_status = False

    def forget(self) -> None:
        """Treat the log as ended without sending anything; the records left in the instrument are not fetched."""
        self.running = False

    def start(self, period_s: float, deadline: Deadline) -> None:
        """Arm the log; raise `Refused` if the instrument reports an error."""
        self._questionable(deadline)  # the query clears what was latched before
        armed_ns = self._clock.now_ns()
        self._period_s = period_s
        self._counter = SampleCounter(period_s, armed_ns, self._dialect.fifo_s, self._dialect.piece_s)
        self._fetched, self._ready, self._doubtful = [], [], False
        self._status_ns, self._status_index = armed_ns, 0
        self.running = True
        for command in self._dialect.arm:
            self._session.send(command, deadline)
        try:
            self._session.check("arm the log", deadline)
        except Refused:
            self.running = False
            raise
        self._wait_until_armed(deadline)

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what was logged since the last call and, once a second, errors and questionable states.

        After an error, the next call returns the items that were already complete.
        """
        if self.running:
            self._fetch(deadline)
            if self._clock.now_ns() - self._status_ns >= _STATUS_EVERY_S * NS_PER_S:
                self._watch(deadline)
        return self._hand_over()

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Fetch and return the rest, and end the log; safe to call when none is running."""
        if self.running:
            try:
                if self._dialect.piece_s:  # the records of this moment are in a piece that is not full yet
                    self._clock.sleep(min(self._dialect.piece_s, deadline.remaining_s()))
                self._fetch(deadline, final=True)
                self._watch(deadline)
            except InstrumentError:
                with suppress(InstrumentError):
                    self.abort(deadline)
                raise
            self.abort(deadline)
            self._note_errors(self._status_index, deadline)
        return self._hand_over()

    def abort(self, deadline: Deadline) -> None:
        """End the log without fetching the records left in the instrument."""
        self.running = False
        for command in self._dialect.abort:
            self._session.send(command, deadline)

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
        return question is None or bool(int(self._session.ask_number(question[0], deadline)) & question[1])

    def _hand_over(self) -> Sequence[StreamItem]:
        items, self._ready = self._ready, []
        return items

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
        for error in self._session.errors(deadline):
            text = f"error during the log: {error}"
            self._ready.append(Note(text, suspicious=True, about="error", after=after, before=before))

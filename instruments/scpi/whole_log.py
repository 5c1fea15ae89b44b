# SPDX-License-Identifier: Apache-2.0
"""A sampler over SCPI whose records can be read only when the acquisition has ended: a file, or a full memory."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from instruments.clock import NS_PER_S, Clock, Deadline
from instruments.errors import InstrumentError, ProtocolViolation
from instruments.roles import Lost, Note, OverRange, Samples, StreamItem
from instruments.scpi.records import Records, runs
from instruments.scpi.session import ScpiSession

_STATUS_EVERY_S = 1.0
_LOOK_S = 0.05
_BLOCK = 1 << 16  # samples handed over in one item
_SLACK_S = 0.1
_SLACK_RELATIVE = 200e-6  # how far the instrument's clock and the host's may drift apart


@dataclass(frozen=True)
class WholeDialect:
    """The commands with which one instrument arms, ends and hands over an acquisition in one piece.

    `fetch` holds the queries whose blocks, together, are the acquisition; each announces at most `most_bytes`.
    `decode` turns the blocks into signals, in the order that the sampler names; its second argument is the period
    that was applied (s). `busy` is a query and the bits of its answer that mean that the memory is not full yet:
    then it is waited for before `end` is sent. None: `end` completes what there is. `tidy` is sent after reading.
    """

    arm: tuple[str, ...]
    end: tuple[str, ...]
    fetch: tuple[str, ...]
    decode: Callable[[Sequence[bytes], float], Records]
    most_bytes: int
    busy: tuple[str, int] | None = None
    tidy: tuple[str, ...] = ()


class WholeLogger:
    """The log of one channel, from `start` to `stop`, which hands over all of it; sample 0 is the first record.

    Such a log says nothing of lost records, and when it was triggered is not known here: more records than the
    time allows are noticed, fewer are not, unless it began at once. What `questionable` says during the
    acquisition cannot be placed among its records, so it holds for all of them.
    """

    def __init__(
        self,
        session: ScpiSession,
        clock: Clock,
        dialect: WholeDialect,
        questionable: Callable[[Deadline], str] = lambda deadline: "",
    ) -> None:
        self.running = False
        self._session = session
        self._clock = clock
        self._dialect = dialect
        self._questionable = questionable
        self._period_s = 1.0
        self._longest_s = 0.0
        self._at_once = False
        self._armed_ns = self._status_ns = 0
        self._doubts: list[str] = []
        self._ready: list[StreamItem] = []

    def forget(self) -> None:
        """Treat the log as ended without sending anything; what it recorded is not fetched."""
        self.running = False

    def start(self, period_s: float, longest_s: float, deadline: Deadline, *, at_once: bool = False) -> None:
        """Arm the log, which ends by itself after `longest_s`; raise `Refused` if the instrument reports an error.

        `at_once` says that it waits for no trigger.
        """
        self._questionable(deadline)  # the query clears what was latched before
        self._period_s, self._longest_s, self._at_once = period_s, longest_s, at_once
        self._doubts, self._ready = [], []
        self._armed_ns = self._status_ns = self._clock.now_ns()
        for command in self._dialect.arm:
            self._session.send(command, deadline)
        self._session.check("arm the log", deadline)
        self.running = True

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return errors of the instrument, asked for once a second; there are no samples before `stop`."""
        if self.running and self._clock.now_ns() - self._status_ns >= _STATUS_EVERY_S * NS_PER_S:
            self._watch(deadline)
        return self._hand_over()

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """End the log and return all of it; safe to call when none is running."""
        if self.running:
            try:
                self._finish(deadline)
            except InstrumentError:
                with suppress(InstrumentError):
                    self.abort(deadline)
                raise
        return self._hand_over()

    def abort(self, deadline: Deadline) -> None:
        """End the log without fetching what it recorded."""
        self.running = False
        for command in self._dialect.end:
            self._session.send(command, deadline)

    def _finish(self, deadline: Deadline) -> None:
        full = self._becomes_full(deadline)
        self._watch(deadline)
        self.abort(deadline)
        ended_ns = self._clock.now_ns()
        if not full:
            self._lost_all(ended_ns)
            return
        blocks = [self._session.ask_block(q, self._dialect.most_bytes, deadline) for q in self._dialect.fetch]
        records = self._dialect.decode(blocks, self._period_s)
        for command in self._dialect.tidy:
            self._session.send(command, deadline)
        self._check_count(records.count, ended_ns)
        self._add(records)
        self._note_errors(deadline)

    def _becomes_full(self, deadline: Deadline) -> bool:
        """Wait for a memory that can only be read when it is full; return whether it is.

        It is not waited for where it cannot become full before the deadline.
        """
        busy = self._dialect.busy
        while busy is not None and int(self._session.ask_number(busy[0], deadline)) & busy[1]:
            passed_s = (self._clock.now_ns() - self._armed_ns) / NS_PER_S
            if max(_LOOK_S, self._longest_s - passed_s) > deadline.remaining_s():
                return False
            self._clock.sleep(_LOOK_S)
        return True

    def _lost_all(self, ended_ns: int) -> None:
        count = max(1, int(min(self._longest_s, (ended_ns - self._armed_ns) / NS_PER_S) / self._period_s))
        detail = "the memory can be read only when it is full, and it was ended before; at most this many"
        self._ready.append(Lost(0, count, count, detail, 1))

    def _check_count(self, count: int, ended_ns: int) -> None:
        passed_s, logged_s = (ended_ns - self._armed_ns) / NS_PER_S, count * self._period_s
        slack_s = _SLACK_S + _SLACK_RELATIVE * passed_s
        if logged_s > passed_s + slack_s:
            raise ProtocolViolation(
                "count the logged records",
                f"{logged_s:.3f} s of records in {passed_s:.3f} s",
                "check that no other channel or parameter is logged, and the period the instrument reports",
            )
        missing = round((min(passed_s, self._longest_s) - logged_s - slack_s) / self._period_s)
        if self._at_once and missing > 0:
            detail = f"{passed_s - logged_s:.3f} s of records are missing; where is not known"
            self._ready.append(Lost(0, count + missing, missing, detail, 1))
        elif logged_s > self._longest_s - slack_s:
            text = f"the log was full after {logged_s:.3f} s"
            self._ready.append(Note(text, about="ended", after=count, before=count))

    def _add(self, records: Records) -> None:
        for first in range(0, records.count, _BLOCK):
            values = tuple(column[first : first + _BLOCK] for column in records.values)
            self._ready.append(Samples(first, values))
        for start, count in runs(records.bad):
            self._ready.append(OverRange(start, count, "the instrument gives no usable number"))
        for text in dict.fromkeys(self._doubts):
            self._ready.append(OverRange(0, records.count, f"{text}; when in the log is not known"))

    def _watch(self, deadline: Deadline) -> None:
        self._status_ns = self._clock.now_ns()
        text = self._questionable(deadline)
        if text:
            self._doubts.append(text)
        self._note_errors(deadline)

    def _note_errors(self, deadline: Deadline) -> None:
        for error in self._session.errors(deadline):
            self._ready.append(Note(f"error during the log: {error}", suspicious=True, about="error"))

    def _hand_over(self) -> Sequence[StreamItem]:
        items, self._ready = self._ready, []
        return items

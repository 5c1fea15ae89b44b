# SPDX-License-Identifier: Apache-2.0
"""A sampler over SCPI whose records can be read only when the acquisition has ended: a file, or a full memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from instruments.clock import NS_PER_S, Clock, Deadline
from instruments.errors import ProtocolViolation
from instruments.roles import Lost, Note, OverRange, Samples
from instruments.scpi.logger import Logger, nothing_questionable
from instruments.scpi.records import Records, runs
from instruments.scpi.session import ScpiSession

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
    then it is waited for before `abort` is sent. None: `abort` completes what there is. `tidy` is sent after
    reading.
    """

    arm: tuple[str, ...]
    abort: tuple[str, ...]
    fetch: tuple[str, ...]
    decode: Callable[[Sequence[bytes], float], Records]
    most_bytes: int
    busy: tuple[str, int] | None = None
    tidy: tuple[str, ...] = ()


class WholeLogger(Logger):
    """The log of one channel, of which `stop` hands over all; there are no samples before.

    Such a log says nothing of lost records, and when it was triggered is not known here: more records than the
    time allows are noticed, fewer are not, unless it began at once. What `questionable` says during the
    acquisition cannot be placed among its records, so it holds for all of them.
    """

    def __init__(
        self,
        session: ScpiSession,
        clock: Clock,
        dialect: WholeDialect,
        questionable: Callable[[Deadline], str] = nothing_questionable,
    ) -> None:
        super().__init__(session, clock, dialect.arm, dialect.abort, questionable)
        self._dialect = dialect
        self._doubts: list[str] = []

    def _reset(self) -> None:
        self._doubts = []

    def _complete(self, deadline: Deadline) -> None:
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
        self._say_errors(deadline)

    def _becomes_full(self, deadline: Deadline) -> bool:
        """Wait for a memory that can only be read when it is full; return whether it is.

        It is not waited for where it cannot become full before the deadline.
        """
        busy = self._dialect.busy
        while busy is not None and self._session.ask_whole(busy[0], deadline) & busy[1]:
            passed_s = (self._clock.now_ns() - self._armed_ns) / NS_PER_S
            if max(_LOOK_S, self.longest_s - passed_s) > deadline.remaining_s():
                return False
            self._clock.sleep(_LOOK_S)
        return True

    def _lost_all(self, ended_ns: int) -> None:
        count = max(1, int(min(self.longest_s, (ended_ns - self._armed_ns) / NS_PER_S) / self._period_s))
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
        missing = round((min(passed_s, self.longest_s) - logged_s - slack_s) / self._period_s)
        if self.at_once and missing > 0:
            detail = f"{passed_s - logged_s:.3f} s of records are missing; where is not known"
            self._ready.append(Lost(0, count + missing, missing, detail, 1))
        elif logged_s > self.longest_s - slack_s:
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
        self._say_errors(deadline)

"""The external data log (ELOG) of an N6705 or N6700: arm it, empty its FIFO, watch the output meanwhile.

Source: Keysight N6705C Operating and Service Guide, chapter "External Data Logging" and "Status Tutorial".
"""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from instruments.clock import NS_PER_S, Clock, Deadline
from instruments.devices.n6705.protocol import OPERATION_ARMED, Records, decode_records, questionable, runs
from instruments.errors import InstrumentError, ProtocolViolation, Refused
from instruments.roles import CURRENT, VOLTAGE, Note, OverRange, Samples, Signal, StreamItem
from instruments.scpi.sample_counter import ElogLedger
from instruments.scpi.session import Dialogue

SIGNALS: tuple[Signal, ...] = (CURRENT, VOLTAGE)  # the order of the values in a record
FETCH_RECORDS = 16384  # at most in one answer: 131 kB, 3.4 s at the shortest period
_FETCHES = 32  # six of them empty a full FIFO
_FETCH_BYTES = FETCH_RECORDS * len(SIGNALS) * 4
_ARMED_WITHIN_S = 1.0
_STATUS_EVERY_S = 1.0


class DataLog:
    """The log of one channel; `ours` is its channel list. It begins at the edge that triggers it."""

    def __init__(self, talk: Dialogue, clock: Clock, ours: str) -> None:
        self.running = False
        self._talk = talk
        self._clock = clock
        self._ours = ours
        self._ledger = ElogLedger(1.0, 0)
        self._doubtful = False
        self._fetched: list[Records] = []
        self._ready: list[StreamItem] = []
        self._status_ns = 0
        self._status_index = 0

    def start(self, period_s: float, deadline: Deadline) -> None:
        """Arm the log; raise `Refused` if the instrument reports an error."""
        self.questionable(deadline)  # reading clears what was latched before
        armed_ns = self._clock.now_ns()
        self._ledger = ElogLedger(period_s, armed_ns)
        self._fetched, self._ready, self._doubtful = [], [], False
        self._status_ns, self._status_index = armed_ns, 0
        self.running = True
        self._talk.send(f"INIT:ELOG {self._ours}", deadline)
        try:
            self._talk.check("arm the log", deadline)
        except Refused:
            self.running = False
            raise
        self._wait_until_armed(deadline)

    def _wait_until_armed(self, deadline: Deadline) -> None:
        soon = deadline.at_most(_ARMED_WITHIN_S)
        while not int(self._talk.ask_number(f"STAT:OPER:COND? {self._ours}", deadline)) & OPERATION_ARMED:
            if soon.expired():
                # Guides of different mainframes list different bits, so this alone is no reason to stop.
                self._ready.append(Note("STAT:OPER:COND? does not say that the log is armed", suspicious=True))
                return
            self._clock.sleep(min(0.02, soon.remaining_s()))

    def poll(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Return what was logged since the last call, and once a second what else happened."""
        if self.running:
            self._fetch(deadline)
            if self._clock.now_ns() - self._status_ns >= _STATUS_EVERY_S * NS_PER_S:
                self._watch(deadline)
        return self._hand_over()

    def stop(self, deadline: Deadline) -> Sequence[StreamItem]:
        """Fetch the rest, end the log, and return what is left."""
        if self.running:
            try:
                self._fetch(deadline, final=True)
                self._watch(deadline)
            except InstrumentError:
                with suppress(InstrumentError):
                    self.abort(deadline)
                raise
            self.abort(deadline)
            self._note_errors(deadline)
        return self._hand_over()

    def abort(self, deadline: Deadline) -> None:
        """End the log without reading what is left in the instrument."""
        self.running = False
        self._talk.send(f"ABOR:ELOG {self._ours}", deadline)

    def questionable(self, deadline: Deadline) -> str:
        """Return in words what is questionable now or was since the last question; empty if nothing is."""
        now = int(self._talk.ask_number(f"STAT:QUES:COND? {self._ours}", deadline))
        latched = int(self._talk.ask_number(f"STAT:QUES? {self._ours}", deadline))
        return questionable(now | latched)

    def _hand_over(self) -> Sequence[StreamItem]:
        items, self._ready = self._ready, []
        return items

    def _fetch(self, deadline: Deadline, *, final: bool = False) -> None:
        """Empty the instrument's FIFO and enter what came into the ledger."""
        # Reading removes records from the FIFO: until the answer is here, they may be lost on the way.
        doubtful, self._doubtful = self._doubtful, True
        for _ in range(_FETCHES):
            asked_ns = self._clock.now_ns()
            data = self._talk.ask_block(f"FETC:ELOG? {FETCH_RECORDS},{self._ours}", _FETCH_BYTES, deadline)
            self._fetched.append(decode_records(data, len(SIGNALS)))
            if self._fetched[-1].count < FETCH_RECORDS:
                break
        else:
            raise ProtocolViolation("empty the FIFO of the log", f"{_FETCHES} full answers and no end")
        self._doubtful = False
        fetched, self._fetched = self._fetched, []
        received = sum(records.count for records in fetched)
        answered_ns = self._clock.now_ns()
        lost = self._ledger.account(asked_ns, answered_ns, received, doubtful=doubtful, final=final)
        if lost:
            self._ready.append(lost)
        if received:
            self._add_samples(self._ledger.next_index - received, fetched)

    def _add_samples(self, first: int, fetched: list[Records]) -> None:
        current, voltage = (
            np.concatenate([records.values[signal] for records in fetched]) for signal in range(len(SIGNALS))
        )
        self._ready.append(Samples(first, (current, voltage)))
        for start, count in runs(np.concatenate([records.bad for records in fetched])):
            self._ready.append(OverRange(first + start, count, "the instrument gives no usable number"))

    def _watch(self, deadline: Deadline) -> None:
        """Ask whether the output was all right since the last time, and for errors."""
        self._status_ns = self._clock.now_ns()
        text = self.questionable(deadline)
        if text:
            count = self._ledger.next_index - self._status_index
            self._ready.append(OverRange(self._status_index, count, text))
        self._status_index = self._ledger.next_index
        self._note_errors(deadline)

    def _note_errors(self, deadline: Deadline) -> None:
        for error in self._talk.errors(deadline):
            self._ready.append(Note(f"error during the log: {error}", suspicious=True))

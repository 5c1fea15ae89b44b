# SPDX-License-Identifier: Apache-2.0
"""A sampler over SCPI whose readings fill a buffer of the instrument, and are read from there by their index.

Reading removes nothing: an answer that is lost on its way is asked for again, and the buffer loses nothing until
it is full. A full buffer ends the acquisition.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from instruments.clock import Clock, Deadline
from instruments.errors import ProtocolViolation, Refused
from instruments.roles import Lost, Note, OverRange, Samples
from instruments.scpi.fifo_logger import FifoDialect, FifoLogger
from instruments.scpi.logger import nothing_questionable
from instruments.scpi.records import Records, runs
from instruments.scpi.session import ScpiSession

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MOST_READINGS = 100_000_000  # in any buffer of these instruments
_ARMED_WITHIN_S = 1.0
_OFF_TIME = 0.25  # of the period: a reading that is later is not the one that its place stands for


@dataclass(frozen=True)
class Readings:
    """Decoded readings, and when each was taken after the first (s) where the instrument tells."""

    records: Records
    times_s: FloatArray | None = None


@dataclass(frozen=True)
class TraceDialect:
    """The commands with which one instrument arms, reads and ends an acquisition into its buffer.

    `held` asks for the number of readings in the buffer. `read` asks for those from `{first}` to `{last}`, counted
    from 1: a block of `reading_bytes` for each, at most `at_once` of them, which `decode` understands. `state`
    asks what the acquisition does; `ended` says in words, given the answer, why it does not run ("": it runs, or
    waits for its trigger). An error that begins with one of `full` means that the buffer is full.
    """

    arm: tuple[str, ...]
    abort: tuple[str, ...]
    held: str
    read: str
    reading_bytes: int
    at_once: int
    decode: Callable[[bytes], Readings]
    state: str
    ended: Callable[[str], str]
    full: tuple[str, ...] = ()


class TraceBuffer(FifoLogger):
    """The buffer of one instrument, from `start` to `stop`; sample 0 is its first reading.

    `capacity` is how many readings it can hold. Where readings carry their times, each is placed by its own, and
    one that was not taken in its period, or not at all, is `Lost`.
    """

    def __init__(
        self,
        session: ScpiSession,
        clock: Clock,
        dialect: TraceDialect,
        questionable: Callable[[Deadline], str] = nothing_questionable,
    ) -> None:
        fifo = FifoDialect(
            arm=dialect.arm,
            abort=dialect.abort,
            fetch=dialect.read,
            records_at_once=dialect.at_once,
            record_bytes=dialect.reading_bytes,
            fifo_s=math.inf,
            decode=lambda data: dialect.decode(data).records,
        )
        super().__init__(session, clock, fifo, questionable)
        self.capacity = 0
        self._trace = dialect
        self._forget_readings()

    def start(self, period_s: float, deadline: Deadline) -> None:
        """Arm the acquisition; raise `Refused` if the instrument reports an error, or does not wait."""
        self._forget_readings()
        super().start(period_s, deadline)

    def _forget_readings(self) -> None:
        self._read = self._handed = 0  # readings that were read, and samples that were handed over or lost
        self._shift = 0  # samples that the host's clock found lost
        self._unplaced: list[Readings] = []
        self._over = False

    def _wait_until_armed(self, deadline: Deadline) -> None:
        soon = deadline.at_most(_ARMED_WITHIN_S)
        while why := self._session.ask_word(self._trace.state, deadline, self._trace.ended):
            if soon.expired():
                self.running = False
                raise Refused("arm the acquisition", f"{self._session.name} says that {why}", "restart it")
            self._clock.sleep(min(0.02, soon.remaining_s()))

    def _fetch(self, deadline: Deadline, *, final: bool = False) -> None:
        """Read what the buffer holds beyond what was read before, and count it."""
        asked_ns = self._clock.now_ns()
        held = self._session.ask_whole(self._trace.held, deadline, MOST_READINGS)
        if self.capacity and held > self.capacity:
            came = f"{held} readings in a buffer for {self.capacity}"
            raise ProtocolViolation("ask how full the buffer is", came, "let no other program set the buffer")
        if held < self._read:
            came = f"{held} readings, of which {self._read} were read before"
            raise ProtocolViolation("ask how full the buffer is", came, "let no other program clear the buffer")
        while self._read < held:
            count = min(self._trace.at_once, held - self._read)
            query = self._trace.read.format(first=self._read + 1, last=self._read + count)
            data = self._session.ask_known_block(query, count * self._trace.reading_bytes, deadline)
            self._unplaced.append(self._trace.decode(data))
            self._read += count
        places = self._places()
        end = int(places[-1]) + 1 if len(places) else self._handed
        received = end - self._counter.next_index
        lost = self._counter.account(asked_ns, self._clock.now_ns(), received, final=final)
        if lost:
            self._shift += lost.missing
            self._lost_since_status = True
        self._hand_in(places + (lost.missing if lost else 0), lost.detail if lost else "")
        if lost and not len(places):
            self._ready.append(lost)
            self._handed = lost.before
        self._say_if_full(held)

    def _places(self) -> IntArray:
        """Return the sample index of each reading that was read and is not handed over yet."""
        times = [readings.times_s for readings in self._unplaced]
        count = sum(readings.records.count for readings in self._unplaced)
        if not times or times[0] is None:
            return np.arange(self._read - count, self._read, dtype=np.int64) + self._shift
        found: IntArray = np.rint(np.concatenate(cast(list[FloatArray], times)) / self._period_s).astype(np.int64)
        if np.any(np.diff(found) < 0) or found[0] + self._shift < self._handed - 1:
            raise ProtocolViolation("read the times of readings", "they do not rise", "clear the buffer")
        return found + self._shift

    def _hand_in(self, places: IntArray, why: str) -> None:
        """Hand over the readings at their places, and as lost what is between them."""
        if not len(places):
            return
        unplaced, self._unplaced = self._unplaced, []
        columns = zip(*(readings.records.values for readings in unplaced), strict=True)
        values = [np.concatenate(column) for column in columns]
        bad = np.concatenate([readings.records.bad for readings in unplaced])
        times = [readings.times_s for readings in unplaced if readings.times_s is not None]
        kept = np.diff(places, prepend=self._handed - 1) > 0  # of two in one period, the first
        if times:
            off = np.abs(np.concatenate(times) / self._period_s - (places - self._shift))
            kept &= off <= _OFF_TIME
            why = why or "no reading was taken in these periods, by the instrument's own times"
        for start, count in runs_of_places(places[kept]):
            chosen = slice(start, start + count)
            first = int(places[kept][start])
            if first > self._handed:
                self._ready.append(Lost(self._handed, first, first - self._handed, why))
            self._ready.append(Samples(first, tuple(column[kept][chosen] for column in values)))
            for at, length in runs(bad[kept][chosen]):
                self._ready.append(OverRange(first + at, length, "the reading is an overflow, or no number"))
            self._handed = first + count
        end = int(places[-1]) + 1
        if end > self._handed:
            self._ready.append(Lost(self._handed, end, end - self._handed, why))
            self._handed = end

    def _say_if_full(self, held: int) -> None:
        if self.capacity and held >= self.capacity and not self._over:
            self._ended_by_itself(f"the acquisition ended by itself: the buffer is full, with {held} readings")

    def _ended_by_itself(self, text: str) -> None:
        self._over = True
        at = self._counter.next_index
        self._ready.append(Note(text, suspicious=True, about="ended", after=at, before=at))

    def _watch(self, deadline: Deadline) -> None:
        """Ask for errors and questionable states, and whether the acquisition still runs."""
        super()._watch(deadline)
        why = "" if self._over else self._session.ask_word(self._trace.state, deadline, self._trace.ended)
        if why:
            # Readings up to the end are in the buffer, and come with the next poll.
            self._ended_by_itself(f"the acquisition ended by itself: {why}")

    def _note_errors(self, after: int, deadline: Deadline) -> None:
        before = len(self._ready)
        super()._note_errors(after, deadline)
        for place, item in enumerate(self._ready[before:], before):
            text = item.text if isinstance(item, Note) else ""
            if any(f": {code}" in text for code in self._trace.full):
                self._ready[place] = Note(text, suspicious=True, about="ended", after=after, before=after)
                self._over = True


def runs_of_places(places: IntArray) -> Sequence[tuple[int, int]]:
    """Return where runs of consecutive places begin among `places`, and how long each is."""
    if not len(places):
        return []
    starts = [0, *(np.flatnonzero(np.diff(places) != 1) + 1).tolist()]
    return [(a, b - a) for a, b in zip(starts, [*starts[1:], len(places)], strict=True)]

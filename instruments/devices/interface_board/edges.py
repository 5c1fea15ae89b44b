# SPDX-License-Identifier: Apache-2.0
"""The falling edges of DUT_DUTY_CYCLE, from the board's record: an `EdgeSource` that is read between relays.

Source: the board's firmware, in protocols "Enhanced interface board". The record states no times of arrival, holds
100 edges, cannot be read while the board relays, and has no check sum; nothing says when it is full or when its
timer has wrapped. Hence:

- Arming brackets, by the host's clock, the moment at which the timer was zeroed. Edges are dated from there.
- The record is read twice, and an edge counts if both answers hold it. Every answer repeats all earlier edges,
  which must not have changed.
- A new edge must lie between the previous reading of the record and this one. So a wrapped timer is noticed.
- A full record ends the run: edges may be missing, and nobody knows how many.
"""

from collections.abc import Sequence
from typing import Protocol

from instruments.clock import NS_PER_S, Clock, Deadline, to_ns
from instruments.devices.interface_board.protocol import (
    MOST_EDGES,
    MOST_TICK,
    PRINT_EDGES,
    RECORD,
    RECORDING,
    TICK_US,
    BoardEvent,
    EdgeRecord,
    Text,
    lap_us,
    parse_record,
)
from instruments.errors import ProtocolViolation
from instruments.roles import Lap, Timebase

ARM_TRIES = 3
CLOSE_NS = to_ns(0.02)  # a bracket that is close enough; command and answer take 5 ms at 115200 baud
LOOK_AGAIN_S = 0.4  # between two looks with no relay between them
TICK_NS = 1000 * TICK_US
WRAPS_S = (MOST_TICK + 1) * TICK_NS / NS_PER_S
# How far the date of a new edge may be off the host's clock: a fixed part (s), for a busy host dates late, and a
# share of the time since arming, for two crystals drift apart.
LOOSE_S, LOOSE = 0.25, 5e-4


class Board(Protocol):
    """What the record needs of its board; `relays` counts the relays begun."""

    name: str
    relays: int

    @property
    def busy(self) -> bool:
        """Return whether the board relays, or owes an answer: it can be asked nothing then."""

    def ask(self, command: str, deadline: Deadline) -> Sequence[BoardEvent]:
        """Return the board's answer to a command of its own, without `m-ready`; raises `TimedOut` without one."""


class RecordedEdges:
    """The `EdgeSource` of one board; its laps are the middles of ticks of 10 µs."""

    timebase: Timebase = "microseconds"

    def __init__(self, board: Board, clock: Clock) -> None:
        self._board = board
        self._clock = clock
        self._zeroed: tuple[int, int] | None = None
        self._known = EdgeRecord()
        self._laps: list[Lap] = []
        self._relays = 0
        self._looked_ns = 0

    def arm(self, deadline: Deadline) -> None:
        """Zero the timer and clear the record; raise `ProtocolViolation` for firmware that keeps none."""
        self.disarm(deadline)
        for _ in range(ARM_TRIES):
            from_ns = self._clock.now_ns()
            answer = self._board.ask(RECORD, deadline)
            zeroed = (from_ns, self._clock.now_ns())
            if Text(RECORDING) not in answer:
                raise ProtocolViolation(
                    f"record edges with '{RECORD}' on {self._board.name}",
                    f"its answer has no line '{RECORDING}'",
                    "flash it with firmware that records detections (mlcommons/tiny, benchmark/interface)",
                )
            if zeroed[1] - zeroed[0] <= CLOSE_NS:  # else the host was busy; the last try's bracket says so
                break
        self._relays = self._board.relays
        self._looked_ns = from_ns
        self._read(deadline)  # only to see that this firmware prints it
        self._zeroed = zeroed

    def take(self, deadline: Deadline) -> Sequence[Lap]:
        """Return the new edges; while the board relays, only those that were read before, without using the link.

        Raises `ProtocolViolation` where the record contradicts itself, its earlier state or the host's clock, and
        where it is full.
        """
        if self._zeroed is not None and not self._board.busy and self._due():
            self._look(self._zeroed, deadline)
        laps, self._laps = self._laps, []
        return laps

    def disarm(self, deadline: Deadline) -> None:
        """Read the record no more; the board itself cannot be told to stop."""
        self._zeroed = None
        self._known = EdgeRecord()
        self._laps.clear()

    # --- inside -------------------------------------------------------------------------------------------

    def _due(self) -> bool:
        """Return whether to look for new edges: the DUT was sent a command, or `LOOK_AGAIN_S` has passed."""
        waited_s = (self._clock.now_ns() - self._looked_ns) / NS_PER_S
        return self._board.relays != self._relays or waited_s >= LOOK_AGAIN_S

    def _look(self, zeroed: tuple[int, int], deadline: Deadline) -> None:
        began_ns = self._clock.now_ns()
        relays = self._board.relays
        self._check_timer(zeroed)
        record, again = self._read(deadline), self._read(deadline)
        if not record.continues(self._known):
            raise self._wrong("it lost or changed edges that it held before", "look whether the board restarted")
        if not again.continues(record):
            raise self._wrong("two answers in a row differ", "check its USB cable")
        laps = [self._lap(tick, zeroed) for tick in record.falls[len(self._known.falls) :]]
        for lap in laps:
            self._check_date(lap, zeroed)
        self._laps += laps
        self._known = record
        self._looked_ns = began_ns
        self._relays = relays if again == record else -1  # an edge came in between: look again at once

    def _read(self, deadline: Deadline) -> EdgeRecord:
        record = parse_record(self._board.ask(PRINT_EDGES, deadline))
        if record.full:
            raise self._wrong(
                f"it is full: it keeps {MOST_EDGES} edges, and later ones are lost without a word",
                "let another instrument play edges in a run of so many pulses; check that the pin does not ring",
            )
        return record

    def _lap(self, tick: int, zeroed: tuple[int, int]) -> Lap:
        return Lap(lap_us(tick), zeroed[1] + tick * TICK_NS + TICK_NS // 2, zeroed)

    def _check_timer(self, zeroed: tuple[int, int]) -> None:
        elapsed_s = (self._clock.now_ns() - zeroed[0]) / NS_PER_S
        if elapsed_s + LOOSE_S + LOOSE * elapsed_s >= WRAPS_S:
            raise self._wrong(f"its timer wraps after {WRAPS_S:.0f} s", "let a run end within 11 hours")

    def _check_date(self, lap: Lap, zeroed: tuple[int, int]) -> None:
        now_ns = self._clock.now_ns()
        loose_ns = to_ns(LOOSE_S + LOOSE * (now_ns - zeroed[0]) / NS_PER_S)
        if self._looked_ns - loose_ns <= lap.arrived_ns <= now_ns + loose_ns:
            return
        since_s, last_s, at_s = (
            (t_ns - zeroed[1]) / NS_PER_S for t_ns in (now_ns, self._looked_ns, lap.arrived_ns)
        )
        raise self._wrong(
            f"a new edge at {at_s:.5f} s of its timer, which must be from {last_s:.2f} to {since_s:.2f} s",
            "look whether the board restarted, and whether another program uses it",
        )

    def _wrong(self, came: str, try_this: str) -> ProtocolViolation:
        return ProtocolViolation(f"read the record of edges of {self._board.name}", came, try_this)

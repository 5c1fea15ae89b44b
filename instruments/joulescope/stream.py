# SPDX-License-Identifier: Apache-2.0
"""One acquisition of a Joulescope: from the library's thread through a bounded queue to samples and edges."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from instruments.clock import Clock
from instruments.errors import InstrumentError, ProtocolViolation, Unavailable
from instruments.joulescope.assembly import Assembly
from instruments.joulescope.dialect import SIGNALS, Model
from instruments.joulescope.messages import read_bits, read_floats
from instruments.joulescope.odd_readings import OddReadings
from instruments.joulescope.slip import Slip, SlipWatch
from instruments.links.bounded import BoundedQueue
from instruments.roles import Edge, Lost, Note, StreamItem

CAPACITY_BYTES = 64 << 20  # some 8 s of current and voltage at 1 MHz
PIN = "input"


@dataclass(frozen=True)
class _Arrival:
    name: str
    message: Any
    arrived_ns: int

    def size(self) -> int:
        """Return the bytes that it occupies, whatever a message may hold."""
        data = self.message.get("data") if isinstance(self.message, dict) else None
        return 200 + int(getattr(data, "nbytes", 0))


class Stream:
    """The account of one acquisition at `stream_hz`, from which samples at `rate_hz` are made.

    `floor_a` is how far offset and noise may part one reading of the current from the next (A): see `OddReadings`.
    """

    def __init__(self, model: Model, stream_hz: int, rate_hz: float, floor_a: float, clock: Clock) -> None:
        self._model = model
        self._clock = clock
        self._rate_hz = rate_hz
        self._step = model.base_hz // stream_hz
        self._queue: BoundedQueue[_Arrival] = BoundedQueue(CAPACITY_BYTES, _Arrival.size)
        self._assembly = Assembly(tuple(SIGNALS), round(model.base_hz / rate_hz), OddReadings(floor_a))
        self._slips = SlipWatch(model.base_hz) if model.slips else None
        self._end = 0
        self._items: list[StreamItem] = []
        self._edges: list[Edge] = []
        self._last_ns: dict[str, int] = {}
        self.begin()

    def begin(self) -> None:
        """Expect messages of each signal and of the input from now on."""
        self._last_ns = dict.fromkeys((*SIGNALS, PIN), self._clock.now_ns())

    def silent(self, for_ns: int) -> list[str]:
        """Return of which signals, the input among them, nothing has come for so long."""
        now_ns = self._clock.now_ns()
        return [name for name, last_ns in self._last_ns.items() if now_ns > last_ns + for_ns]

    def put_back(self, items: list[StreamItem]) -> None:
        """Have `take` or `finish` return these items again, before all others."""
        self._items[:0] = items

    def receiver(self, name: str) -> Callable[[str, object], None]:
        """Return what the library is to call with the messages of a signal, or of the input `PIN`.

        It only queues: the library's thread serves USB, and must not wait.
        """
        return lambda topic, message: self._queue.put(_Arrival(name, message, self._clock.now_ns()))

    def removed(self, path: str) -> Callable[[str, object], None]:
        """Return what the library is to call when a device was removed; `path` is ours."""

        def gone(topic: str, value: object) -> None:
            if value == path:
                self._queue.end(Unavailable(f"read from {path}", "the device was removed", "check its USB cable"))

        return gone

    def take(self) -> list[StreamItem]:
        """Return what has arrived; raise `ProtocolViolation` for what cannot be read, once all before is taken."""
        broken = self._receive()
        items, self._items = self._items, []
        if broken is not None:
            self._queue.end(broken)
        if not items and self._queue.ended is not None:
            raise self._queue.ended
        return items

    def finish(self) -> list[StreamItem]:
        """Return the rest, after the last message."""
        items = self.take()
        slip = self._slips.end() if self._slips is not None else None
        if slip is not None:
            self._say(slip, self._end)
        return [*items, *self._items]

    def take_edges(self) -> list[Edge]:
        """Return the edges of what was taken so far."""
        edges, self._edges = self._edges, []
        return edges

    def _receive(self) -> InstrumentError | None:
        while arrivals := self._queue.take(CAPACITY_BYTES, self._clock.deadline(0.0)):
            # Whatever was dropped here is a jump of `sample_id`, so it is counted among the samples, too.
            for gap in self._queue.take_overflow():
                text = f"{gap.dropped} bytes of samples were dropped: they were read too slowly"
                self._items.append(Note(text, suspicious=True))
            broken = self._account_for(arrivals)
            self._items += self._assembly.take()
            self._edges += self._assembly.take_edges()
            if broken is not None:
                return broken
        return None

    def _account_for(self, arrivals: list[_Arrival]) -> InstrumentError | None:
        try:
            for arrival in arrivals:
                self._account(arrival)
        except ProtocolViolation as error:
            return error
        return None

    def _account(self, arrival: _Arrival) -> None:
        self._last_ns[arrival.name] = arrival.arrived_ns
        if arrival.name == PIN:
            self._assembly.add_pin(read_bits(arrival.message, self._model.base_hz, self._model.gpi_step))
            return
        piece = read_floats(arrival.message, self._model.base_hz, self._step)
        self._assembly.add(arrival.name, piece)
        if self._slips is not None and arrival.name == next(iter(SIGNALS)):
            self._end = piece.end
            slip = self._slips.note(arrival.arrived_ns, piece.end)
            if slip is not None:
                self._say(slip, piece.end)

    def _say(self, slip: Slip, end: int) -> None:
        text = (
            f"the count of samples has fallen behind the host's clock by about {1e3 * slip.late_s:.1f} ms: "
            "samples were lost, and how many cannot be known"
        )
        after, before = (max(0, self._assembly.index_of(count)) for count in (slip.after, end))
        missing = max(1, round(slip.late_s * self._rate_hz))
        self._items.append(Lost(after, before + 1, missing, text, 1))

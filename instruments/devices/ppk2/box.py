# SPDX-License-Identifier: Apache-2.0
"""The link to one PPK2: commands, metadata, and the samples of an acquisition, which come unasked."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from instruments.clock import Clock, Deadline, to_ns
from instruments.devices.ppk2.calibration import MAX_METADATA_BYTES, Metadata, has_ended, parse_metadata
from instruments.devices.ppk2.dialect import LAST_RESORT, METADATA, START, STOP
from instruments.devices.ppk2.protocol import Event, Ppk2Decoder
from instruments.devices.ppk2.stream import Ppk2Stream
from instruments.errors import InstrumentError, ProtocolViolation, TimedOut, shown
from instruments.links.base import Link
from instruments.links.pump import take_overflow
from instruments.roles import Edge, Note, StreamItem

ANSWER_S = 2.0
QUIET_S = 0.1  # a start too soon after a stop mixes the end of one stream with the beginning of the next
TAIL_S = 0.02
SILENT_S = 1.0  # a stream that brings nothing for so long has ended
OPEN_S = 8.0
STOP_AGAIN_S = 1.0
READS_AT_ONCE = 64
KEPT_BYTES = 64  # of what came, for messages


class Box:
    """What is sent and received, in order; `running` says whether an acquisition runs, as far as is known."""

    def __init__(self, link: Link, clock: Clock) -> None:
        self.name = link.name
        self.running = False
        self.edges: list[Edge] = []
        self._link = link
        self._clock = clock
        self._stream: Ppk2Stream | None = None
        self._decoder = Ppk2Decoder()
        self._items: list[StreamItem] = []
        self._heard_ns = 0

    def send(self, command: bytes, deadline: Deadline) -> None:
        """Send a command; a PPK2 answers none but the request for metadata."""
        self._link.write(command, deadline)

    def metadata(self, deadline: Deadline) -> Metadata:
        """Return the metadata, which come in pieces; samples must not be mixed with them, so none may run.

        The answer also shows that every command before it was read. Raises `TimedOut` or `ProtocolViolation`.
        """
        limit, reply, data = deadline.at_most(ANSWER_S), b"", b""
        self.send(METADATA, limit)
        while not has_ended(reply) and len(reply) < MAX_METADATA_BYTES:
            data = self._link.read(limit)
            reply += data
            if not data and limit.expired():
                came = f"no end of it, but {shown(reply)}" if reply else "no answer"
                advice = f"check that the port is a PPK2's (it may have two), or {LAST_RESORT}"
                raise TimedOut(f"ask {self.name} for its metadata", came, advice)
        while data and len(reply) < MAX_METADATA_BYTES:  # the line end may come after the last piece
            data = self._link.read(limit.at_most(TAIL_S))
            reply += data
        return parse_metadata(reply)

    def end_leftovers(self, deadline: Deadline) -> int:
        """End what an earlier run left running; return how many bytes it still sent.

        Raises `ProtocolViolation` if the stream goes on, `TimedOut` if there was no time to listen.
        """
        limit, heard, begin = deadline.at_most(OPEN_S), 0, b""
        self.running = False
        while not limit.expired():
            self.send(STOP, limit)
            again = limit.at_most(STOP_AGAIN_S)
            while not again.expired():
                data = self._link.read(limit.at_most(QUIET_S))
                heard += len(data)
                begin += data[: KEPT_BYTES - len(begin)]
                if not data and not limit.expired():
                    return heard
        asked = f"end what an earlier run left running on {self.name}"
        if not heard:
            raise TimedOut(asked, f"less than {QUIET_S} s were left to check for silence", "a later deadline")
        came = f"{heard} bytes, and no silence of {QUIET_S} s; it began with {shown(begin)}"
        raise ProtocolViolation(asked, came, f"check that the port is a PPK2's, or {LAST_RESORT}")

    def start(self, stream: Ppk2Stream, deadline: Deadline) -> None:
        """Begin an acquisition and wait for its first bytes; raise `TimedOut` if none come.

        What came before, such as the line end of the metadata, is no sample.
        """
        self._stream, self._decoder = stream, Ppk2Decoder()
        limit, left = deadline.at_most(ANSWER_S), b""
        for _ in range(READS_AT_ONCE):
            data = self._link.read(limit.at_most(0.0))
            left += data
            if not data:
                break
        if left.strip():
            text = f"{len(left)} bytes came before the start, the first {shown(left)}"
            self._items.append(Note(text, suspicious=True, about="unreadable", after=0, before=0))
        self.running = True
        self.send(START, limit)
        data = self._link.read(limit)
        if not data:
            with suppress(InstrumentError):
                self.send(STOP, limit)  # it may begin all the same, later
            self.running = False
            raise TimedOut(f"start {self.name}", "no sample came", LAST_RESORT)
        self._take(data)

    def receive(self, deadline: Deadline, *, final: bool = False) -> None:
        """Read and account for what has arrived, without waiting for more.

        Raises `TimedOut` if nothing has come for a second, unless this is the `final` call.
        """
        if not self.running or self._stream is None:
            return
        for _ in range(READS_AT_ONCE):
            data = self._link.read(deadline.at_most(0.0))
            if not data:
                self._items += self._stream.look(self._clock.now_ns(), final=final)
                self._check_heard(final)
                break
            self._take(data)

    def wait(self, deadline: Deadline) -> int:
        """Read and account for what arrives next, and wait for it; return how many samples that was."""
        before = self._stream.index if self._stream is not None else 0
        self._take(self._link.read(deadline))
        return self._stream.index - before if self._stream is not None else 0

    def newest_a(self) -> float:
        """Return the mean current of the newest samples (A); NaN before there are enough."""
        return self._stream.newest_a() if self._stream is not None else math.nan

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Leave the items of an acquisition that has ended as they are, whatever is measured meanwhile."""
        items, edges = self._items, self.edges
        self._items, self.edges = [], []
        try:
            yield
        finally:
            self._items, self.edges = items, edges

    def stop(self, deadline: Deadline) -> None:
        """End the acquisition and read until nothing comes any more; raise `TimedOut` if it does not end."""
        if not self.running or self._stream is None:
            return
        self.receive(deadline, final=True)
        self.send(STOP, deadline)
        limit = deadline.at_most(ANSWER_S)
        while data := self._link.read(limit.at_most(QUIET_S)):
            self._take(data)
            if limit.expired():
                raise TimedOut(f"stop {self.name}", "samples still come", LAST_RESORT)
        self._account(self._decoder.finish())
        self.running = False

    def attempt_stop(self, deadline: Deadline) -> None:
        """End the acquisition; keep a failure as a remark in the stream."""
        try:
            self.stop(deadline)
        except InstrumentError as error:
            self._items.append(Note(f"while ending: {error}", suspicious=True))

    def take_items(self) -> list[StreamItem]:
        """Return the items of the stream since the last call."""
        items, self._items = self._items, []
        return items

    def _check_heard(self, final: bool) -> None:
        if not final and self._clock.now_ns() - self._heard_ns > to_ns(SILENT_S):
            raise TimedOut(f"read the stream of {self.name}", f"nothing came for {SILENT_S:g} s", LAST_RESORT)

    def _take(self, data: bytes) -> None:
        if data:
            self._heard_ns = self._clock.now_ns()
        for gap in take_overflow(self._link):
            # The counter or the second clock shows how many samples that was, as far as they can.
            text = f"{gap.dropped} bytes were dropped at byte {gap.at} of the stream: it was read too slowly"
            self._items.append(Note(text, suspicious=True))
        self._account(self._decoder.feed(data))

    def _account(self, events: Sequence[Event]) -> None:
        if self._stream is not None:
            for item in self._stream.take(events):
                if isinstance(item, Edge):
                    self.edges.append(item)
                else:
                    self._items.append(item)

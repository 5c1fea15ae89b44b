# SPDX-License-Identifier: Apache-2.0
"""Acquisitions of an LPM01A: started and ended through the shell, with their items kept in order.

Source: UM2269 Rev 6, "Commands" (`start`, `stop`). Both endings are supported: a line with `Acquisition completed`
(firmware 1.0.6), and `end` with a summary (UM2269). A summary belongs to the acquisition that has just ended.
"""

from collections import deque
from collections.abc import Callable, Sequence

from instruments.clock import Clock, Deadline
from instruments.devices.lpm01a.protocol import End, ErrorReply, Event, Summary
from instruments.devices.lpm01a.shell import POWER_CYCLE, Lpm01aShell
from instruments.devices.lpm01a.stream import Lpm01aStream, note, summed_up
from instruments.errors import InstrumentError, Refused, TimedOut
from instruments.links.base import Link
from instruments.links.pump import take_overflow
from instruments.roles import Edge, Note, StreamItem, Timebase

STOP_S = 5.0
SUMMARY_S = 0.05


class Acquisition:
    """The stream of one shield, and the shell whose answers are mixed with it.

    Samples that arrive between a command and its answer belong to the acquisition and are kept.
    """

    def __init__(self, link: Link, clock: Clock) -> None:
        self.shell = Lpm01aShell(link, self._account, lambda: self.running)
        self._clock = clock
        self._link = link
        self._stream: Lpm01aStream | None = None
        self._unsummed = False  # an acquisition has begun whose summary has not come
        self._items: list[StreamItem] = []
        self._edges: deque[Edge] = deque()

    @property
    def running(self) -> bool:
        """Return whether an acquisition is running, as far as is known."""
        return self._stream is not None

    def start(self, period_s: float, ceiling_j: float, deadline: Deadline) -> None:
        """Begin with sample 0; a sample above `ceiling_j` (J) is more than the shield can supply."""
        self.shell.receive(self._clock.deadline(0.0))
        # The stream exists before the command is sent: its first samples may arrive with the acknowledgement.
        self._stream = Lpm01aStream(1 / period_s, ceiling_j)
        self._unsummed = True
        self._edges.clear()
        try:
            self.shell.ask("start", deadline)
        except Refused:
            self._stream = None
            raise

    def poll(self, deadline: Deadline) -> list[StreamItem]:
        """Return what has arrived, without waiting for more."""
        self.shell.receive(deadline)
        return self._take()

    def stop(self, deadline: Deadline) -> list[StreamItem]:
        """End the acquisition; return at once if none is running.

        Raises `TimedOut` if neither ending arrives; the items received are left for the next `poll()`.
        """
        if self.running:
            self.shell.receive(deadline)  # an end that arrived before `stop` was sent does not answer it
        if self.running:
            self._end(deadline)
        return self._take()

    def take_edges(self) -> list[Edge]:
        """Return the edges received since the last call."""
        edges = list(self._edges)
        self._edges.clear()
        return edges

    def make_quiet(self, error: InstrumentError, deadline: Deadline) -> None:
        """End an acquisition and take host control again; keep `error` and any failure here as remarks."""
        self._remark(error)
        for step in (self._end, lambda third: self.shell.ask("htc", third)):
            self.attempt(step, deadline.at_most(deadline.remaining_s() / 3))

    def attempt(self, step: Callable[[Deadline], object], deadline: Deadline) -> None:
        """Execute a step that may fail; keep a failure as a remark in the stream."""
        try:
            step(deadline)
        except InstrumentError as error:
            self._remark(error)

    def _remark(self, error: InstrumentError) -> None:
        self._items.append(Note(f"while ending: {error}", suspicious=True))

    def end(self, deadline: Deadline) -> None:
        """End the acquisition, if one is running."""
        if self.running:
            self._end(deadline)

    def _end(self, deadline: Deadline) -> None:
        limit = deadline.at_most(STOP_S)
        self.shell.send("stop", limit)
        event = self.shell.wait_for(
            lambda event: (
                isinstance(event, End) or (isinstance(event, ErrorReply) and event.command in ("stop", ""))
            ),
            limit,
        )
        if event is None:
            came = "neither 'Acquisition completed' nor 'end' came"
            raise TimedOut(f"stop {self.shell.name}", came, POWER_CYCLE)
        if isinstance(event, ErrorReply):
            raise self.shell.refusal("stop", limit)
        self._stream = None
        summary = self.shell.wait_for(lambda event: isinstance(event, Summary), limit.at_most(SUMMARY_S))
        if summary is not None:
            self._account(summary)

    def _account(self, event: Event) -> None:
        if self._stream is None:
            self._items.append(self._after_the_end(event))
            return
        for item in self._stream.take(event):
            if isinstance(item, Edge):
                self._edges.append(item)
            else:
                self._items.append(item)
        if self._stream.ended:
            self._stream = None

    def _after_the_end(self, event: Event) -> StreamItem:
        if isinstance(event, Summary) and self._unsummed:
            self._unsummed = False
            return summed_up(event)
        return note(event)

    def _take(self) -> list[StreamItem]:
        for gap in take_overflow(self._link):
            # The next time stamp shows how many samples that was.
            text = f"{gap.dropped} bytes were dropped at byte {gap.at} of the stream: it was read too slowly"
            self._items.append(Note(text, suspicious=True))
        items, self._items = self._items, []
        return items


class StreamEdges:
    """The edges in the sample stream: captured while the sampler is running, available after it was polled."""

    timebase: Timebase = "samples"

    def __init__(self, acquisition: Acquisition) -> None:
        self._acquisition = acquisition

    def arm(self, deadline: Deadline) -> None:
        """Do nothing: the sampler's set-up includes edge capture."""

    def take(self, deadline: Deadline) -> Sequence[Edge]:
        """Return the edges received in the stream since the last call."""
        return self._acquisition.take_edges()

    def disarm(self, deadline: Deadline) -> None:
        """Do nothing: edge capture ends with the acquisition."""

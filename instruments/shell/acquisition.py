# SPDX-License-Identifier: Apache-2.0
"""Acquisitions that are started and ended through a shell, with their items kept in order.

A summary may follow the end; it belongs to the acquisition that has just ended.
"""

from collections import deque
from collections.abc import Callable, Sequence

from instruments.clock import Clock, Deadline
from instruments.errors import InstrumentError, Refused, TimedOut
from instruments.links.base import Link
from instruments.links.pump import take_overflow
from instruments.roles import Edge, Note, StreamItem, Timebase
from instruments.shell.dialogue import Dialogue, ShellDialect
from instruments.shell.events import End, ErrorReply, Stream, SummaryText

STOP_S = 5.0
SUMMARY_S = 0.05


class Acquisition:
    """The stream of one instrument, and the dialogue whose answers are mixed with it.

    Samples that arrive between a command and its answer belong to the acquisition and are kept.
    """

    def __init__(self, link: Link, clock: Clock, dialect: ShellDialect) -> None:
        self.dialogue = Dialogue(link, dialect, self._account, lambda: self.running)
        self._dialect = dialect
        self._clock = clock
        self._link = link
        self._stream: Stream | None = None
        self._unsummed = False  # an acquisition has begun whose summary has not come
        self._items: list[StreamItem] = []
        self._edges: deque[Edge] = deque()

    @property
    def running(self) -> bool:
        """Return whether an acquisition is running, as far as is known."""
        return self._stream is not None

    def start(self, stream: Stream, deadline: Deadline) -> None:
        """Begin with sample 0, in the account of `stream`."""
        self.dialogue.receive(self._clock.deadline(0.0))
        # The stream exists before the command is sent: its first samples may arrive with the acknowledgement.
        self._stream = stream
        self._unsummed = True
        self._edges.clear()
        try:
            self.dialogue.ask(self._dialect.start, deadline)
        except Refused:
            self._stream = None
            raise

    def poll(self, deadline: Deadline) -> list[StreamItem]:
        """Return what has arrived, without waiting for more."""
        self.dialogue.receive(deadline)
        return self._take()

    def stop(self, deadline: Deadline) -> list[StreamItem]:
        """End the acquisition; return at once if none is running.

        Raises `TimedOut` if neither ending arrives; the items received are left for the next `poll()`.
        """
        if self.running:
            self.dialogue.receive(deadline)  # an end that arrived before the command was sent does not answer it
        if self.running:
            self._end(deadline)
        return self._take()

    def take_edges(self) -> list[Edge]:
        """Return the edges received since the last call."""
        edges = list(self._edges)
        self._edges.clear()
        return edges

    def hush(self, deadline: Deadline) -> None:
        """End an acquisition during which no command is answered."""
        if self._stream is not None and not getattr(self._stream, "answers", True):
            self._end(deadline)

    def make_quiet(self, error: InstrumentError, deadline: Deadline) -> None:
        """End an acquisition and take host control again; keep `error` and any failure here as remarks."""
        self._remark(error)
        for step in (self._end, lambda third: self.dialogue.ask(self._dialect.take_control, third)):
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
        stop, limit = self._dialect.stop, deadline.at_most(STOP_S)
        self.dialogue.send(stop, limit)
        event = self.dialogue.wait_for(
            lambda event: (
                isinstance(event, End) or (isinstance(event, ErrorReply) and event.command in (stop, ""))
            ),
            limit,
        )
        if event is None:
            came = "it does not say that the acquisition has ended"
            raise TimedOut(f"stop {self.dialogue.name}", came, self._dialect.last_resort)
        if isinstance(event, ErrorReply):
            raise self.dialogue.refusal(stop, limit)
        self._stream = None
        summary = self.dialogue.wait_for(lambda event: isinstance(event, SummaryText), limit.at_most(SUMMARY_S))
        if summary is not None:
            self._account(summary)

    def _account(self, event: object) -> None:
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

    def _after_the_end(self, event: object) -> StreamItem:
        if isinstance(event, SummaryText) and self._unsummed:
            self._unsummed = False
            return self._dialect.summed_up(event)
        return self._dialect.remark(event)

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

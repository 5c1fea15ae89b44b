# SPDX-License-Identifier: Apache-2.0
"""Write facts as they happen: events to the journal, bulk bytes to `stream.bin`, samples to the trace."""

import errno
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from energy_runner.director.bus import Bus
from energy_runner.director.live import LinkText, Progress, SampleBlock, link_text, sample_blocks
from energy_runner.director.signals import check_block
from energy_runner.errors import BenchFault
from energy_runner.session.events import (
    AnyEvent,
    DeviceIdentified,
    EdgeCaptured,
    JournalSealed,
    LapCaptured,
    MonitorSummary,
    MonitorTime,
    Phase,
    Remark,
    SamplesArrived,
    SamplesLost,
    SamplesOverRange,
    StreamChunk,
)
from energy_runner.session.folder import JOURNAL, TRACE
from energy_runner.session.journal import JournalWriter, exchange
from energy_runner.session.place import Place
from energy_runner.session.stream import STREAM, Passed, StreamWriter
from energy_runner.session.trace import TraceWriter
from energy_runner.session.trace_source import TraceSource
from instruments.clock import Clock
from instruments.roles import (
    AppliedSampling,
    Edge,
    Lap,
    Lost,
    Note,
    OverRange,
    Samples,
    StreamItem,
    Summary,
    TimeMark,
)

# A flush waits some ten milliseconds for the writer; complete blocks reach the operating system even without it.
FLUSH_NS = 60_000_000_000
LOOK_NS = 100_000_000  # how often is looked whether the folder is still where it was


@dataclass
class _Stream:
    """What has come of one sampler: up to which sample, how many, and up to where it has stated its time."""

    applied: AppliedSampling | None = None
    sampler: str = "monitor"
    end: int = 0
    received: int = 0
    confirmed_end: int | None = None


class Recorder:
    """The only part of the director that writes to the session folder.

    A file that cannot be written any more (a full disk) raises once; from then on it is in `broken`, with its
    error, and what was meant for it is dropped, while the other files are still written. While `lenient` is set
    (tear-down) nothing is raised at all, so that switching the supply off is not interrupted. On a full disk the
    journal goes on in the room that `place` kept for it.
    """

    def __init__(self, folder: Path, clock: Clock, bus: Bus | None = None, place: Place | None = None) -> None:
        self.place = Place(folder) if place is None else place
        self._own_place = place is None
        self.edges: list[Edge] = []
        self.laps: list[Lap] = []
        self.broken: dict[str, BaseException] = {}
        self.lenient = False
        self._clock = clock
        self._bus = bus or Bus()
        self._journal = JournalWriter(folder / JOURNAL)
        self._stream = StreamWriter(folder / STREAM)
        self._trace: TraceWriter | None = None
        self._streams = {"": _Stream()}
        self._streaming: frozenset[str] = frozenset()
        self._sources: dict[str, TraceSource] = defaultdict(TraceSource)
        self._bulk = 0
        self._flushed_ns = 0
        self._looked_ns = clock.now_ns() - LOOK_NS
        self._closed = False
        self._bus.attach(self._write, self._director_remarks, folder / JOURNAL)

    def now_ns(self) -> int:
        """Return host time, for the `t_ns` of events."""
        return self._clock.now_ns()

    # --- events -------------------------------------------------------------------------------------------

    def emit(self, event: AnyEvent) -> None:
        """Write an event to the journal and deliver it to all subscribers; a new phase seals the one before it."""
        try:
            if isinstance(event, DeviceIdentified):
                self._sources[event.box] = TraceSource.of(event.identity)
            if isinstance(event, Phase):
                self._seal_phase()
            self._bus.fact(event)
        except BaseException:
            if not self.lenient:
                raise

    def look_after(self) -> None:
        """Raise `BenchFault` if the session's folder was moved away; nothing may go into another in its place."""
        now_ns = self.now_ns()
        if not self.lenient and now_ns - self._looked_ns >= LOOK_NS:
            self._looked_ns = now_ns
            self.place.check()

    def remark(self, source: str, text: str, *, suspicious: bool = False) -> None:
        """Write a remark of the device or part called `source`."""
        self.emit(Remark(t_ns=self.now_ns(), box=source, text=text, suspicious=suspicious))

    def progress(self, done_s: float, total_s: float, text: str) -> None:
        """Deliver the progress of the run to the subscribers."""
        if self._bus.watched:
            self._show(Progress(t_ns=self.now_ns(), done_s=done_s, total_s=total_s, text=text))

    def edge(self, edge: Edge) -> None:
        """Write an edge that was captured among the samples."""
        self.edges.append(edge)
        label = str(len(self.edges))
        self.emit(
            EdgeCaptured(
                t_ns=self.now_ns(), position=edge.position, half_width=edge.half_width, counter=edge.counter
            )
        )
        trace = self._trace
        if trace is not None:
            self._sink(TRACE, lambda: trace.edge(edge.position, label))

    def lap(self, lap: Lap) -> None:
        """Write an edge captured in microseconds of another clock; `t_ns` is its date by the edge source."""
        self.laps.append(lap)
        self.emit(LapCaptured(t_ns=lap.arrived_ns, lap_us=lap.lap_us, zeroed=lap.zeroed))

    # --- bytes --------------------------------------------------------------------------------------------

    def bytes_passed(self, device: str, direction: Literal["tx", "rx"], data: bytes) -> None:
        """Record bytes that passed a link: those of a sampler's stream and of bulk transfers in `stream.bin`."""
        self.look_after()
        if self._bulk or device in self._streaming:
            passed = Passed(self.now_ns(), device, direction, data)
            if self._stream_in_place():
                error = self._attempt(STREAM, lambda: self._stream.append(passed))
                if error is None:
                    return
                self._write(exchange(passed.t_ns, device, direction, data))
                self._raise(error)
                return
        t_ns = self.now_ns()
        self._write(exchange(t_ns, device, direction, data))
        if self._bus.watched:
            self._show(link_text(t_ns, device, direction, data))

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """Treat the bytes of all links as bulk while the body runs."""
        self._bulk += 1
        try:
            yield
        finally:
            self._bulk -= 1

    # --- acquisition --------------------------------------------------------------------------------------

    def open_trace(self, applied: AppliedSampling, streaming: Collection[str] = ()) -> None:
        """Begin the trace file for an acquisition; the bytes of the devices `streaming` are bulk until it ends."""
        self.open_rails({"": applied}, {"": next(iter(streaming), self._first.sampler)})
        self._streaming = frozenset(streaming)

    def open_rails(self, applied: Mapping[str, AppliedSampling], samplers: Mapping[str, str]) -> None:
        """Begin the trace file for several rails of the DUT, whose signals it holds as `RAIL.SIGNAL`."""
        self._streaming = frozenset(samplers.values())
        self._streams = {rail: _Stream(one, samplers[rail]) for rail, one in applied.items()}
        names = [
            (f"{rail}.{s.name}" if rail else s.name, s.unit) for rail, one in applied.items() for s in one.signals
        ]
        counts = [len(one.signals) for one in applied.values()]
        sources = [self._sources[samplers[rail]] for rail in applied]
        period_s = next(iter(applied.values())).period_s
        self.place.check()
        self._trace = TraceWriter(self.place.now() / TRACE, names, period_s, counts, sources=sources)

    @property
    def _first(self) -> "_Stream":
        return next(iter(self._streams.values()))

    @property
    def samples_end(self) -> int:
        """Return the index after the last sample that arrived; of several rails, that of the first."""
        return self._first.end

    @property
    def samples_received(self) -> int:
        """Return how many samples arrived, likewise."""
        return self._first.received

    @property
    def confirmed_end(self) -> int | None:
        """Return up to which sample the monitor has stated its elapsed time, likewise; None if it never did."""
        return self._first.confirmed_end

    def all_deliver(self) -> bool:
        """Return whether samples have arrived of every rail."""
        return all(stream.end > 0 for stream in self._streams.values())

    def counted(self, rail: str) -> tuple[int, int]:
        """Return the index after the last sample of a rail, and how many samples arrived."""
        stream = self._streams.get(rail, self._first)
        return stream.end, stream.received

    def stream(self, items: Sequence[StreamItem], rail: str = "") -> None:
        """Write the items of a sampler's stream: that of `rail`, where the DUT has several."""
        stream = self._streams[rail]
        received = stream.received
        for item in items:
            if isinstance(item, Samples):
                self._samples(item, rail)
            else:
                self._fact(item, rail)
        if stream.received != received:
            self._flush_trace()
            self._write(SamplesArrived(t_ns=self.now_ns(), end=stream.end, rail=rail))

    def close_trace(self) -> None:
        """Complete the trace file."""
        self._streaming = frozenset()
        trace, self._trace = self._trace, None
        if trace is None:
            return
        if trace.length:
            self._sink(TRACE, lambda: trace.utc(trace.length, self._clock.utc_ns()))
        error = self._attempt(TRACE, trace.close)  # even if it is broken: it holds a file and a thread
        if error is not None:
            self._raise(error)
        self._sink(TRACE, trace.sync)

    def close(self) -> None:
        """Complete all files; safe to call twice. Raises the first error of a file that was intact until now."""
        if self._closed:
            return
        self._closed = True
        known = len(self.broken)
        lenient, self.lenient = self.lenient, True
        try:
            self.close_trace()
            self._index()
            self._sync()
            self._attempt(STREAM, self._stream.close)
            self._attempt(JOURNAL, self._journal.close)
        finally:
            self.lenient = lenient
            if self._own_place:
                self.place.close()
            self._bus.close()
        if len(self.broken) > known:
            raise list(self.broken.values())[known]

    # --- inside -------------------------------------------------------------------------------------------

    def _samples(self, block: Samples, rail: str) -> None:
        stream = self._streams[rail]
        number = list(self._streams).index(rail)
        trace, applied = self._trace, stream.applied
        if applied is not None:
            check_block(stream.sampler, applied, block)
        stream.end = block.first + block.count
        stream.received += block.count
        if trace is not None:
            if not trace.length:
                self._sink(TRACE, lambda: trace.utc(0, self._clock.utc_ns()))
            self._sink(TRACE, lambda: trace.append(block.first, block.values, number))
        if applied is not None and self._bus.watched and number == 0:
            for summary in sample_blocks(self.now_ns(), block, applied):
                self._show(summary)

    def _flush_trace(self) -> None:
        """Hand the trace to the operating system every minute: a killed run then loses little of it."""
        now_ns = self.now_ns()
        if self._trace is not None and now_ns - self._flushed_ns >= FLUSH_NS:
            self._flushed_ns = now_ns
            self._sink(TRACE, self._trace.flush)

    def _fact(self, item: StreamItem, rail: str) -> None:
        t_ns = self.now_ns()
        if isinstance(item, Lost):
            self.emit(SamplesLost(t_ns=t_ns, rail=rail, **_fields(item)))
        elif isinstance(item, OverRange):
            self.emit(SamplesOverRange(t_ns=t_ns, rail=rail, **_fields(item)))
        elif isinstance(item, TimeMark):
            self._streams[rail].confirmed_end = item.at
            self.emit(MonitorTime(t_ns=t_ns, rail=rail, **_fields(item)))
        elif isinstance(item, Summary):
            self.emit(MonitorSummary(t_ns=t_ns, rail=rail, **_fields(item)))
        elif isinstance(item, Note):
            self.emit(Remark(t_ns=t_ns, box=self._streams[rail].sampler, **_fields(item)))

    def _show(self, event: Progress | SampleBlock | LinkText) -> None:
        try:
            self._bus.show(event)
        except BaseException:
            if not self.lenient:
                raise

    def _director_remarks(self, text: str) -> None:
        self.remark("director", text)

    def _write(self, event: AnyEvent) -> None:
        """Write a line of the journal, after the index of the bytes that passed since the last line."""
        self._index()
        self._sink(JOURNAL, lambda: self._journal.write(event))

    def _index(self) -> None:
        written = self._stream.take()
        if written is not None:
            chunk = StreamChunk(
                t_ns=self.now_ns(),
                offset=written.offset,
                length=written.length,
                exchanges=written.exchanges,
                devices=written.devices,
            )
            self._sink(JOURNAL, lambda: self._journal.write(chunk))

    def _seal_phase(self) -> None:
        """Write the digest of the journal so far, and wait until it is on the storage device."""
        self._index()
        lines, sha256 = self._journal.lines, self._journal.sha256
        self._write(JournalSealed(t_ns=self.now_ns(), lines=lines, sha256=sha256))
        self._sync()

    def _sync(self) -> None:
        self._sink(STREAM, self._stream.sync)
        self._sink(JOURNAL, self._journal.sync)

    def _sink(self, file: str, act: Callable[[], object]) -> None:
        """Write to a file unless it is broken; raise if it breaks now."""
        if file not in self.broken:
            error = self._attempt(file, act)
            if error is not None:
                self._raise(error)

    def _attempt(self, file: str, act: Callable[[], object]) -> BaseException | None:
        try:
            act()
        except BaseException as raised:
            error = self._explained(raised)
            if file != JOURNAL or not self._again(error, act):
                self.broken.setdefault(file, error)
            return error
        return None

    def _explained(self, error: BaseException) -> BaseException:
        """Return the error, and say that the disk is full where it is; the trace's library does not tell."""
        full = isinstance(error, BenchFault) and (_no_room(error) or self.place.is_full())
        return BenchFault(f"the disk is full: {error}") if full else error

    def _stream_in_place(self) -> bool:
        """Return whether bytes can go to `stream.bin`, which is made with the first of them."""
        if not self._stream.begun:
            try:
                self.place.check()
            except BenchFault as error:  # `look_after` raises it
                self.broken.setdefault(STREAM, error)
        return STREAM not in self.broken

    def _again(self, error: BaseException, act: Callable[[], object]) -> bool:
        """Write a line of the journal in the room kept for it; return whether that went well."""
        while isinstance(error, BenchFault) and self.place.give_room():
            try:
                act()
            except BenchFault:
                continue
            return True
        return False

    def _raise(self, error: BaseException) -> None:
        if not self.lenient:
            raise error


def _no_room(error: BaseException) -> bool:
    return getattr(error.__cause__, "errno", None) in {errno.ENOSPC, errno.EDQUOT}


def _fields(item: Lost | OverRange | TimeMark | Summary | Note) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__dataclass_fields__}

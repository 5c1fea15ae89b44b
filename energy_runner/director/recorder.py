"""Write facts as they happen: events to the journal, samples to the trace, progress to whoever looks on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from energy_runner.errors import RunnerError
from energy_runner.session.events import (
    AnyEvent,
    EdgeCaptured,
    LapCaptured,
    MonitorTime,
    Remark,
    SamplesArrived,
    SamplesLost,
    SamplesOverRange,
)
from energy_runner.session.journal import JournalWriter, exchange
from energy_runner.session.trace import TraceWriter
from instruments.clock import Clock
from instruments.roles import AppliedSampling, Edge, Lap, Lost, Note, OverRange, Samples, StreamItem, TimeMark

# A flush waits some ten milliseconds for the writer; complete blocks reach the system without it too.
FLUSH_NS = 10_000_000_000


class Onlooker(Protocol):
    """Somebody who watches a run: a progress bar, a test."""

    def event(self, event: AnyEvent) -> None:
        """See one event of the run."""

    def progress(self, done_s: float, total_s: float, text: str) -> None:
        """See how far the run is; both figures in seconds of the bench's clock."""


class Recorder:
    """The director's only way to the session folder.

    `samples_end` is the index after the last sample that came; `confirmed_end` the one up to which the monitor
    itself has stated its elapsed time (None if it never does), which reveals losses before it.

    A write that fails (a full disk) raises once; from then on the recorder is `broken` and swallows events.
    While `lenient` is set (tear-down) it never raises, so that the power-off runs to its end.
    """

    def __init__(self, folder: Path, clock: Clock, onlookers: Sequence[Onlooker] = ()) -> None:
        self.folder = folder
        self.edges: list[Edge] = []
        self.laps: list[Lap] = []
        self.samples_end = 0
        self.samples_received = 0
        self.confirmed_end: int | None = None
        self.broken: Exception | None = None
        self.lenient = False
        self._clock = clock
        self._onlookers = onlookers
        self._journal = JournalWriter(folder / "journal.jsonl")
        self._trace: TraceWriter | None = None
        self._flushed_ns = 0

    def now_ns(self) -> int:
        """Return host time, for the `t_ns` of events."""
        return self._clock.now_ns()

    def emit(self, event: AnyEvent) -> None:
        """Write an event to the journal and show it to the onlookers."""
        self._write(event)
        for onlooker in self._onlookers:
            onlooker.event(event)

    def bytes_passed(self, box: str, direction: Literal["tx", "rx"], data: bytes) -> None:
        """Write bytes that passed a port to the journal."""
        self._write(exchange(self.now_ns(), box, direction, data))

    def remark(self, box: str, text: str, *, suspicious: bool = False) -> None:
        """Write a remark."""
        self.emit(Remark(t_ns=self.now_ns(), box=box, text=text, suspicious=suspicious))

    def progress(self, done_s: float, total_s: float, text: str) -> None:
        """Show how far the run is."""
        for onlooker in self._onlookers:
            onlooker.progress(done_s, total_s, text)

    def open_trace(self, applied: AppliedSampling) -> None:
        """Begin the trace file for an acquisition."""
        signals = [(signal.name, signal.unit) for signal in applied.signals]
        self._trace = TraceWriter(self.folder / "trace.jls", signals, applied.period_s)

    def stream(self, items: Sequence[StreamItem]) -> None:
        """Write what the monitor's stream brought."""
        received = self.samples_received
        for item in items:
            if isinstance(item, Samples):
                self._samples(item)
            else:
                self._fact(item)
        if self.samples_received != received:
            self._flush_trace()
            self._write(SamplesArrived(t_ns=self.now_ns(), end=self.samples_end))

    def edge(self, edge: Edge) -> None:
        """Write an edge that was captured among the samples."""
        self.edges.append(edge)
        self.emit(
            EdgeCaptured(
                t_ns=self.now_ns(), position=edge.position, half_width=edge.half_width, counter=edge.counter
            )
        )
        if self._trace is not None and self.broken is None:
            self._trace.edge(edge.position, str(len(self.edges)))

    def lap(self, lap: Lap) -> None:
        """Write an edge captured in microseconds of another clock; `t_ns` is when its message arrived."""
        self.laps.append(lap)
        self.emit(LapCaptured(t_ns=lap.arrived_ns, lap_us=lap.lap_us))

    def close_trace(self) -> None:
        """Complete the trace file."""
        trace, self._trace = self._trace, None
        if trace is not None:
            if self.broken is None and trace.length:
                trace.utc(trace.length, self._clock.utc_ns())
            trace.close()

    def close(self) -> None:
        """Complete trace and journal."""
        try:
            self.close_trace()
            if self.broken is None:
                self._journal.sync()
        finally:
            self._journal.close()

    # --- inside -------------------------------------------------------------------------------------------

    def _samples(self, block: Samples) -> None:
        self.samples_end = block.first + block.count
        self.samples_received += block.count
        if self._trace is not None and self.broken is None:
            try:
                if not self._trace.length:
                    self._trace.utc(0, self._clock.utc_ns())
                self._trace.append(block.first, block.values)
            except (OSError, RunnerError) as error:
                self._failed(error)

    def _flush_trace(self) -> None:
        """Hand the trace to the system now and then: a killed run then loses little of it."""
        now_ns = self.now_ns()
        if self._trace is not None and self.broken is None and now_ns - self._flushed_ns >= FLUSH_NS:
            self._flushed_ns = now_ns
            self._trace.flush()

    def _fact(self, item: StreamItem) -> None:
        t_ns = self.now_ns()
        if isinstance(item, Lost):
            self.emit(SamplesLost(t_ns=t_ns, **_fields(item)))
        elif isinstance(item, OverRange):
            self.emit(SamplesOverRange(t_ns=t_ns, **_fields(item)))
        elif isinstance(item, TimeMark):
            self.confirmed_end = item.at
            self.emit(MonitorTime(t_ns=t_ns, **_fields(item)))
        elif isinstance(item, Note):
            self.remark("monitor", item.text, suspicious=item.suspicious)

    def _write(self, event: AnyEvent) -> None:
        if self.broken is not None:
            return
        try:
            self._journal.write(event)
        except (OSError, RunnerError) as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.broken = error
        if not self.lenient:
            raise error


def _fields(item: Lost | OverRange | TimeMark) -> dict[str, Any]:
    return {name: getattr(item, name) for name in item.__dataclass_fields__}

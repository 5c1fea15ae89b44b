# SPDX-License-Identifier: Apache-2.0
"""Sessions made up from a power curve with known energy, to be bent before they are written."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.session import events as ev
from energy_runner.session.folder import Session, write_record
from energy_runner.session.journal import JournalWriter
from energy_runner.session.record import BenchmarkFacts, Record, RunFacts, StimulusFile, TruthWindow
from energy_runner.session.trace import TraceWriter

START_NS = 1_000_000_000_000
IDLE_W, LOAD_W, ACTIVE_W = 0.020, 0.055, 0.040
VOLTAGE_V = 1.8
ACCURACY = {
    "document": "a made-up data sheet",
    "terms": [
        {"name": "gain", "relative": 0.01, "absolute": 0.0, "unit": "", "source": "page 1"},
        {"name": "offset", "relative": 0.0, "absolute": 1e-5, "unit": "W", "source": "page 1"},
        {"name": "noise", "relative": 0.0, "absolute": 1e-4, "unit": "W", "source": "page 2"},
    ],
    "assumptions": ["made up"],
}


def host_ns(t_s: float, latency_s: float = 0.0) -> int:
    """Host time of the moment `t_s` seconds into the acquisition."""
    return START_NS + round((t_s + latency_s) * 1e9)


@dataclass
class Curve:
    """Power over time, constant between the given moments."""

    steps: list[tuple[float, float]] = field(default_factory=lambda: [(-1.0, IDLE_W)])

    def level(self, start_s: float, stop_s: float, power_w: float, after_w: float = IDLE_W) -> None:
        self.steps += [(start_s, power_w), (stop_s, after_w)]

    def energy_j(self, t_s: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Energy from the first step up to each moment, in closed form."""
        at = np.array([step[0] for step in self.steps])
        watt = np.array([step[1] for step in self.steps])
        assert np.all(np.diff(at) >= 0)
        before = np.concatenate(([0.0], np.cumsum(watt[:-1] * np.diff(at))))
        times = np.asarray(t_s, dtype=np.float64)
        k = np.searchsorted(at, times, side="right") - 1
        energy: npt.NDArray[np.float64] = before[k] + watt[k] * (times - at[k])
        return energy


@dataclass
class Setup:
    """What a made-up bench is like. `late_s` delays the report of each edge, by its number."""

    mode: str = "energy"
    by_laps: bool = False
    laps: bool = False
    benchmark: str = "kws01"
    period_s: float = 1e-3
    windows: int = 5
    window_s: float = 10.3
    inferences: int = 100
    phase: float = 0.37
    io_rate: float = 1.003
    io_offset_us: int = 12_345_678
    late_s: Callable[[int], float] = lambda number: 0.002 + 0.0005 * (number % 3)
    stimuli: int | None = None  # of an accuracy run; None for all of the benchmark
    outputs: tuple[float, ...] = (0.0,) * 7 + (1.0,) + (0.0,) * 4


@dataclass
class Run:
    """A run as it happened: events in order, samples, and the true windows in seconds and joule."""

    setup: Setup
    record: Record
    events: list[ev.AnyEvent]
    signals: list[tuple[str, str]]
    samples: list[npt.NDArray[np.float32]]
    truth: list[TruthWindow]
    torn: bytes = b""

    def write(self, folder: Path) -> Session:
        """Write the session and open it."""
        folder.mkdir(parents=True, exist_ok=True)
        write_record(folder, self.record)
        journal = JournalWriter(folder / "journal.jsonl")
        for event in self.events:
            journal.write(event)
        journal.close()
        if self.torn:
            with (folder / "journal.jsonl").open("ab") as file:
                file.write(self.torn)
        if self.signals:
            _write_trace(folder / "trace.jls", self.signals, self.setup.period_s, self.samples)
        return Session.open(folder)

    def change(self, kind: type[ev.Event], bend: Callable[[int, ev.AnyEvent], ev.AnyEvent | None]) -> "Run":
        """Replace every event of a kind by `bend(number, event)`; None leaves it out."""
        number, kept = 0, []
        for event in self.events:
            bent: ev.AnyEvent | None = event
            if isinstance(event, kind):
                bent = bend(number, event)
                number += 1
            if bent is not None:
                kept.append(bent)
        self.events = kept
        return self

    def drop(self, kind: type[ev.Event], numbers: Iterable[int]) -> "Run":
        """Leave out some events of a kind, by their number."""
        gone = set(numbers)
        return self.change(kind, lambda number, event: None if number in gone else event)

    def insert(self, event: ev.AnyEvent) -> "Run":
        """Add an event in its place by time."""
        at = next((k for k, other in enumerate(self.events) if other.t_ns > event.t_ns), len(self.events))
        self.events.insert(at, event)
        return self

    def cut(self, t_s: float) -> "Run":
        """Let the process be killed `t_s` seconds into the acquisition."""
        self.events = [event for event in self.events if event.t_ns <= host_ns(t_s)]
        kept = max(0, int(t_s / self.setup.period_s))
        self.samples = [signal[:kept] for signal in self.samples]
        return self


_TRACES: dict[bytes, bytes] = {}
_MOST_TRACES = 100


def _write_trace(
    path: Path, signals: list[tuple[str, str]], period_s: float, samples: list[npt.NDArray[np.float32]]
) -> None:
    """Write a trace; one that was written before is copied, because opening pyjls's writer takes 40 ms."""
    state = hashlib.blake2b(repr((signals, period_s, [len(values) for values in samples])).encode())
    for values in samples:
        state.update(np.ascontiguousarray(values, dtype=np.float32))
    key = state.digest()
    if key in _TRACES:
        path.write_bytes(_TRACES[key])
        return
    with TraceWriter(path, signals, period_s) as trace:
        trace.append(0, samples)
    while len(_TRACES) >= _MOST_TRACES:
        del _TRACES[next(iter(_TRACES))]
    _TRACES[key] = path.read_bytes()


def make_run(setup: Setup | None = None, **changes: object) -> Run:
    """Make up a run in energy, performance or accuracy mode."""
    setup = replace(setup or Setup(), **changes)
    return {"energy": _energy_run, "performance": _performance_run, "accuracy": _accuracy_run}[setup.mode](setup)


def _record(setup: Setup, labels: list[int], size: int | None = None) -> Record:
    benchmark = load_benchmark(setup.benchmark)
    return Record(
        session_id="synthetic",
        software="tests",
        started_utc="2025-01-01T00:00:00Z",
        virtual=True,
        bench={"name": "synthetic"},
        benchmark=BenchmarkFacts(
            id=benchmark.id,
            task=benchmark.task,
            model_string=benchmark.model_string,
            input_bytes=benchmark.input_bytes,
            classes=benchmark.classes,
            metric=benchmark.metric,
            target=benchmark.target,
            stride_bytes=benchmark.stride_bytes,
        ),
        run=RunFacts(
            mode=setup.mode,
            windows=setup.windows if setup.mode != "accuracy" else 0,
            inferences=setup.inferences,
            warmups=1,
            min_window_s=10.0,
            min_inferences=10,
            read_back=True,
            seed=0,
        ),
        stimuli=[
            StimulusFile(
                file=f"stimulus_{k}.bin", label=label, size=size or benchmark.input_bytes, sha256=f"{k:064x}"
            )
            for k, label in enumerate(labels)
        ],
        outcome="completed",
        supply_off_confirmed=True,
    )


def _opening(setup: Setup, *, monitor: bool) -> list[ev.AnyEvent]:
    t = host_ns(-5.0)
    events: list[ev.AnyEvent] = [
        ev.RunStarted(t_ns=t, utc_ns=1_735_689_600_000_000_000, benchmark=setup.benchmark, mode=setup.mode)
    ]
    if monitor:
        names = [("current", "A"), ("voltage", "V")] if setup.by_laps else [("energy", "J")]
        events.append(
            ev.MonitorConfigured(
                t_ns=t + 1,
                voltage_set_v=VOLTAGE_V,
                period_s=setup.period_s,
                signals=[{"name": name, "unit": unit} for name, unit in names],
                captures_edges=not setup.by_laps,
                starts_on_edge=setup.by_laps,
                accuracy=ACCURACY,
            )
        )
        events.append(ev.SupplySwitched(t_ns=t + 2, on=True))
    events.append(ev.DutBooted(t_ns=t + 3, timestamp_mode=setup.mode, lines=["m-ready"]))
    events.append(
        ev.DutIdentified(
            t_ns=t + 4, name="vendor", profile="firmware 1", model=load_benchmark(setup.benchmark).model_string
        )
    )
    return events


def _closing(t_s: float, *, monitor: bool) -> list[ev.AnyEvent]:
    events: list[ev.AnyEvent] = []
    if monitor:
        events.append(ev.SupplySwitched(t_ns=host_ns(t_s, 0.1), on=False))
    return [
        *events,
        ev.RunStopped(
            t_ns=host_ns(t_s, 0.2), outcome="completed", reason="", supply_off_confirmed=True if monitor else None
        ),
    ]


def _loaded(setup: Setup, index: int, t_s: float, offset: int = 0) -> ev.StimulusLoaded:
    return ev.StimulusLoaded(
        t_ns=host_ns(t_s),
        index=index,
        file=f"stimulus_{index}.bin",
        offset=offset,
        size=load_benchmark(setup.benchmark).input_bytes,
        sha256=f"{index:064x}",
        read_back=True,
    )


def _energy_run(setup: Setup) -> Run:
    curve = Curve()
    events = _opening(setup, monitor=True)
    events.append(ev.AcquisitionStarted(t_ns=host_ns(0.0)))
    edges: list[float] = []
    spans: list[tuple[float, float]] = []
    t = 0.5 + setup.phase * setup.period_s
    events.append(ev.EdgesExpected(t_ns=host_ns(t - 0.02), purpose="sync", count=1))
    edges.append(t)
    for index in range(-1, setup.windows):
        trial = index < 0
        load = t + 0.3
        curve.level(load, load + 1.2, LOAD_W)
        events.append(ev.Phase(t_ns=host_ns(load), name="load"))
        if not trial:
            events.append(_loaded(setup, index, load + 1.25))
        sent = load + 1.3
        start = sent + 0.3 + setup.phase * setup.period_s * (index + 2)
        stop = start + (0.8 if trial else setup.window_s) + 0.31 * setup.phase * setup.period_s
        curve.level(sent, start, IDLE_W, ACTIVE_W)
        curve.steps.append((stop, IDLE_W))
        purpose: ev.Purpose = "trial" if trial else "window"
        events.append(ev.EdgesExpected(t_ns=host_ns(sent), purpose=purpose, count=2))
        events.append(
            ev.InferenceDone(
                t_ns=host_ns(stop, 0.15),
                purpose=purpose,
                stimulus=max(0, index),
                inferences=8 if trial else setup.inferences,
                warmups=1,
                sent_ns=host_ns(sent),
                start_line_ns=host_ns(start, 0.01),
                done_line_ns=host_ns(stop, 0.02),
                results=list(setup.outputs),
                dut_laps_us=[],
            )
        )
        edges += [start, stop]
        if not trial:
            spans.append((start, stop))
        t = stop + 0.2
    end = t + 0.5
    begin = edges[0] if setup.by_laps else 0.0
    count = int((end - begin) / setup.period_s)
    grid = begin + np.arange(count + 1) * setup.period_s
    energy = np.diff(curve.energy_j(grid))
    signals, samples = _signals(setup, energy)
    events += _edge_events(setup, edges)
    for number, s in enumerate(np.arange(begin + 0.1, end, 0.1)):
        latency = 0.002 + 0.001 * (number % 4)
        events.append(ev.SamplesArrived(t_ns=host_ns(s, latency), end=int((s - begin) / setup.period_s)))
    events.append(ev.AcquisitionStopped(t_ns=host_ns(end, 0.05), samples=count, received=count))
    events.sort(key=lambda event: event.t_ns)
    truth = [
        TruthWindow(
            start_s=start,
            stop_s=stop,
            inferences=setup.inferences,
            energy_j=float(curve.energy_j(stop) - curve.energy_j(start)),
        )
        for start, stop in spans
    ]
    record = _record(setup, list(range(setup.windows)))
    return Run(setup, record, [*events, *_closing(end, monitor=True)], signals, samples, truth)


def _signals(
    setup: Setup, energy_j: npt.NDArray[np.float64]
) -> tuple[list[tuple[str, str]], list[npt.NDArray[np.float32]]]:
    if not setup.by_laps:
        return [("energy", "J")], [energy_j.astype(np.float32)]
    current = (energy_j / setup.period_s / VOLTAGE_V).astype(np.float32)
    return [("current", "A"), ("voltage", "V")], [current, np.full_like(current, VOLTAGE_V)]


def _edge_events(setup: Setup, edges: list[float]) -> list[ev.AnyEvent]:
    events: list[ev.AnyEvent] = []
    for number, t_s in enumerate(edges):
        t_ns = host_ns(t_s, setup.late_s(number))
        if not setup.by_laps:
            events.append(
                ev.EdgeCaptured(t_ns=t_ns, position=t_s / setup.period_s, half_width=0.0, counter=number % 100)
            )
        if setup.by_laps or setup.laps:
            lap = setup.io_offset_us + round(t_s * setup.io_rate * 1e6 / 4) * 4
            events.append(ev.LapCaptured(t_ns=t_ns, lap_us=lap % 2**32))
    return events


def _performance_run(setup: Setup) -> Run:
    events = _opening(setup, monitor=False)
    t = 0.0
    for index in range(setup.windows):
        events.append(_loaded(setup, index, t + 0.2))
        sent, start = t + 0.3, t + 0.6
        stop = start + setup.window_s
        laps = [(setup.io_offset_us + round(at * 1e6)) % 2**32 for at in (start, stop)]
        events.append(
            ev.InferenceDone(
                t_ns=host_ns(stop, 0.1),
                purpose="window",
                stimulus=index,
                inferences=setup.inferences,
                warmups=1,
                sent_ns=host_ns(sent),
                start_line_ns=host_ns(start, 0.01),
                done_line_ns=host_ns(stop, 0.02),
                results=list(setup.outputs),
                dut_laps_us=laps,
            )
        )
        t = stop + 0.2
    return Run(setup, _record(setup, [*range(setup.windows)]), [*events, *_closing(t, monitor=False)], [], [], [])


def _accuracy_run(setup: Setup) -> Run:
    """Answer every stimulus rightly: 1000 for kws01, or 248 files of three windows for ad01."""
    benchmark = load_benchmark(setup.benchmark)
    stride = benchmark.stride_bytes
    size = benchmark.input_bytes + 2 * (stride or 0)
    labels = [k % benchmark.classes for k in range(setup.stimuli or benchmark.stimuli)]
    events = _opening(setup, monitor=False)
    t = 0.0
    for number, label in enumerate(labels):
        for offset in range(0, size - benchmark.input_bytes + 1, stride or 1):
            results = [float(k == label) for k in range(benchmark.classes)]
            events.append(_loaded(setup, number, t - 0.01, offset))
            events.append(
                ev.InferenceDone(
                    t_ns=host_ns(t, 0.05),
                    purpose="accuracy",
                    stimulus=number,
                    offset=offset,
                    inferences=1,
                    warmups=0,
                    sent_ns=host_ns(t),
                    start_line_ns=host_ns(t, 0.01),
                    done_line_ns=host_ns(t, 0.04),
                    results=[10.0 + 5.0 * label + 0.001 * number] if benchmark.outputs == 1 else results,
                    dut_laps_us=[],
                )
            )
            t += 0.1
    return Run(setup, _record(setup, labels, size), [*events, *_closing(t, monitor=False)], [], [], [])

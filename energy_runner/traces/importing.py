# SPDX-License-Identifier: Apache-2.0
"""Import a trace file of another tool: a session like any other, written while the file is read.

Samples go from the file to the trace in chunks, so memory does not grow with the file. Rows that are missing
become lost samples; readings that no instrument of this kind delivers count as over range.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Literal

import numpy as np

from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.errors import Argument, ConfigurationError
from energy_runner.session.folder import JOURNAL, TRACE, Session, write_record, write_sealed
from energy_runner.session.journal import JournalWriter
from energy_runner.session.record import environment
from energy_runner.session.trace import TraceWriter
from energy_runner.specifications import as_specification, table_names, table_of, without_table
from energy_runner.traces.edges import TABLES, TIMES, Place, beside, places, read_times, understood
from energy_runner.traces.journal import Monitor, first_events, last_events, remark
from energy_runner.traces.logic import SUFFIXES, edges_of
from energy_runner.traces.model import Chunk, Edges, Head, Opened, Options, TraceFileError
from energy_runner.traces.readers.table import open_trace
from energy_runner.traces.record import NOT_TOLD, make_record
from energy_runner.traces.samples import Samples
from energy_runner.traces.told import check_kind, moment_ns, with_told

Which = Literal["falling", "rising"]
_OTHER_VOLTAGE = 0.05  # of the told voltage, by which the file's own may differ without a word
_UNTRACED = (
    "The trace file records neither serial number nor calibration nor temperature, and not the range and the "
    "settings of the instrument: the limits are those of the table as it stands."
)
_TOGETHER = (
    "the edges are from another recording: it counts as begun with the trace and by the same clock; neither is "
    "known, so what they differ by is not in the uncertainty"
)
_TITLES = {
    "lpm01a": "ST X-NUCLEO-LPM01A",
    "ppk2": "Nordic PPK2",
    "js110": "Joulescope JS110",
    "js220": "Joulescope JS220",
    "js320": "Joulescope JS320",
    "n6705": "Keysight N6705",
}


@dataclass(frozen=True)
class Asked:
    """What the user asked for and told; see `api.trace_import`. `plain` reads text without pyarrow."""

    edges: str = ""
    which: Which = "falling"
    voltage_v: float | None = None
    inferences: int | None = None
    instrument: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    rate_hz: float | None = None
    benchmark: Benchmark | None = None
    samples: str = ""
    began: str = ""
    plain: bool = False


def import_into(path: Path, folder: Path, asked: Asked, progress: Callable[[float], None]) -> Session:
    """Write the trace file `path` as a session into the claimed, empty `folder`, and open it.

    `progress` is told the share of the file that was read. Raises `TraceFileError` for what cannot be read as
    asked, `ConfigurationError` for what was not told, `BenchFault` if the disk refuses; the folder is then empty.
    """
    try:
        _check(asked)
        opened, outside = _opened(path, asked)
        try:
            return _written(path, folder, asked, (opened, outside), progress)
        finally:
            opened.close()
    except BaseException:
        for item in folder.iterdir():
            item.unlink()
        raise


def _check(asked: Asked) -> None:
    if asked.edges and asked.inferences is None:
        raise ConfigurationError(
            "edges mark windows, and how many inferences each holds was not told. Try: ",
            Argument("inferences", "N"),
        )
    if asked.inferences is not None and not 0 < asked.inferences <= 10**9:
        raise ConfigurationError(f"inferences={asked.inferences}: 1 to {10**9} are needed")
    if asked.voltage_v is not None and not 0 < asked.voltage_v <= 1000:
        raise ConfigurationError(f"voltage_v={asked.voltage_v}: more than 0 and at most 1000 V are needed")
    if asked.rate_hz is not None and not 1e-5 <= asked.rate_hz <= 1e9:
        raise ConfigurationError(f"rate_hz={asked.rate_hz}: 1e-5 to 1e9 are needed")
    if asked.which not in ("falling", "rising"):
        raise ConfigurationError(f"edge={str(asked.which)[:20]!r}: falling or rising is needed")
    check_kind(asked.samples)
    moment_ns(asked.began)


def _opened(path: Path, asked: Asked) -> tuple[Opened, Edges | None]:
    """Return the opened trace, and the edges that another file holds; None where they are in it, or nowhere."""
    columns = {name: unit for name, unit in asked.columns.items() if name != TIMES}
    options = Options(columns=columns, rate_hz=asked.rate_hz, plain=asked.plain)
    if not asked.edges:
        return open_trace(path, options), None
    meant = understood(path, asked.edges)
    if meant.file is not None:
        logic = meant.file.suffix.lower() in SUFFIXES
        told = asked.columns.get(TIMES, "")
        edges = edges_of(meant.file, meant.name) if logic else read_times(meant.file, told)
        return open_trace(path, options), edges
    try:
        return open_trace(path, replace(options, edges=meant.inside)), None
    except TraceFileError as error:
        logic_file = beside(path)
        if logic_file is None and Path(meant.inside).suffix.lower() in TABLES:
            raise TraceFileError(f"{meant.inside}: there is no such file with times; {error}") from None
        if logic_file is None:
            raise
        edges = edges_of(logic_file, meant.inside)
        return open_trace(path, options), edges


def _written(
    path: Path,
    folder: Path,
    asked: Asked,
    source: tuple[Opened, Edges | None],
    progress: Callable[[float], None],
) -> Session:
    opened, edges = source
    head = with_told(path, opened.head, asked.samples, moment_ns(asked.began), asked.instrument)
    if {one.name for one in head.signals} == {"current"} and asked.voltage_v is None:
        raise ConfigurationError(
            f"{path}: holds a current and no voltage, and energy needs both. Try: ", Argument("voltage_v", "V")
        )
    monitor = _monitor(asked.instrument or head.instrument or "")
    benchmark = asked.benchmark.id if asked.benchmark is not None else NOT_TOLD
    notes = list(head.remarks)
    chunks = opened.chunks()
    first = next(chunks, None)
    voltage_v = _set_voltage(asked.voltage_v, first, notes)
    journal = JournalWriter(folder / JOURNAL)
    try:
        for event in first_events(head, monitor, voltage_v, benchmark):
            journal.write(event)
        with TraceWriter(folder / TRACE, [(s.name, s.unit) for s in head.signals], head.period_s) as trace:
            samples = Samples(path, opened, trace, journal)
            samples.write(chain([] if first is None else [first], chunks), progress)
            if asked.edges and edges is None:
                edges = opened.edges(asked.edges)
            pairs = _pairs(path, edges, opened, asked.which, samples.length) if edges is not None else []
            _mark(trace, head, pairs, samples.length)
        if edges is not None:
            notes.append(f"edges: {edges.source}, {len(pairs)} windows")
            if edges.in_seconds and not edges.by_its_clock:
                notes.append(_TOGETHER)
        findings = samples.findings()
        for text in notes:
            journal.write(remark(text))
        for text in findings:
            journal.write(remark(text, wrong=True))
        for event in last_events(head, pairs, asked.inferences or 0, samples.length, samples.received):
            journal.write(event)
    finally:
        journal.close()
    record = make_record(
        path,
        folder.name,
        head,
        asked.benchmark,
        instrument=monitor.title,
        windows=len(pairs),
        inferences=asked.inferences,
        notes=notes,
        findings=findings,
    )
    write_record(folder, record)
    write_sealed(folder, record.model_copy(update={"environment": environment()}))
    return Session.open(folder)


def _mark(trace: TraceWriter, head: Head, pairs: list[tuple[Place, Place]], length: int) -> None:
    """Mark windows and calendar time in the trace, for display."""
    for number, (start, stop) in enumerate(pairs, start=1):
        for place, what in ((start, "start"), (stop, "stop")):
            if place.position < length:
                trace.edge(place.position, f"window {number} {what}")
    if head.started_utc_ns is not None:
        for sample in sorted({0, length - 1}):
            trace.utc(sample, head.started_utc_ns + round(sample * head.period_s * 1e9))


def _set_voltage(told_v: float | None, first: Chunk | None, notes: list[str]) -> float:
    """Return the set voltage: what was told, or the median of the first readings, or 0."""
    volts = first.values["voltage"] if first is not None and "voltage" in first.values else np.empty(0)
    volts = volts[np.isfinite(volts)]
    median = round(float(np.median(volts)), 3) if len(volts) else 0.0
    if told_v is None and median > 0:
        notes.append(
            f"the set voltage was not told; {median:g} V, the median of the first readings, stands for it"
        )
    elif told_v is not None and len(volts) and abs(median - told_v) > _OTHER_VOLTAGE * told_v:
        notes.append(
            f"{told_v:g} V were told, and the first readings of the file are {median:g} V: the readings count"
        )
    return told_v if told_v is not None else max(0.0, median)


def _pairs(path: Path, edges: Edges, opened: Opened, which: Which, length: int) -> list[tuple[Place, Place]]:
    """Return the windows; raises `TraceFileError` for edges that are no pairs, or not among the samples."""
    found = places(edges, opened, which)
    where, period_s = f"{path}: {edges.source}", opened.head.period_s
    if not found:
        other = "rising" if which == "falling" else "falling"
        there = len(edges.rising if which == "falling" else edges.falling)
        advice: list[str | Argument] = [", or ", Argument("edge", other)] if there else []
        raise TraceFileError(f"{where}: no {which} edge, and {there} {other}. Try: another signal", *advice)
    for one in found:
        if not -0.5 <= one.position <= length:
            raise TraceFileError(
                f"{where}: an edge at {one.position * period_s:.9g} s from the first sample is not in the trace, "
                f"which lasts {length * period_s:.9g} s"
            )
    if len(found) % 2:
        some = ", ".join(f"{one.position * period_s:.6g} s" for one in found[:6])
        raise TraceFileError(
            f"{where}: {len(found)} {which} edges are no pairs ({some}{', ...' if len(found) > 6 else ''}). Each "
            "window needs a first and a last edge. Try: a table of the times that count, ",
            Argument("edges", "TIMES.csv"),
        )
    return list(zip(found[::2], found[1::2], strict=True))


def _monitor(name: str) -> Monitor:
    known = name.lower()
    table = table_of(known)
    title = _TITLES.get(known, name or "not named")
    if table is None:
        who = name or "the instrument, which was not named"
        unknown = f"No specification is known for {who}: gain, offset and noise are not counted."
        names = f"Specifications are known for {', '.join(table_names())}."
        return Monitor(title, without_table(unknown, names, _UNTRACED), [], feeds=False)
    feeds = any(term.get("name") == "supply_voltage" for term in table.get("term", []))
    return Monitor(title, as_specification(table, _UNTRACED), table.get("largest", []), feeds=feeds)

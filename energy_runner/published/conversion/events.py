"""Turn a published session into the facts of one of ours: record, events, samples.

Only what the files hold becomes a fact. Who the boxes were, how they were calibrated and what voltage was
measured is not in them, so it is not in ours.
"""

from itertools import pairwise
from pathlib import Path

from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.published.conversion.specification import NAMES, limits_of_error
from energy_runner.published.files import digest
from energy_runner.published.model import InferCommand, Published, Recording
from energy_runner.session import events as ev
from energy_runner.session.folder import JOURNAL, TRACE, write_record
from energy_runner.session.journal import JournalWriter
from energy_runner.session.record import (
    BenchmarkFacts,
    Origin,
    OriginFile,
    PublishedFigure,
    Record,
    RunFacts,
    StimulusFile,
)
from energy_runner.session.trace import TraceWriter
from energy_runner.version import version

_MS = 1_000_000
_BOX = "importer"
_LAP_WRAP_US = 2**32  # our laps are those of a 32-bit counter; some DUTs count on
_UNKNOWN_HASH = "unknown: "  # then the file's name, so that two unknown files are not taken for the same one
_SHOWN = 200


def make_record(session: Published, session_id: str, path: str, *, with_hashes: bool) -> Record:
    """Return the record of an imported session; raises `SessionError` for a benchmark that is not ours.

    `path` is what the session is called where it comes from. Hashing the files takes time; an audit, which
    keeps nothing, goes without.
    """
    try:
        benchmark = load_benchmark(session.benchmark)
    except ConfigurationError:
        raise SessionError(
            f"{session.benchmark}: not one of our benchmarks, so that only `audit` reads its sessions"
        ) from None
    timed = session.mode != "accuracy"
    counts = {command.inferences for command in session.commands}
    published = {figure.window for figure in session.figures if figure.window is not None}
    complete = session.ended_ms is not None
    off = bool(session.power) and not session.power[-1][1]
    return Record(
        session_id=session_id,
        software=f"energy-runner {version()}",
        started_utc=_started(session.stamp),
        virtual=session.simulated,
        bench={"name": "imported", "monitor": {"model": _instrument(session)}},
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
            mode=session.mode,
            windows=max(len(session.commands), len(published)) if timed else 0,
            inferences=counts.pop() if len(counts) == 1 else None,
            warmups=next((c.warmups for c in session.commands if c.warmups is not None), 0),
            min_window_s=benchmark.run.min_window_s,
            min_inferences=benchmark.run.min_inferences,
            read_back=False,
            seed=0,
        ),
        stimuli=_stimuli(session),
        outcome="completed" if complete else "failed",
        reason="" if complete else "the log breaks off",
        supply_off_confirmed=True if off else None,
        origin=_origin(session, path, with_hashes=with_hashes),
    )


def write_facts(session: Published, folder: Path, record: Record) -> None:
    """Write record, journal and trace of an imported session into `folder`."""
    write_record(folder, record)
    write_journal(session, folder)
    if session.recording is not None:
        with TraceWriter(folder / TRACE, [("energy", "J")], 1 / session.recording.rate_hz) as trace:
            trace.append(0, [session.recording.samples_j])
            for number, edge in enumerate(session.recording.edges):
                if edge.position < len(session.recording.samples_j):
                    trace.edge(edge.position, f"edge {number}")


def write_journal(session: Published, folder: Path) -> None:
    """Write the journal of an imported session into `folder`."""
    journal = JournalWriter(folder / JOURNAL)
    try:
        for event in make_events(session):
            journal.write(event)
    finally:
        journal.close()


def make_events(session: Published) -> list[ev.AnyEvent]:
    """Return the events that the session's files tell of, in order of time as far as that is known."""
    recording = session.recording
    start_ms = _first_ms(session)
    events: list[ev.AnyEvent] = [
        *(_note(note.id, note.detail, wrong=note.wrong, ms=start_ms) for note in session.notes),
        *(ev.SupplySwitched(t_ns=ms * _MS, on=True) for ms, on in session.power if on),
    ]
    if session.boot_ms is not None:
        mode, lines = session.timestamp_mode, session.boot_lines
        events.append(ev.DutBooted(t_ns=session.boot_ms * _MS, timestamp_mode=mode, lines=lines))
    if session.profile or session.model:
        events.append(
            ev.DutIdentified(
                t_ns=(session.boot_ms or start_ms) * _MS,
                name=session.dut_name,
                profile=session.profile,
                model=session.model,
            )
        )
    if recording is not None:
        events += _acquisition(recording)
    if session.boot_edges:
        events.append(ev.EdgesExpected(t_ns=start_ms * _MS, purpose="boot", count=session.boot_edges))
    if session.sync_ms is not None and session.mode == "energy":
        events.append(ev.EdgesExpected(t_ns=session.sync_ms * _MS, purpose="sync", count=1))
    place = {name: number for number, name in enumerate(_names(session))}
    for command in session.commands:
        if command.inferences > 0:
            events += _command(session, command, place[command.file])
    events += [ev.LapCaptured(t_ns=ms * _MS, lap_us=lap_us) for ms, lap_us in session.io_laps]
    if recording is not None:
        events += _acquired(recording)
    events += [ev.SupplySwitched(t_ns=ms * _MS, on=False) for ms, on in session.power if not on]
    if session.ended_ms is not None:
        off = bool(session.power) and not session.power[-1][1]
        events.append(
            ev.RunStopped(
                t_ns=session.ended_ms * _MS,
                outcome="completed",
                reason="",
                supply_off_confirmed=True if off else None,
            )
        )
    if all(before.finished_ms <= after.sent_ms for before, after in pairwise(session.commands)):
        events.sort(key=lambda event: event.t_ns)  # logs that date lines to the second may overlap; those stay
    return events


def _first_ms(session: Published) -> int:
    times = [ms for ms, _ in session.power] + [command.sent_ms for command in session.commands]
    if session.recording is not None:
        times.append(session.recording.started_ms)
    if session.boot_ms is not None:
        times.append(session.boot_ms)
    return min(times, default=0)


def _note(name: str, detail: str, *, wrong: bool, ms: int) -> ev.AnyEvent:
    if wrong:
        return ev.Problem(t_ns=ms * _MS, error="import", asked=name, came=detail)
    return ev.Remark(t_ns=ms * _MS, box=_BOX, text=detail)


def _acquisition(recording: Recording) -> list[ev.AnyEvent]:
    t_ns = recording.started_ms * _MS
    return [
        ev.MonitorConfigured(
            t_ns=t_ns,
            voltage_set_v=recording.voltage_v or 0.0,
            period_s=1 / recording.rate_hz,
            signals=[{"name": "energy", "unit": "J"}],
            captures_edges=True,
            starts_on_edge=False,
            accuracy=limits_of_error(recording.instrument),
        ),
        ev.AcquisitionStarted(t_ns=t_ns),
        *(ev.SamplesArrived(t_ns=ms * _MS, end=end) for end, ms in recording.arrivals),
    ]


def _acquired(recording: Recording) -> list[ev.AnyEvent]:
    """Return what was known when the recording ended: its edges, which no line of a log dates, and its length."""
    t_ns = recording.stopped_ms * _MS
    length = len(recording.samples_j)
    edges: list[ev.AnyEvent] = [
        ev.EdgeCaptured(t_ns=t_ns, position=edge.position, half_width=edge.half_width, counter=edge.counter)
        for edge in recording.edges
    ]
    return [*edges, ev.AcquisitionStopped(t_ns=t_ns, samples=length, received=length)]


def _command(session: Published, command: InferCommand, stimulus: int) -> list[ev.AnyEvent]:
    timed = session.mode != "accuracy"
    events: list[ev.AnyEvent] = []
    if timed and command.size is not None:
        loaded_ms = command.sent_ms if command.loaded_ms is None else command.loaded_ms
        events.append(
            ev.StimulusLoaded(
                t_ns=loaded_ms * _MS,
                index=stimulus,
                file=command.file,
                offset=command.offset,
                size=command.size,
                sha256=_UNKNOWN_HASH + command.file,
                read_back=False,
            )
        )
    if session.mode == "energy":
        events.append(ev.EdgesExpected(t_ns=command.sent_ms * _MS, purpose="window", count=2))
    done = command.finished_ms if command.end_ms is None else command.end_ms
    events.append(
        ev.InferenceDone(
            t_ns=done * _MS,
            purpose="window" if timed else "accuracy",
            stimulus=stimulus,
            offset=command.offset,
            inferences=command.inferences,
            warmups=command.warmups or 0,
            sent_ns=command.sent_ms * _MS,
            start_line_ns=None if command.start_ms is None else command.start_ms * _MS,
            done_line_ns=None if command.done_ms is None else command.done_ms * _MS,
            results=command.results,
            dut_laps_us=[lap_us % _LAP_WRAP_US for lap_us in command.laps_us],
        )
    )
    return events


def _names(session: Published) -> list[str]:
    return list(dict.fromkeys(command.file for command in session.commands))


def _stimuli(session: Published) -> list[StimulusFile]:
    """Return the stimuli in the order of their first use; -1 stands for a class that nothing tells."""
    sizes: dict[str, int] = {}
    labels: dict[str, int | None] = {}
    for command in session.commands:
        sizes[command.file] = max(sizes.get(command.file, 0), command.offset + (command.size or 0))
        labels.setdefault(command.file, command.label)
    return [
        StimulusFile(
            file=name,
            label=-1 if (label := labels[name]) is None else label,
            size=sizes[name],
            sha256=_UNKNOWN_HASH + name,
        )
        for name in _names(session)
    ]


def _origin(session: Published, path: str, *, with_hashes: bool) -> Origin:
    files = []
    for file in session.files if with_hashes else []:
        try:
            files.append(OriginFile(name=file.name, size=file.stat().st_size, sha256=digest(file)))
        except OSError:
            continue  # a file that could not be read is already among the findings
    return Origin(
        runner=session.runner,
        version=session.version,
        session=path,
        stamp=session.stamp,
        instrument=_instrument(session),
        labels_from=session.labels_from,
        files=files,
        published=[PublishedFigure(field=f.field, window=f.window, text=f.text[:_SHOWN]) for f in session.figures],
        findings=[note.detail for note in session.notes if note.wrong],
        remarks=[note.detail for note in session.notes if not note.wrong],
    )


def _instrument(session: Published) -> str:
    name = session.recording.instrument if session.recording is not None else ""
    return NAMES.get(name, name or "not named")


def _started(stamp: str) -> str:
    """Return the runner's own stamp, YYYYMMDDhhmmss, as a time; its zone is not recorded."""
    digits = stamp.replace("_", "")
    if len(digits) != 14 or not digits.isdecimal():
        return "not recorded"
    year, month, day, hour, minute, second = (
        digits[:4],
        digits[4:6],
        digits[6:8],
        digits[8:10],
        digits[10:12],
        digits[12:],
    )
    return f"{year}-{month}-{day}T{hour}:{minute}:{second} (local time)"

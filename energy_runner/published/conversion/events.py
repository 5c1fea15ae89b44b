# SPDX-License-Identifier: Apache-2.0
"""The journal of a published session: the events that its files record."""

from collections.abc import Iterator
from itertools import pairwise

from energy_runner.published.conversion.record import UNKNOWN_HASH
from energy_runner.published.conversion.specification import Instrument
from energy_runner.published.model import InferCommand, Mode, Note, PublishedSession, Recording
from energy_runner.session import events as ev

_MS = 1_000_000
_BOX = "importer"
_LAP_WRAP_US = 2**32  # our laps are those of a 32-bit counter; some DUTs count further


def make_events(session: PublishedSession, instrument: Instrument) -> list[ev.AnyEvent]:
    """Return the events that the session's files record, in order of time as far as it is known.

    `instrument` is the monitor, as its driver would state it.
    """
    recording = session.recording
    start_ms = _first_ms(session)
    off = bool(session.power) and not session.power[-1][1]
    events: list[ev.AnyEvent] = [
        *(_note(note, start_ms) for note in session.notes),
        *(ev.SupplySwitched(t_ns=ms * _MS, on=True) for ms, on in session.power if on),
        *_dut(session, start_ms),
        *(_acquisition(session, recording, instrument) if recording is not None else ()),
        *_edges_expected(session, start_ms),
        *_commands(session),
        *(ev.LapCaptured(t_ns=ms * _MS, lap_us=lap_us) for ms, lap_us in session.io_laps),
        *(_acquired(recording) if recording is not None else ()),
        *(ev.SupplySwitched(t_ns=ms * _MS, on=False) for ms, on in session.power if not on),
    ]
    if session.ended_ms is not None:
        t_ns, confirmed = session.ended_ms * _MS, True if off else None
        events.append(ev.RunStopped(t_ns=t_ns, outcome="completed", reason="", supply_off_confirmed=confirmed))
    if all(before.finished_ms <= after.sent_ms for before, after in pairwise(session.commands)):
        events.sort(key=lambda event: event.t_ns)  # logs that date lines to the second may overlap; those stay
    return events


def _dut(session: PublishedSession, start_ms: int) -> Iterator[ev.AnyEvent]:
    """Yield what the DUT reported about itself."""
    if session.boot_ms is not None:
        mode, lines = session.timestamp_mode, session.boot_lines
        yield ev.DutBooted(t_ns=session.boot_ms * _MS, timestamp_mode=mode, lines=lines)
    if session.profile or session.model:
        t_ns = (session.boot_ms or start_ms) * _MS
        name, profile, model = session.dut_name, session.profile, session.model
        yield ev.DutIdentified(t_ns=t_ns, name=name, profile=profile, model=model)


def _edges_expected(session: PublishedSession, start_ms: int) -> Iterator[ev.AnyEvent]:
    """Yield the edges that belong to no `infer` command."""
    if session.boot_edges:
        yield ev.EdgesExpected(t_ns=start_ms * _MS, purpose="boot", count=session.boot_edges)
    if session.sync_ms is not None and session.mode == "energy":
        yield ev.EdgesExpected(t_ns=session.sync_ms * _MS, purpose="sync", count=1)


def _first_ms(session: PublishedSession) -> int:
    times = [ms for ms, _ in session.power] + [command.sent_ms for command in session.commands]
    if session.recording is not None:
        times.append(session.recording.started_ms)
    if session.boot_ms is not None:
        times.append(session.boot_ms)
    return min(times, default=0)


def _note(note: Note, ms: int) -> ev.AnyEvent:
    if note.wrong:
        return ev.Problem(t_ns=ms * _MS, error="import", asked=note.id, came=note.detail)
    return ev.Remark(t_ns=ms * _MS, box=_BOX, text=note.detail)


def _acquisition(session: PublishedSession, recording: Recording, instrument: Instrument) -> Iterator[ev.AnyEvent]:
    """Yield how the recording began.

    The runners drop up to a second at the end of a trace, so its end says little about time. But if the lengths of
    trace and run differ widely, the end is tied to the log too: the analysis then sees that the times do not fit,
    and gives no figure.
    """
    t_ns = recording.started_ms * _MS
    yield ev.MonitorConfigured(
        t_ns=t_ns,
        voltage_set_v=recording.voltage_v or 0.0,
        period_s=1 / recording.rate_hz,
        signals=[{"name": "energy", "unit": "J"}],
        captures_edges=True,
        starts_on_edge=False,
        accuracy=instrument.specification,  # the field's name in journals
        largest=instrument.largest,
    )
    yield ev.AcquisitionStarted(t_ns=t_ns)
    yield ev.SamplesArrived(t_ns=t_ns, end=0)
    if any(note.id == "trace-length" for note in session.notes):
        yield ev.SamplesArrived(t_ns=recording.stopped_ms * _MS, end=len(recording.samples_j))


def _acquired(recording: Recording) -> list[ev.AnyEvent]:
    """Return what was known when the recording ended: its edges, which no line of a log dates, and its length."""
    t_ns = recording.stopped_ms * _MS
    length = len(recording.samples_j)
    edges: list[ev.AnyEvent] = [
        ev.EdgeCaptured(t_ns=t_ns, position=edge.position, half_width=edge.half_width, counter=edge.counter)
        for edge in recording.edges
    ]
    return [*edges, ev.AcquisitionStopped(t_ns=t_ns, samples=length, received=length)]


def _commands(session: PublishedSession) -> Iterator[ev.AnyEvent]:
    """Yield the stimulus, the edges expected and the outcome of each command."""
    names = dict.fromkeys(command.file for command in session.commands)
    place = {name: number for number, name in enumerate(names)}
    classes = _classes(session)
    for command in session.commands:
        if command.inferences > 0:
            yield from _command(session.mode, command, place[command.file], command.results[:classes])


def _classes(session: PublishedSession) -> int | None:
    """Return how many outputs of an answer count, where there are more and all others are zero; None for all."""
    benchmark = session.definition
    if benchmark is None or session.mode != "accuracy" or benchmark.classes < 2:
        return None
    filled = any(any(command.results[benchmark.classes :]) for command in session.commands)
    return None if filled else benchmark.classes


def _command(mode: Mode, command: InferCommand, stimulus: int, results: list[float]) -> Iterator[ev.AnyEvent]:
    if mode == "energy" and command.load_begun_ms is not None:
        yield ev.Phase(t_ns=command.load_begun_ms * _MS, name="load", detail=command.file)
    if mode != "accuracy" and command.size is not None:
        loaded_ms = command.sent_ms if command.loaded_ms is None else command.loaded_ms
        yield ev.StimulusLoaded(
            t_ns=loaded_ms * _MS,
            index=stimulus,
            file=command.file,
            offset=command.offset,
            size=command.size,
            sha256=UNKNOWN_HASH + command.file,
            read_back=False,
        )
    if mode == "energy":
        yield ev.EdgesExpected(t_ns=command.sent_ms * _MS, purpose="window", count=2)
    done_ms = command.finished_ms if command.end_ms is None else command.end_ms
    yield ev.InferenceDone(
        t_ns=done_ms * _MS,
        purpose="accuracy" if mode == "accuracy" else "window",
        stimulus=stimulus,
        offset=command.offset,
        inferences=command.inferences,
        warmups=command.warmups or 0,
        sent_ns=command.sent_ms * _MS,
        start_line_ns=None if command.start_ms is None else command.start_ms * _MS,
        done_line_ns=None if command.done_ms is None else command.done_ms * _MS,
        results=results,
        dut_laps_us=[lap_us % _LAP_WRAP_US for lap_us in command.laps_us],
    )

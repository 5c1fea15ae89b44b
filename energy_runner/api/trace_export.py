# SPDX-License-Identifier: Apache-2.0
"""Export the trace of a session for other tools: spreadsheets, dataframes, waveform viewers, the Joulescope UI."""

import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from energy_runner.analysis.energy.source import energy_source
from energy_runner.analysis.facts import Facts
from energy_runner.api.seal import obvious_differences
from energy_runner.api.sessions import AnySession, load_session
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.session.folder import RESULT, Session
from energy_runner.session.trace import TraceReader
from energy_runner.traces.writers.model import (
    LONGEST,
    Curve,
    FloatArray,
    Item,
    Options,
    Outgoing,
    OutSignal,
    SampleArray,
    Source,
    Track,
    clean,
)
from energy_runner.traces.writers.table import Format, format_of, write_trace
from energy_runner.version import version
from energy_runner.viewer.layers import Layers
from energy_runner.viewer.layers.items import Family

__all__ = ["ExportedTrace", "export_trace"]

Read = Callable[[int, int], SampleArray]
# The layers of the viewer that go out, by the formats that show them; those that read samples only to Perfetto.
_FEW = ("windows", "edges", "losses", "over-range", "uart", "journal", "remarks")
_ALL = (
    "windows",
    "inferences",
    "network-layers",
    "phases",
    "edges",
    "losses",
    "over-range",
    "uart",
    "commands",
    "verdicts",
    "journal",
    "remarks",
)
_SHOWN = {"jls": _FEW, "perfetto": _ALL}
_ABOUT = {"energy": "joules in each sample"}
_LATEST_S, _LATEST_NS = 1e9, 2**62  # of a trace, and of the calendar: beyond, a file is damaged
_CURVES = ("voltage", "temperature")
_SAME = 1e-3  # samples: by how much a place in the result may differ, which has decimals
_MOST_NAMED = 10


@dataclass(frozen=True)
class ExportedTrace:
    """A file that was written: its `path`, `format` and `bytes`, and how many `samples` the trace has.

    `rows` is how many rows, samples or points of them the file holds. `simulated` says that the bench was virtual;
    the file says so, too. `remarks` say what the file could not carry.
    """

    path: Path
    format: str
    bytes: int
    samples: int
    rows: int
    simulated: bool
    remarks: tuple[str, ...]


def export_trace(
    session: AnySession,
    out: str | PathLike[str],
    *,
    format: str = "",
    rail: str | None = None,
    every: int | None = None,
    most_rows: int | None = None,
    progress: Callable[[float], None] = lambda done: None,
) -> ExportedTrace:
    """Write the trace of a session to the new file `out` for another tool, whole or not at all.

    `format` is `csv`, `parquet`, `jls`, `sr`, `vcd` or `perfetto`, by default what the suffix of `out` means. Of
    several rails `rail` is written, or the first. A CSV has one row for `every` samples, their mean, or as many as
    give at most `most_rows`. Samples are as they were recorded: no correction by a calibration is applied. Missing
    ones stay missing. `progress` is told the share that is written.

    Raises `ConfigurationError` for a file that exists, a name that the session needs, an unknown format or
    rail, and Parquet without pyarrow; `SessionError` for a session without samples, `BenchFault` if the disk
    refuses.
    """
    session = load_session(session)
    path = Path(out)
    form = format_of(path, format)
    options = Options(every, most_rows)
    if not session.has_trace() and form.samples:
        raise SessionError(
            f"{session.path}: this session in {session.record.run.mode} mode has no power trace. Try: a session "
            "in energy mode, or perfetto, which shows what happened"
        )
    trace, why_not = _trace(session, rail, form)
    with trace or nullcontext():
        sent = _Going(session, trace, rail, why_not).outgoing(form)
        written = write_trace(sent, path, form, options, progress)
    return ExportedTrace(
        path=path,
        format=form.name,
        bytes=path.stat().st_size,
        samples=sent.length,
        rows=written.rows,
        simulated=sent.virtual,
        remarks=tuple(dict.fromkeys(clean(one, 2 * LONGEST) for one in (*sent.remarks, *written.remarks))),
    )


def _trace(session: Session, rail: str | None, form: Format) -> tuple[TraceReader | None, str]:
    """Return the trace, or None and why not: a format that shows what happened does without one."""
    if not session.has_trace():
        return None, ""
    try:
        return _opened(session, rail), ""
    except SessionError as error:
        if form.samples:
            raise
        return None, f"without the power: {error}"


def _opened(session: Session, rail: str | None) -> TraceReader:
    trace = session.trace()
    if rail is None:
        return trace
    rails = list(trace.rails)
    trace.close()
    if rail not in rails:
        there = f"there are {clean(', '.join(rails))}" if rails else "it has one only, without a name"
        raise ConfigurationError(f"{session.path}: has no rail {rail[:40]!r}; {there}")
    return session.trace(rail)


class _Going:
    """A session on its way out: what its layers and its trace say, as writers take it."""

    def __init__(self, session: Session, trace: TraceReader | None, rail: str | None, why_not: str) -> None:
        self._session = session
        self._trace = trace
        chosen = rail if rail is not None or trace is None or not trace.rails else trace.rails[0]
        self._layers = Layers(session, chosen)
        self._remarks: list[str] = [why_not] if why_not else []
        if trace is not None and len(trace.rails) > 1:
            others = ", ".join(one for one in trace.rails if one != chosen)
            self._remarks.append(f"this is the rail {chosen}; the session has others: {others}")

    def outgoing(self, form: Format) -> Outgoing:
        """Return what a writer of this format takes."""
        seen, record = self._layers.seen, self._session.record
        seen.read()
        tracks = [self._track(name) for name in _SHOWN.get(form.name, ())]
        curves = [one for name in _CURVES for one in self._curves(name)] if form.name == "perfetto" else []
        signals = self._signals(seen.facts)
        step_s = self._step_s()
        length = self._trace.length if self._trace is not None else 0
        self._remarks += obvious_differences(self._session)  # whoever gets the file alone has to know, too
        if record.outcome == "running":
            self._remarks.append("the run has not ended, or was killed; this is its trace so far")
        windows = self._windows(step_s, length)
        over_range = self._stretches("over-range", step_s)
        if len(over_range):
            count = float(np.sum(over_range[:, 1] - over_range[:, 0]))
            self._remarks.append(
                f"{count:.0f} samples were beyond the monitor's range, and their values are not true; "
                "jls, sr, vcd and perfetto show where"
            )
        self._remarks += self._layers.problems
        return Outgoing(
            session=record.session_id,
            software=f"energy-runner {version()}",
            virtual=record.virtual,
            source=_source(seen.facts, self._session),
            step_s=step_s,
            length=length,
            signals=signals,
            zero_utc_ns=self._zero_utc_ns(),
            zero_limit_s=self._zero_limit_s(),
            tracks=tuple(one for one in tracks if one.count),
            curves=tuple(curves),
            windows=windows,
            edges=self._layers.family("edges").starts_s / step_s if seen.facts.edges else np.zeros(0),
            losses=self._stretches("losses", step_s),
            over_range=over_range,
            remarks=tuple(dict.fromkeys(self._remarks)),
            instants=self._trace is not None and "instant" in seen.facts.kinds().values(),
        )

    def _windows(self, step_s: float, length: int) -> tuple[tuple[int, float, float], ...]:
        """Return the windows with both edges, in samples, by the edges themselves where these can be told.

        The result is derived, and may be of another version or changed, so that it only stands in for them.
        """
        seen = self._layers.seen
        aligned = seen.alignment.windows if seen.alignment is not None else []
        found: list[tuple[int, float, float]] = []
        for one in seen.windows:
            place = aligned[one.index] if one.index < len(aligned) else None
            told = (one.start_s / step_s, one.stop_s / step_s) if one.start_s is not None and one.stop_s else None
            start, stop = (place.start, place.stop) if place is not None else told or (math.nan, math.nan)
            if not -1 < start < stop < _LATEST_S / step_s:
                continue
            found.append((one.index + 1, start, stop))
            if told is not None and abs(told[0] - start) + abs(told[1] - stop) > _SAME:
                self._remarks.append(
                    f"window {one.index + 1} lies where its edges were captured, and not where {RESULT} has it. "
                    "Try: energy-runner analyze"
                )
        outside = [str(number) for number, start, stop in found if length and (start < 0 or stop > length)]
        if outside:
            self._remarks.append(
                f"not whole in the trace, which has {length} samples: window {_few(outside)}; formats that show "
                "edges or markers leave it out"
            )
        return tuple(found)

    def _step_s(self) -> float:
        seen = self._layers.seen
        if self._trace is None:
            return seen.step_s or 1.0
        return self._trace.period_s * seen.clock.factor

    def _zero_utc_ns(self) -> int | None:
        """Return when second 0 of the trace was: host times are tied to the calendar where the run began."""
        begun, times = self._layers.seen.begun, self._layers.seen.times
        place_s = times.place(begun.t_ns) if begun is not None else None
        if begun is None or place_s is None or not math.isfinite(place_s):
            return None
        utc_ns = begun.utc_ns - round(place_s * 1e9)
        return utc_ns if abs(utc_ns) < _LATEST_NS else None

    def _zero_limit_s(self) -> float | None:
        """Return how far second 0 may really be from where the messages to the host place it, s."""
        limit_s = float(self._layers.seen.times.limits(np.zeros(1))[0])
        return limit_s if math.isfinite(limit_s) else None

    def _stretches(self, name: str, step_s: float) -> FloatArray:
        family = self._layers.family(name)
        return np.column_stack([family.starts_s, family.stops_s]) / step_s

    def _track(self, name: str) -> Track:
        family = self._layers.family(name)
        title = next(row["title"] for row in self._layers.table() if row["name"] == name)
        return Track(name, title, len(family), lambda: _items(family))

    def _curves(self, name: str) -> Iterator[Curve]:
        unit = {"voltage": "V", "temperature": "°C"}[name]
        for one in self._layers.family(name).curves:
            yield Curve(f"{name}, {one.label}", unit, one.at_s, one.value)

    def _signals(self, facts: Facts) -> tuple[OutSignal, ...]:
        """Return the signals as they were recorded, and what of current, voltage and power can be computed."""
        trace, monitor = self._trace, facts.monitor
        if trace is None:
            return ()
        recorded = {
            name: OutSignal(name, unit, "recorded", _reader(trace, name), _ABOUT.get(name, ""))
            for name, unit in trace.signals
        }
        if monitor is None:
            self._remarks.append("no power monitor was configured, so power cannot be computed")
            return tuple(recorded.values())
        try:
            raw = energy_source(trace, monitor.voltage_set_v, facts.kinds(), self._layers.seen.clock)
        except SessionError as error:
            self._remarks.append(f"power cannot be computed: {error}")
            return tuple(recorded.values())
        if monitor.accuracy.get("points"):
            self._remarks.append("the samples are as recorded: the correction by the calibration is not applied")
        set_v = monitor.voltage_set_v
        if "power" not in recorded:
            about = _power_of(recorded, set_v)
            recorded["power"] = OutSignal("power", "W", "converted", raw.power_w, about)
        if "voltage" not in recorded and set_v > 0:
            about = f"{set_v!r} V and not measured"
            recorded["voltage"] = OutSignal("voltage", "V", "as set", _constant(raw.power_w, set_v), about)
            if "current" not in recorded:
                about = f"the power divided by the voltage that was set {set_v!r} V"
                current = _divided(raw.power_w, set_v)
                recorded["current"] = OutSignal("current", "A", "converted", current, about)
        return tuple(recorded.values())


def _few(names: list[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if (more := len(names) - _MOST_NAMED) > 0 else "")


def _power_of(recorded: dict[str, OutSignal], set_v: float) -> str:
    if "energy" in recorded:
        return "the recorded energy of each sample divided by how long it lasts"
    if "voltage" in recorded:
        return "the recorded current times the recorded voltage"
    return f"the recorded current times the voltage that was set {set_v!r} V"


def _reader(trace: TraceReader, name: str) -> Read:
    return lambda first, stop: trace.read(name, first, stop)


def _constant(like: Read, value: float) -> Read:
    """Return what reads a constant, missing where `like` is."""
    return lambda first, stop: np.where(np.isnan(like(first, stop)), np.nan, value)


def _divided(power_w: Read, volts: float) -> Read:
    return lambda first, stop: np.asarray(power_w(first, stop), dtype=np.float64) / volts


def _items(family: Family) -> Iterator[Item]:
    for number, (start_s, stop_s) in enumerate(zip(family.starts_s, family.stops_s, strict=True)):
        said = family.say(number)
        yield Item(float(start_s), float(stop_s), said.label, said.text)


def _source(facts: Facts, session: Session) -> Source:
    """Return who sampled, as it answered when it was asked; of an imported session, what its origin names."""
    sampler = facts.sampler()
    if sampler is None:
        origin = session.record.origin
        return Source(model=origin.instrument if origin is not None else "")
    told = {key: str(sampler.identity.get(key) or "") for key in ("make", "model", "serial", "firmware")}
    return Source(told["make"], told["model"], told["serial"], told["firmware"])

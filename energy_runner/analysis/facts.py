# SPDX-License-Identifier: Apache-2.0
"""Sort the events of a journal by kind for the analysis; nothing is judged here.

A run of many thousand inferences has more events than fit into memory. Lists that grow with the run are kept only
up to a few thousand events; a longer list is read from the journal again on each iteration.
"""

from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.messages import Messages
from energy_runner.errors import SessionError
from energy_runner.session import events as ev
from energy_runner.session.exchanges import chunk_end
from energy_runner.session.journal import Journal

FloatArray = npt.NDArray[np.float64]
Events = Journal | Sequence[ev.AnyEvent]
_KEPT = 2_000


class Listed[E: ev.Event](Collection[E]):
    """The events of one kind, in order: kept in memory while they are few, else read again from their source."""

    def __init__(self, kind: type[E], source: Events = ()) -> None:
        self._kind = kind
        self._source = source
        self._kept: list[E] = []
        self._count = 0

    def append(self, event: E) -> None:
        """Count one more event of the source."""
        self._count += 1
        if self._count <= _KEPT:
            self._kept.append(event)
        else:
            self._kept.clear()

    def __iter__(self) -> Iterator[E]:
        if self._count <= _KEPT:
            return iter(self._kept)
        if isinstance(self._source, Journal):
            return self._source.of(self._kind)
        return (event for event in self._source if isinstance(event, self._kind))

    def __len__(self) -> int:
        return self._count

    def __contains__(self, event: object) -> bool:
        return any(event == other for other in self)


@dataclass
class Command:
    """A command that makes the DUT pull its timestamp pin low `count` times.

    `next_ns` is the host time of the command after it. `inference` is None for `timestamp` and boot, and for
    an `infer` that did not end. `recorded` says whether the acquisition had begun before it.
    """

    purpose: ev.Purpose
    count: int
    t_ns: int
    recorded: bool
    next_ns: int | None = None
    inference: ev.InferenceDone | None = None


@dataclass
class Facts:
    """The events of one run, by kind and in order.

    `unknown` counts the events of each kind that this version does not know, such as a later one may write.
    `rails` names the rails of a DUT that has several; the facts about samples are then those of one of them.
    `arrival_ends` and `arrival_times_ns` say up to which sample index samples had arrived by which host time, and
    `stream_bytes` how much of `stream.bin` the journal indexes.
    """

    torn: bool = False
    rails: list[str] = field(default_factory=list)
    monitor: ev.MonitorConfigured | None = None
    commands: list[Command] = field(default_factory=list)
    inferences: Listed[ev.InferenceDone] = field(default_factory=lambda: Listed(ev.InferenceDone))
    marks: list[ev.PhasesMarked] = field(default_factory=list)
    loaded: Listed[ev.StimulusLoaded] = field(default_factory=lambda: Listed(ev.StimulusLoaded))
    identified: list[ev.DutIdentified] = field(default_factory=list)
    boxes: list[ev.DeviceIdentified] = field(default_factory=list)
    switched: list[ev.SupplySwitched] = field(default_factory=list)
    temperatures: list[ev.TemperatureMeasured] = field(default_factory=list)
    edges: list[ev.EdgeCaptured] = field(default_factory=list)
    laps: list[ev.LapCaptured] = field(default_factory=list)
    started: list[ev.AcquisitionStarted] = field(default_factory=list)
    stopped: ev.AcquisitionStopped | None = None
    summary: ev.MonitorSummary | None = None
    arrival_ends: "array[int]" = field(default_factory=lambda: array("q"))
    arrival_times_ns: "array[int]" = field(default_factory=lambda: array("q"))
    stream_bytes: int = 0
    lost: list[ev.SamplesLost] = field(default_factory=list)
    over_range: list[ev.SamplesOverRange] = field(default_factory=list)
    messages: Messages = field(default_factory=Messages)
    remarks: Listed[ev.Remark] = field(default_factory=lambda: Listed(ev.Remark))
    problems: Listed[ev.Problem] = field(default_factory=lambda: Listed(ev.Problem))
    ended: ev.RunStopped | None = None
    unknown: dict[str, int] = field(default_factory=dict)
    first_unknown_line: int | None = None

    @property
    def outcome(self) -> str:
        """Return how the run ended; `killed` if the journal does not say, or breaks off."""
        return self.ended.outcome if self.ended and not self.torn else "killed"

    def sampler(self) -> ev.DeviceIdentified | None:
        """Return the identity that the sampling instrument reported; None if it was not asked."""
        name = self.monitor.sampler if self.monitor else ""
        return next((box for box in self.boxes if box.box == name), None)

    def temperature_change_k(self) -> float | None:
        """Return by how much the temperature changed while the run recorded it (K); None if it did so not twice.

        An error that all readings of one thermometer share is in none of their differences.
        """
        found = [one.temperature_c for one in self.temperatures]
        return max(found) - min(found) if len(found) > 1 else None

    @property
    def rail(self) -> str | None:
        """Return the rail that these facts are of; None where the DUT has one only."""
        return (self.monitor.rail or None) if self.monitor else None

    def kinds(self) -> dict[str, str]:
        """Return by name the kind of each signal recorded, `mean` or `instant`."""
        signals = self.monitor.signals if self.monitor else []
        return {signal.get("name", ""): signal.get("kind", "mean") for signal in signals}

    def windows(self) -> list[ev.InferenceDone]:
        """Return the timed inferences that count for the score."""
        return [inference for inference in self.inferences if inference.purpose == "window"]

    def arrival_line(self) -> tuple[FloatArray, FloatArray]:
        """Return sample indices (rising) and the host times in ns at which samples up to there had arrived."""
        ends = np.array(self.arrival_ends, dtype=np.float64)
        times = np.array(self.arrival_times_ns, dtype=np.float64)
        rising = np.ones(len(ends), dtype=np.bool_)
        rising[1:] = ends[1:] > np.maximum.accumulate(ends)[:-1]
        return ends[rising], times[rising]


_LISTS: dict[type[ev.Event], str] = {
    ev.InferenceDone: "inferences",
    ev.PhasesMarked: "marks",
    ev.StimulusLoaded: "loaded",
    ev.DutIdentified: "identified",
    ev.DeviceIdentified: "boxes",
    ev.SupplySwitched: "switched",
    ev.TemperatureMeasured: "temperatures",
    ev.EdgeCaptured: "edges",
    ev.LapCaptured: "laps",
    ev.AcquisitionStarted: "started",
    ev.SamplesLost: "lost",
    ev.SamplesOverRange: "over_range",
    ev.Remark: "remarks",
    ev.Problem: "problems",
}
_LATEST: dict[type[ev.Event], str] = {
    ev.MonitorConfigured: "monitor",
    ev.AcquisitionStopped: "stopped",
    ev.MonitorSummary: "summary",
    ev.RunStopped: "ended",
}
_OF_RAILS = frozenset(kind for kind in get_args(get_args(ev.KnownEvent)[0]) if "rail" in kind.model_fields)
# Plausible ranges of the numbers from which indices and times are computed.
_LATEST_NS = 2.0**63
_LARGEST = 2.0**53  # beyond it a float cannot tell neighbouring integers apart
_NUMBERS: dict[type[ev.Event], dict[str, tuple[float, float]]] = {
    ev.EdgeCaptured: {"position": (-1.0, _LARGEST), "half_width": (0.0, _LARGEST)},  # -1: just before sample 0
    ev.LapCaptured: {"lap_us": (0.0, _LARGEST)},
    ev.SamplesArrived: {"end": (0.0, _LARGEST)},
    ev.SamplesLost: {"after": (0.0, _LARGEST), "before": (0.0, _LARGEST), "missing": (0.0, _LARGEST)},
    ev.SamplesOverRange: {"at": (0.0, _LARGEST), "count": (0.0, _LARGEST)},
    ev.MonitorSummary: {"samples": (0.0, _LARGEST)},
    ev.AcquisitionStopped: {"samples": (0.0, _LARGEST), "received": (0.0, _LARGEST)},
    ev.MonitorConfigured: {"period_s": (1e-12, 1e6), "voltage_set_v": (0.0, 1e6)},
    ev.InferenceDone: {
        "sent_ns": (0.0, _LATEST_NS),
        "start_line_ns": (0.0, _LATEST_NS),
        "done_line_ns": (0.0, _LATEST_NS),
        "inferences": (1.0, _LARGEST),
    },
    ev.EdgesExpected: {"count": (0.0, 1000.0)},
    ev.TemperatureMeasured: {"temperature_c": (-273.15, 1e4)},
    ev.Remark: {"after": (-_LARGEST, _LARGEST), "before": (-_LARGEST, _LARGEST)},
}


def gather(events: Events, rail: str | None = None) -> Facts:
    """Return the facts in `events`; of several rails, those of `rail` or else of the first.

    Raises `SessionError` for a number that no run can produce.
    """
    facts = Facts(
        torn=isinstance(events, Journal) and events.torn,
        inferences=Listed(ev.InferenceDone, events),
        loaded=Listed(ev.StimulusLoaded, events),
        remarks=Listed(ev.Remark, events),
        problems=Listed(ev.Problem, events),
    )
    for event in events:
        kind = type(event)
        of = getattr(event, "rail", "") if kind in _OF_RAILS else ""
        rail = (of or None) if rail is None else rail
        if of and isinstance(event, ev.MonitorConfigured):
            facts.rails.append(of)
        if of not in ("", rail):
            continue
        if doubt := impossible(event):
            raise SessionError(f"the journal holds {doubt}")
        if kind in _LISTS:
            getattr(facts, _LISTS[kind]).append(event)
        elif kind in _LATEST:
            setattr(facts, _LATEST[kind], event)
        if isinstance(event, ev.EdgesExpected):
            _begin(facts, event)
        elif isinstance(event, ev.InferenceDone):
            _finish(facts, event)
        elif isinstance(event, ev.UnknownEvent):
            facts.unknown[event.kind] = facts.unknown.get(event.kind, 0) + 1
            facts.first_unknown_line = facts.first_unknown_line or event.line
        elif isinstance(event, ev.SamplesArrived):
            facts.arrival_ends.append(event.end)
            facts.arrival_times_ns.append(event.t_ns)
        elif isinstance(event, ev.StreamChunk):
            facts.stream_bytes = chunk_end(event, facts.stream_bytes)
        _heed(facts, event)
    return facts


def impossible(event: ev.AnyEvent) -> str:
    """Return which number in an event no run can produce; empty if there is none."""
    for name, (least, most) in _NUMBERS.get(type(event), {}).items():
        value = getattr(event, name)
        if value is not None and not least <= value <= most:
            return f"a {event.kind} with {name} = {value}"
    return ""


def _heed(facts: Facts, event: ev.AnyEvent) -> None:
    """Give what the sampler says in the course of its acquisition a place among the samples."""
    monitor = facts.monitor
    if monitor is None or not facts.started:
        return
    if isinstance(event, ev.SamplesArrived):
        facts.messages.arrived(event.end, monitor.period_s)
    elif isinstance(event, ev.Remark) and event.box == monitor.sampler:
        facts.messages.said(event, monitor.period_s)


def _begin(facts: Facts, event: ev.EdgesExpected) -> None:
    if facts.commands:
        facts.commands[-1].next_ns = event.t_ns
    facts.commands.append(Command(event.purpose, event.count, event.t_ns, recorded=bool(facts.started)))


def _finish(facts: Facts, event: ev.InferenceDone) -> None:
    if facts.commands and facts.commands[-1].inference is None and facts.commands[-1].purpose == event.purpose:
        facts.commands[-1].inference = event

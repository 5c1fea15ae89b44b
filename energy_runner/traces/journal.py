# SPDX-License-Identifier: Apache-2.0
"""The journal of an imported trace: what its file tells, in the events of a session of ours.

No host dated anything: the times of the events are those of the samples, from the first one on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from energy_runner.session import events as ev
from energy_runner.traces.edges import Place
from energy_runner.traces.model import Head, Mishap

_BOX = "importer"


@dataclass(frozen=True)
class Monitor:
    """The instrument of a trace: its title, specification and largest readings, and whether it feeds the DUT."""

    title: str
    specification: dict[str, Any]
    largest: list[dict[str, Any]]
    feeds: bool


def first_events(head: Head, monitor: Monitor, voltage_v: float, benchmark: str) -> Iterator[ev.AnyEvent]:
    """Yield what is known before the samples are read."""
    if head.started_utc_ns is not None:
        yield ev.RunStarted(t_ns=0, utc_ns=head.started_utc_ns, benchmark=benchmark, mode="energy")
    yield ev.MonitorConfigured(
        t_ns=0,
        voltage_set_v=voltage_v,
        period_s=head.period_s,
        signals=[
            {"name": s.name, "unit": s.unit, "kind": head.kind, "period_s": head.period_s} for s in head.signals
        ],
        captures_edges=True,  # those that there are, in its timebase
        starts_on_edge=False,
        accuracy=monitor.specification,  # the field's name in journals
        largest=monitor.largest,
        supply="monitor" if monitor.feeds else "",
        uncounted=head.uncounted,
    )
    yield ev.AcquisitionStarted(t_ns=0)
    yield ev.SamplesArrived(t_ns=0, end=0)


def mishap_event(mishap: Mishap, period_s: float) -> ev.AnyEvent:
    """Return the event of a loss, or of readings over range."""
    t_ns = _at(mishap.stop, period_s)
    if mishap.kind == "lost":
        return ev.SamplesLost(
            t_ns=t_ns,
            after=mishap.first,
            before=mishap.stop,
            missing=mishap.count,
            detail=mishap.detail,
            modulo=mishap.modulo,
        )
    return ev.SamplesOverRange(t_ns=t_ns, at=mishap.first, count=mishap.count, detail=mishap.detail)


def last_events(
    head: Head, pairs: Sequence[tuple[Place, Place]], inferences: int, length: int, received: int
) -> Iterator[ev.AnyEvent]:
    """Yield the windows, their edges and the end."""
    for start, stop in pairs:
        begun, ended = (_at(max(0.0, place.position), head.period_s) for place in (start, stop))
        yield ev.EdgesExpected(t_ns=begun, purpose="window", count=2)
        for place in (start, stop):
            yield ev.EdgeCaptured(
                t_ns=_at(max(0.0, place.position), head.period_s),
                position=place.position,
                half_width=place.half_width,
                counter=None,
            )
        yield ev.InferenceDone(
            t_ns=ended,
            purpose="window",
            stimulus=0,
            inferences=inferences,
            warmups=0,
            sent_ns=begun,
            start_line_ns=None,
            done_line_ns=None,
            results=[],
            dut_laps_us=[],
        )
    end_ns = _at(length, head.period_s)
    yield ev.AcquisitionStopped(t_ns=end_ns, samples=length, received=received)
    yield ev.RunStopped(t_ns=end_ns, outcome="completed", reason="", supply_off_confirmed=None)


def remark(text: str, *, wrong: bool = False) -> ev.AnyEvent:
    """Return something worth keeping that was noticed in the file."""
    return ev.Remark(t_ns=0, box=_BOX, text=text, suspicious=wrong)


def _at(position: float, period_s: float) -> int:
    return round(position * period_s * 1e9)

# SPDX-License-Identifier: Apache-2.0
"""Phases of a session: by the edges of named pins, or estimated from the levels inside a window."""

from dataclasses import replace

import numpy as np

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.energy.recorded import recorded_source
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import Facts, gather
from energy_runner.analysis.inferences.segment import WindowInferences, segment_session
from energy_runner.analysis.phases.edge_file import PinEdges
from energy_runner.analysis.phases.measure import (
    PhaseResult,
    PinEdge,
    Span,
    estimated_phases,
    measure_phases,
    spans_of_pin,
)
from energy_runner.errors import ConfigurationError
from energy_runner.session.folder import Session
from energy_runner.session.result import Finding
from energy_runner.session.trace import TraceReader

FEW = 10.0  # samples: over more of them instants average out
MOST_SPANS = 20_000  # measured for estimated phases: the first inferences of a window stand for all


def phases_by_pins(session: Session, edges: PinEdges, *, active_low: bool = False) -> PhaseResult:
    """Return energy and duration of each phase, a pin for each; it lasts while its pin is high, or low.

    Raises `ConfigurationError` for a session without a power trace.
    """
    _check_trace(session)
    with session.trace() as trace:
        facts, source = _source(session, trace)
        spans: dict[str, list[Span]] = {}
        findings = []
        for pin, of_pin in edges.items():
            places = [PinEdge(time_s / source.step_s, rising) for time_s, rising in of_pin]
            spans[pin], odd = spans_of_pin(pin, places, active_high=not active_low)
            findings += odd
        found = measure_phases(source, spans)
        found = _instants(facts, found, source.step_s)
    return replace(found, findings=(*findings, *found.findings))


def phases_estimated(session: Session, window: int | None = None) -> PhaseResult:
    """Return the constant levels inside window `window` (from 1; None: the first that has a place in the trace).

    Where the trace shows the window's inferences, the levels are those of the typical one, measured in each of
    them. Where it does not, they are those of the window as a whole; where no window has a place, of the trace.
    Raises `ConfigurationError` for a session without a power trace, and for a window that is not in it.
    """
    _check_trace(session)
    placed = [one for one in analyze(session).windows if one.start_s is not None]
    number = 1 if window is None else window
    if window is not None and not 1 <= number <= len(placed):
        raise ConfigurationError(f"{session.path}: has windows 1 to {len(placed)} in its trace, not {number}")
    repeated = segment_session(session, placed[number - 1].index).windows[0] if placed else None
    with session.trace() as trace:
        facts, source = _source(session, trace)
        if repeated is not None and repeated.resolved and repeated.estimated_phases:
            found = measure_phases(source, _in_each(repeated, source.step_s), estimated=True)
            return _instants(facts, found, source.step_s)
        start, stop = 0.0, float(source.length)
        if placed:
            one = placed[number - 1]  # counts stated periods
            start, stop = (one.start_s or 0.0) / source.period_s, (one.stop_s or 0.0) / source.period_s
        spans, _ = estimated_phases(source, start, min(stop, float(source.length)))
        named = {f"level {index + 1}": [span] for index, span in enumerate(spans)}
        return _instants(facts, measure_phases(source, named, estimated=True), source.step_s)


def _in_each(window: WindowInferences, period_s: float) -> dict[str, list[Span]]:
    """Return the typical inference's levels as spans in each inference, stretched between its boundaries."""
    typical = window.estimated_phases
    whole_s = typical[-1].start_s + typical[-1].duration_s
    marks = np.array([phase.start_s for phase in typical] + [whole_s]) / whole_s
    bounds = np.array(window.boundaries_s[: MOST_SPANS // len(typical) + 1]) / period_s
    places = bounds[:-1, None] + np.diff(bounds)[:, None] * marks
    return {
        f"level {k + 1}": [Span(begin, end) for begin, end in places[:, k : k + 2].tolist()]
        for k in range(len(typical))
    }


def _instants(facts: Facts, found: PhaseResult, period_s: float) -> PhaseResult:
    """Add a finding for short phases where a sample is an instant: sharing one out takes it for a mean."""
    if facts.monitor is None or all(one.get("kind", "mean") == "mean" for one in facts.monitor.signals):
        return found
    short = sum(phase.duration_s < FEW * period_s for phase in found.phases)
    if not short:
        return found
    detail = (
        f"{short} phases are shorter than {FEW:g} samples, and each sample is the power at an instant: what "
        "passed between two samples was not seen, and the stated uncertainties do not count it"
    )
    return replace(found, findings=(*found.findings, Finding(id="phase-samples-are-instants", detail=detail)))


def _check_trace(session: Session) -> None:
    if not session.has_trace():
        raise ConfigurationError(f"{session.path}: holds no power trace, so there are no phases to measure in it")


def _source(session: Session, trace: TraceReader) -> tuple[Facts, EnergySource]:
    facts = gather(session.journal(exchanges=False))
    if facts.monitor is None:
        raise ConfigurationError(f"{session.path}: no power monitor was configured, so its trace has no unit")
    return facts, recorded_source(trace, facts)

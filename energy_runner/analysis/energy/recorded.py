# SPDX-License-Identifier: Apache-2.0
"""The energy that a session recorded: its trace, read as its facts say, with the clock that the run found."""

import math

from energy_runner.analysis.energy.calibration import configured_source
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import Facts, gather
from energy_runner.analysis.placing.clock import Clock, clock_of, sample_clock
from energy_runner.analysis.placing.stretches import worst_stretch
from energy_runner.analysis.uncertainty.inputs import Limits
from energy_runner.errors import SessionError
from energy_runner.session.folder import Session
from energy_runner.session.result import SampleClock
from energy_runner.session.trace import TraceReader

__all__ = ["EnergySource", "clock_limit", "recorded_clock", "recorded_source", "session_source"]

UNSTEADY = 3.0  # standard uncertainties by which a part of a run may differ from the whole


def clock_limit(facts: Facts) -> float | None:
    """Return the relative limit of the monitor's clock by its specification; None if it states none."""
    if facts.monitor is None:
        return None
    limits = Limits.of(facts.monitor.accuracy)
    known = [term.relative for term in limits.terms if term.name == "clock" and term.known]
    return sum(known) if known else 0.0 if limits.without_error else None


def recorded_clock(facts: Facts) -> tuple[SampleClock | None, Clock]:
    """Return what the run found of the monitor's clock, and the clock to compute with."""
    found = sample_clock(facts, clock_limit(facts))
    if found is not None and found.corrected and facts.monitor is not None and not facts.monitor.captures_edges:
        # Laps say how long windows last. A wrong correction would only shift them; the rule on clocks is strict.
        found = found.model_copy(update={"corrected": False})
    if found is not None and found.corrected and not _steady(facts, found):
        found = found.model_copy(update={"corrected": False, "steady": False})
    return found, clock_of(found)


def _steady(facts: Facts, found: SampleClock) -> bool:
    """Return whether all parts of the run show the same clock; samples lost unnoticed are a step in it."""
    worst = worst_stretch(facts, 0.0, found.ratio)
    return worst is None or abs(worst.ratio - found.ratio) <= UNSTEADY * math.hypot(worst.u, found.u)


def recorded_source(trace: TraceReader, facts: Facts) -> EnergySource:
    """Return the source of energy in the trace of a session.

    Raises `SessionError` for a session without a monitor, and for signals that give no energy.
    """
    if facts.monitor is None:
        raise SessionError("no power monitor was configured, so the trace has no unit")
    _, clock = recorded_clock(facts)
    return configured_source(trace, facts.monitor, clock)


def session_source(session: Session, trace: TraceReader) -> EnergySource:
    """Return the source of energy in the trace of `session`; see `recorded_source`."""
    return recorded_source(trace, gather(session.journal(exchanges=False)))

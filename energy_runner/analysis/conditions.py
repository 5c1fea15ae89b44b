# SPDX-License-Identifier: Apache-2.0
"""What the uncertainties of all windows of a run depend on: the specification, and the clocks that placed them."""

import math

from energy_runner.analysis.derived import TimedBy
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.alignment import BY_HOST, Alignment, lap_witnesses, recorded_laps
from energy_runner.analysis.placing.clock import HOST_CLOCK_LIMIT, Clock
from energy_runner.analysis.uncertainty.evaluate import Conditions, Limits
from energy_runner.session.folder import Session
from energy_runner.session.result import SampleClock


def conditions_of(
    session: Session, facts: Facts, alignment: Alignment, clock: Clock, found_clock: SampleClock | None
) -> Conditions | None:
    """Return what the uncertainties of all windows depend on; None without a monitor."""
    if facts.monitor is None:
        return None
    sampler = facts.sampler()
    limits = Limits.of(facts.monitor.accuracy).at(facts.temperature_change_k())
    return Conditions(
        limits=limits.stated(facts.summary.limit_relative if facts.summary is not None else None),
        signals=tuple(signal.get("name", "") for signal in facts.monitor.signals),
        voltage_v=facts.monitor.voltage_set_v,
        rate_u=alignment.rate_u,
        host_limit=HOST_CLOCK_LIMIT,
        clock_u=clock.u,
        clock_off=abs(found_clock.ratio - 1) if found_clock is not None else 0.0,
        laps=len(lap_witnesses(facts)[0]),
        recorded_laps=recorded_laps(facts),
        tied_by_host=alignment.method == BY_HOST,
        # A twin needs no table, so both record and journal must call the sampler one.
        virtual=session.record.virtual and (sampler is None or sampler.identity.get("virtual") is True),
        kinds=tuple(facts.kinds().values()),
        voltage_of_another=facts.monitor.supply != facts.monitor.sampler,
        identified=sampler is not None,
    )


def drift_limit(given: Conditions | None) -> float:
    """Return the relative limit of the drift, against the trace, of windows placed by laps; 0 for others."""
    if given is None or given.rate_u is None:
        return 0.0
    clock = sum(term.relative for term in given.limits.terms if term.name == "clock")
    measured = math.sqrt(3.0) * given.clock_u if given.clock_u is not None else clock
    return measured + math.sqrt(3.0) * given.rate_u


def clock_of_windows(given: Conditions) -> TimedBy:
    """Return what is known of the clock that says how long the windows are: that of the laps or the monitor's."""
    if given.rate_u is not None:
        return TimedBy(relative_u=given.rate_u)
    if given.clock_u is not None:
        return TimedBy(relative_u=given.clock_u)
    limit = sum(term.relative for term in given.limits.terms if term.name == "clock")
    known = limit > 0 or given.virtual
    return TimedBy(relative_limit=limit, doubts=() if known else ("clock of the monitor unknown",))

# SPDX-License-Identifier: Apache-2.0
"""Whether a bench was to be trusted when a session was measured, as its control chart says."""

from pathlib import Path

from energy_runner.certificate.collect.collect import NOT_WATCHED
from energy_runner.certificate.facts.evidence import BenchTrust
from energy_runner.session.days import epoch_s
from energy_runner.session.folder import Session
from energy_runner.sweep.trust.decisions import read_decisions
from energy_runner.sweep.trust.points import State
from energy_runner.sweep.trust.read import folders_of, found_references
from energy_runner.sweep.trust.state import bench_state

CHART = "the control chart"
RECORDED = "the session"
_OUT: State = "out of control"


def trust_of(session: Session, sweeps: Path, issued_utc: str) -> BenchTrust:
    """Return the state of the session's bench by the references in a folder of sweeps; `NOT_WATCHED` without any.

    What counts is the chart as it was when the session was measured. A bench of which it was found out later that
    it had changed by then was out of control, and so was one of which the session recorded it: that somebody has
    trusted it again since makes no measurement good.
    """
    sweep = session.record.sweep
    name = sweep.bench if sweep is not None else str(session.record.bench.get("name") or "")
    if sweep is not None and sweep.bench_trust == _OUT:
        return BenchTrust(state=_OUT, detail="it was so when the session was measured", source=RECORDED)
    if not name or not sweeps.is_dir():
        return NOT_WATCHED
    points = found_references(sweeps, name).points
    if not points:
        return NOT_WATCHED
    decisions, _ = read_decisions(folders_of(sweeps), name)
    at_s = _measured_s(session, issued_utc)
    now = bench_state(points, decisions)
    if now.state == _OUT and (now.since_utc_s is None or now.since_utc_s <= at_s):
        return BenchTrust(state=_OUT, detail=now.reason, source=CHART)
    then = bench_state(
        [one for one in points if one.utc_s <= at_s],
        [one for one in decisions if one.utc_s <= at_s],
        now_utc_s=at_s,
    )
    return BenchTrust(state=then.state, detail=then.reason, source=CHART)


def _measured_s(session: Session, issued_utc: str) -> float:
    """Return when a session was measured by the host's clock, s since 1970; a virtual one may not tell."""
    record = session.record
    told = record.sweep.started_utc if record.sweep is not None else record.started_utc
    found_s = epoch_s(issued_utc if record.virtual and record.sweep is None else told)
    return 0.0 if found_s is None else found_s

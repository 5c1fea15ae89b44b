# SPDX-License-Identifier: Apache-2.0
"""Where a session contradicts itself: seal, plan, events, the bytes on its links, and `stream.bin`.

Each finding has a rule that fails for it; no figure that depends on what is contradicted is given.
"""

from collections.abc import Iterator, Mapping, Sequence

from energy_runner.analysis.exchanged.compare import compare_exchange
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.edges import TOLERANCE_S
from energy_runner.session.evidence import ExchangeCheck
from energy_runner.session.exchanges import stream_doubt
from energy_runner.session.folder import Session
from energy_runner.session.result import FACTS_CHANGED, RAW_BYTES_THINNED, Finding

INFERENCES, EDGES, STREAM = "inferences-contradict", "edges-contradict", "stream-length"
EXCHANGE = "exchange-contradicts"
SUMMARY = "summary-contradicts"  # see `energy.monitor_summary`


def contradictions(session: Session, facts: Facts) -> list[Finding]:
    """Return what in `session` cannot be true together, at most one finding for each kind of contradiction.

    Raises `SessionError` for a journal that cannot be read.
    """
    return [
        *_of_seal(session),
        *_of_stream(session, facts),
        *_of_edges(session, facts),
        *_of_inferences(session, facts),
    ]


def contradicted(findings: Sequence[Finding]) -> bool:
    """Return whether a figure of the windows rests on something that the session contradicts."""
    return any(finding.id in {FACTS_CHANGED, INFERENCES, EDGES, EXCHANGE, SUMMARY} for finding in findings)


def _of_seal(session: Session) -> Iterator[Finding]:
    found = session.verified.differences
    if found:
        more = f" (and {len(found) - 1} more places)" if len(found) > 1 else ""
        yield Finding(id=FACTS_CHANGED, detail=f"{found[0].brief}{more}")


def against_exchange(session: Session, findings: Sequence[Finding]) -> tuple[ExchangeCheck | None, list[Finding]]:
    """Return how the events agree with the exchanged bytes, and a finding if they do not.

    None where there is nothing to compare: no bytes, or a `stream.bin` that by one of `findings` is damaged or was
    thinned.
    """
    if any(finding.id in {STREAM, RAW_BYTES_THINNED} for finding in findings):
        return None, []
    check = compare_exchange(session)
    if check is None or not check.contradictions:
        return check, []
    detail = f"{check.contradictions} of {check.compared} facts are not as exchanged, first {check.first}"
    return check, [Finding(id=EXCHANGE, detail=detail)]


def _of_stream(session: Session, facts: Facts) -> Iterator[Finding]:
    if session.thinned is not None:
        yield Finding(id=RAW_BYTES_THINNED, detail=f"{session.thinned.words}: what was exchanged cannot be judged")
        return
    doubt = stream_doubt(facts.stream_bytes, session.stream_bytes()) or session.stream_damage()
    if doubt:
        yield Finding(id=STREAM, detail=doubt)


def _of_edges(session: Session, facts: Facts) -> Iterator[Finding]:
    """Yield edges that the monitor could not have captured, or not so vaguely."""
    if facts.monitor is None or not facts.edges:
        return
    roles = session.record.bench.get("roles")
    checked = isinstance(roles, Mapping) and roles.get("cross_check")  # by a monitor whose edges place nothing
    if not facts.monitor.captures_edges and not checked:
        detail = f"the monitor captures no edges by its settings, and the journal holds {len(facts.edges)} of it"
        yield Finding(id=EDGES, detail=detail)
        return
    vaguest = max(edge.half_width for edge in facts.edges)
    if vaguest > max(1.0, TOLERANCE_S / facts.monitor.period_s):
        detail = f"an edge is known only to ± {vaguest * facts.monitor.period_s:.4g} s, which places nothing"
        yield Finding(id=EDGES, detail=detail)


def _of_inferences(session: Session, facts: Facts) -> Iterator[Finding]:
    """Yield where a window's inferences are not those of the plan, or of the other windows."""
    windows, planned = facts.windows(), session.record.run.inferences
    counts = sorted({window.inferences for window in windows})
    if planned is not None and counts and counts != [planned]:
        found = counts[0] if counts[0] != planned else counts[-1]
        yield Finding(id=INFERENCES, detail=f"{planned} in each window by the plan, {found} by the journal")
    elif planned is None and len(counts) > 1 and session.record.origin is None:
        detail = f"{counts[0]} to {counts[-1]} in a window, though one trial decides for all"
        yield Finding(id=INFERENCES, detail=detail)

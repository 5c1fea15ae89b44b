# SPDX-License-Identifier: Apache-2.0
"""Where a session contradicts itself: seal, plan, events, the commands on its links, and `stream.bin`.

Each finding has a rule that fails for it; no figure that depends on what is contradicted is given.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from energy_runner.analysis.facts import Facts
from energy_runner.analysis.placing.edges import TOLERANCE_S
from energy_runner.session.events import Exchange, InferenceDone
from energy_runner.session.exchanges import stream_doubt
from energy_runner.session.folder import Session
from energy_runner.session.result import FACTS_CHANGED, Finding

INFERENCES, EDGES, STREAM = "inferences-contradict", "edges-contradict", "stream-length"
SUMMARY = "summary-contradicts"  # see `energy.monitor_summary`
_COMMAND = re.compile(r"\binfer (\d{1,12})(?: (\d{1,12}))?")

Sent = tuple[int, int, int | None]  # host time in ns, inferences, warm-ups


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
    return any(finding.id in {FACTS_CHANGED, INFERENCES, EDGES, SUMMARY} for finding in findings)


def _of_seal(session: Session) -> Iterator[Finding]:
    found = session.verified.differences
    if found:
        more = f" (and {len(found) - 1} more places)" if len(found) > 1 else ""
        yield Finding(id=FACTS_CHANGED, detail=f"{found[0].brief}{more}")


def _of_stream(session: Session, facts: Facts) -> Iterator[Finding]:
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
    """Yield where a window's inferences are not those of the plan, of the other windows, or of its command."""
    windows, planned = facts.windows(), session.record.run.inferences
    counts = sorted({window.inferences for window in windows})
    if planned is not None and counts and counts != [planned]:
        found = counts[0] if counts[0] != planned else counts[-1]
        yield Finding(id=INFERENCES, detail=f"{planned} in each window by the plan, {found} by the journal")
    elif planned is None and len(counts) > 1 and session.record.origin is None:
        detail = f"{counts[0]} to {counts[-1]} in a window, though one trial decides for all"
        yield Finding(id=INFERENCES, detail=detail)
    elif windows:
        yield from _against_commands(session, facts, windows)


def _against_commands(session: Session, facts: Facts, windows: Sequence[InferenceDone]) -> Iterator[Finding]:
    """Yield the first window that differs from its `infer` command on the link, where any are logged."""
    sent = list(_sent(session))
    if not sent:
        return  # an imported session, or a DUT that is commanded otherwise
    since_ns, number = 0, 0
    for inference in facts.inferences:
        mine = [command for command in sent if since_ns <= command[0] <= inference.t_ns]
        since_ns = inference.t_ns
        if inference.purpose != "window":
            continue
        number += 1
        _, count, warmups = mine[-1] if mine else (0, None, None)
        if count != inference.inferences or (warmups is not None and warmups != inference.warmups):
            asked = "no command" if count is None else f"'infer {count}{'' if warmups is None else f' {warmups}'}'"
            held = f"{inference.inferences} after {inference.warmups} warm-ups by the journal"
            yield Finding(id=INFERENCES, detail=f"{held}, {asked} on the link", window=number - 1)
            return


def _sent(session: Session) -> Iterator[Sent]:
    for event in session.journal().of(Exchange):
        found = _COMMAND.search(event.text) if event.direction == "tx" and event.text else None
        if found is not None:
            yield event.t_ns, int(found[1]), int(found[2]) if found[2] is not None else None

# SPDX-License-Identifier: Apache-2.0
"""Compare what was published about a session with what its data give: one stage after the other."""

from energy_runner.published.compare import AuditLimits, Comparison, compare
from energy_runner.published.correct import correct
from energy_runner.published.measure import measure
from energy_runner.published.model import PublishedSession
from energy_runner.published.reproduce.contradictions import contradictions
from energy_runner.published.reproduce.damage import explained
from energy_runner.published.reproduce.session import reproduce


def examine(session: PublishedSession, name: str, limits: AuditLimits) -> Comparison:
    """Return the comparison of a session that was read; `name` is its path there, `limits` hold for it."""
    reproduction = reproduce(session)
    contradictory = tuple(contradictions(session.figures, round(limits.windows)))
    by_damage = explained(session, reproduction)
    correction = correct(session)
    versions = [session] if correction is None else [session, correction.session]
    measured = measure(versions, name, limits.rules)
    return compare(
        session, reproduction, measured, correction, limits, contradictions=contradictory, explained=by_damage
    )

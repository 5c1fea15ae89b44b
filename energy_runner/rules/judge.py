"""Judge a session: verdicts alone, or the whole result."""

from collections.abc import Sequence

from energy_runner.rules.base import Case, chosen
from energy_runner.rules.mlperf_tiny import RULES
from energy_runner.session.folder import Session
from energy_runner.session.result import Result, Verdict


def check(
    session: Session, ids: Sequence[str] | None = None, accuracy_session: Session | None = None
) -> list[Verdict]:
    """Return the verdicts of the rules called `ids` (all for None) that apply to `session`.

    `accuracy_session` is a run in accuracy mode of the same firmware, for the accuracy target of an energy or
    performance run. Raises `ConfigurationError` for an unknown rule, `SessionError` for an unreadable session.
    """
    rules = chosen(RULES, ids)
    case = Case.of(session, accuracy_session)
    verdicts = [rule.verdict(case) for rule in rules]
    return [verdict for verdict in verdicts if verdict is not None]


def evaluate(session: Session, accuracy_session: Session | None = None) -> Result:
    """Return the whole result of `session`, as `result.json` holds it: figures, findings and verdicts.

    Raises `SessionError` for a session that cannot be read or contradicts itself.
    """
    case = Case.of(session, accuracy_session)
    verdicts = [rule.verdict(case) for rule in RULES]
    return case.result.with_verdicts([verdict for verdict in verdicts if verdict is not None])

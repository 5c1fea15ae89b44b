# SPDX-License-Identifier: Apache-2.0
"""Which rows of an audit are shown, in which order, and how many sessions have each state."""

import re
from collections.abc import Iterable, Sequence

from energy_runner.errors import Argument, ConfigurationError
from energy_runner.published.row import STATES, AuditRow, State
from energy_runner.report.units import plain

_NUMBER = re.compile(r"(\d{1,9})")
_NAMED = 20  # submitters that an error lists
# For one session, and for several.
_SAID: dict[State, tuple[str, str]] = {
    "does-not-reproduce": ("does not reproduce", "do not reproduce"),
    "breaks-a-rule": ("breaks a rule", "break a rule"),
    "doubtful": ("is doubtful", "are doubtful"),
    "cannot-be-judged": ("cannot be judged", "cannot be judged"),
    "holds": ("holds", "hold"),
}


def ordered(rows: Iterable[AuditRow]) -> list[AuditRow]:
    """Return the rows by round, division, submitter and system; what the tree does not tell comes last."""

    def key(row: AuditRow) -> tuple[object, ...]:
        named = (row.division, row.submitter, row.system, row.benchmark, row.mode, row.session)
        return (not row.round, round_key(row.round), *(name.casefold() for name in named))

    return sorted(rows, key=key)


def round_key(name: str) -> tuple[tuple[int, str], ...]:
    """Return what sorts rounds as people do: v1.10 behind v1.9."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBER.split(name.casefold()))


def of_submitters(rows: Sequence[AuditRow], names: Sequence[str]) -> list[AuditRow]:
    """Return the rows of these submitters, whose names are compared without regard to case; no name means all.

    Raises `ConfigurationError` for a name that no row has.
    """
    if not names:
        return list(rows)
    there = {row.submitter.casefold(): row.submitter for row in rows}
    for name in names:
        if name.casefold() not in there:
            known = sorted(filter(None, there.values()), key=str.casefold)
            more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
            listed = ", ".join(plain(one) for one in known[:_NAMED]) or "none: the folders do not tell"
            raise ConfigurationError(
                Argument("submitter", name), f": no session here is of this submitter. There are: {listed}{more}"
            )
    wanted = {name.casefold() for name in names}
    return [row for row in rows if row.submitter.casefold() in wanted]


def states_of(words: Sequence[str]) -> list[State]:
    """Return states as the command line names them, with hyphens or blanks.

    Raises `ConfigurationError` for another word.
    """
    found: list[State] = []
    for word in words:
        asked = re.sub(r"[\s_-]+", "-", word.strip().casefold())
        state = next((one for one in STATES if one == asked), None)
        if state is None:
            raise ConfigurationError(Argument("only", word), f": is no state. Try one of: {', '.join(STATES)}")
        found.append(state)
    return found


def of_states(rows: Sequence[AuditRow], states: Sequence[State]) -> list[AuditRow]:
    """Return the rows with one of these states; no state means all."""
    return [row for row in rows if not states or row.state in states]


def counts(rows: Iterable[AuditRow]) -> dict[State, int]:
    """Return how many rows have each state, the gravest state first."""
    found: dict[State, int] = dict.fromkeys(STATES, 0)
    for row in rows:
        found[row.state] += 1
    return found


def in_a_sentence(found: dict[State, int]) -> str:
    """Return the counts in words: `838 sessions: 700 hold, 18 do not reproduce, 1 is doubtful`."""
    total = sum(found.values())
    parts = [
        f"{number} {_SAID[state][number != 1]}" for state in ("holds", *STATES[:-1]) if (number := found[state])
    ]
    return f"{total} session{'' if total == 1 else 's'}{': ' if parts else ''}{', '.join(parts)}"


def reproduced(rows: Sequence[AuditRow], counts: dict[State, int]) -> str:
    """Return how many of the published figures are reproduced, as a sentence.

    Where not all sessions that were counted are among the rows, it says that its figures are those of the rows.
    """
    same, compared = 0, 0
    for row in rows:
        same, compared = same + row.figures_reproduced, compared + row.figures
    of_these = "" if len(rows) == sum(counts.values()) else "of those shown, "
    return f"{of_these}{same} of {compared} published figures are reproduced to the last digit."

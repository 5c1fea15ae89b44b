# SPDX-License-Identifier: Apache-2.0
"""Say on stderr, before anything else, what in a session is not as it was written."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from energy_runner.cli.outcome import say
from energy_runner.report.units import plain

if TYPE_CHECKING:
    from energy_runner.session.folder import Session
    from energy_runner.session.result import Result

_MOST = 10


def tell_others(*sessions: "Session | None") -> list[str]:
    """Say what differs in the facts of sessions that a command compares with, and return it."""
    differs: list[str] = []
    for session in sessions:
        found = [] if session is None else [str(difference) for difference in session.verified.differences]
        if session is not None:
            _say(session, found)
        differs += found
    return differs


def tell_differences(session: "Session", *, fresh: "Result | None" = None) -> list[str]:
    """Say what differs, one line each, and return it; empty if nothing does. Reads every byte of the session."""
    from energy_runner import api

    found = api.differences(session, fresh=fresh)
    if session.thinned is not None:
        say(f"{session.path}: {plain(session.thinned.words)}")
    _say(session, found)
    return found


def _say(session: "Session", found: Sequence[str]) -> None:
    for sentence in found[:_MOST]:
        say(f"{session.path}: {plain(sentence)}")
    if len(found) > _MOST:
        say(f"{session.path}: and {len(found) - _MOST} more places differ")

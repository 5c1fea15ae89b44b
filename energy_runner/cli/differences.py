# SPDX-License-Identifier: Apache-2.0
"""Say on stderr, before anything else, what in a session is not as it was written."""

from typing import TYPE_CHECKING

from energy_runner.cli.outcome import say
from energy_runner.report.units import plain

if TYPE_CHECKING:
    from energy_runner.session.folder import Session
    from energy_runner.session.result import Result

_MOST = 10


def tell_differences(session: "Session", *, fresh: "Result | None" = None) -> bool:
    """Say what differs, one line each, and return whether anything does; reads every byte of the session."""
    from energy_runner import api

    found = api.differences(session, fresh=fresh)
    for sentence in found[:_MOST]:
        say(f"{session.path}: {plain(sentence)}")
    if len(found) > _MOST:
        say(f"{session.path}: and {len(found) - _MOST} more places differ")
    return bool(found)

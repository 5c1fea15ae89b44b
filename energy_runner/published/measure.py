# SPDX-License-Identifier: Apache-2.0
"""Measure a published session as one of ours: converted, analysed and judged like any other, then discarded."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from energy_runner.errors import SessionError
from energy_runner.published.conversion.convert import convert
from energy_runner.published.model import WAKE_WORDS, PublishedSession
from energy_runner.rules import RuleSet, derived
from energy_runner.session.folder import Session
from energy_runner.session.result import Result
from energy_runner.session.whole import fits_memory, hold_session

_NO_FOLDER = "audited-in-memory"  # is never made
_MOST_COMMANDS = 1000  # an energy session has five; finding their edges takes as long as commands times edges


@dataclass(frozen=True)
class Measured:
    """The result of each version of a session; if there are fewer results than versions, `error` says why."""

    results: list[Result] = field(default_factory=list)
    error: Exception | None = None


def measure(versions: Sequence[PublishedSession], name: str, rules: RuleSet) -> Measured:
    """Return our results of `versions`: a session as it was recorded, and perhaps with its edges corrected.

    `name` is its path where it was published, and `rules` judge it. A session without commands, or of a benchmark
    whose rules we do not have, or of absurdly many commands, is not measured.
    """
    recorded = versions[0]
    if recorded.benchmark == WAKE_WORDS or not recorded.commands:
        return Measured()
    if recorded.mode == "energy" and len(recorded.commands) > _MOST_COMMANDS:
        reason = f"{len(recorded.commands)} commands are more than any energy session has, so it is not measured"
        return Measured(error=SessionError(reason))
    results: list[Result] = []
    try:
        with ExitStack() as opened:
            for session in _held(versions, name, opened):
                results.append(derived(session, rules))
    except Exception as error:  # whatever a hostile session provokes, the audit continues
        return Measured(results, error)
    return Measured(results)


def _held(versions: Sequence[PublishedSession], name: str, opened: ExitStack) -> list[Session]:
    """Return sessions of ours; their events, of which a long session has many, are in files when this returns.

    The folder of these files is among what is `opened`. Short sessions, nearly all of them, need none.
    """
    facts = convert(versions, "audited", path=name)
    folder = Path(_NO_FOLDER)
    if not all(map(fits_memory, facts)):
        made = tempfile.TemporaryDirectory(prefix="energy-runner-", ignore_cleanup_errors=True)
        folder = Path(opened.enter_context(made))
    return [hold_session(one, folder / str(number)) for number, one in enumerate(facts)]

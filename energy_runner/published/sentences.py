# SPDX-License-Identifier: Apache-2.0
"""Phrases that more than one stage of an audit needs."""

from collections.abc import Sequence

from energy_runner.errors import RunnerError
from energy_runner.published.correct import Change

_LONGEST_REASON = 120
_FACTOR = 10.0  # from this ratio on a factor reads better than a percentage
_CHANGES = {
    "start-placed": "the start of window {} is missing, placed by the duration of the others",
    "stop-placed": "the stop of window {} is missing, placed by the duration of the others",
    "windows-lost": "without window {}, whose edges are not known",
    "sync-lost": "the edge of the timestamp command is missing",
    "edges-left-out": "{} edge(s) belong to no command and are left out",
    "told-by-log": "the edges were told apart by the log, not by their order",
}


def off_by(published: float, true: float) -> str:
    """Return by how much a published figure is wrong, and in which direction: `50 % too high`."""
    ratio = published / true
    share = ratio - 1
    if ratio > 0 and max(ratio, 1 / ratio) >= _FACTOR:
        return f"too {side(share)} by a factor of {max(ratio, 1 / ratio):.3g}"
    return f"{abs(share) * 100:.3g} % too {side(share)}" if share else "right"


def side(share: float) -> str:
    """Return on which side of the truth a figure is that is off by `share`."""
    return "high" if share > 0 else "low"


def failure(error: Exception) -> str:
    """Return why a session could not be read or measured: our own refusals as they are, others by their kind."""
    if isinstance(error, RunnerError):
        return str(error)
    return f"cannot be audited: {type(error).__name__}: {str(error)[:_LONGEST_REASON]}"


def changes(made: Sequence[Change]) -> str:
    """Return what a correction changed."""
    return "; ".join(_CHANGES[change.kind].format(", ".join(map(str, change.numbers))) for change in made)

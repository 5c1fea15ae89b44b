# SPDX-License-Identifier: Apache-2.0
"""Where a session lies in the tree of a submission: round, division, submitter and system, by its folders."""

import re
from dataclasses import dataclass
from pathlib import Path

DIVISIONS = ("closed", "open", "network")
_ROUND = re.compile(r"(?:^|[^0-9.])v?(\d{1,2}\.\d{1,2})$", re.IGNORECASE)
_RESULTS = "results"
_MOST_PARTS = 40


@dataclass(frozen=True)
class Place:
    """What the tree tells; empty where it does not. `round` is such as `v1.2`."""

    round: str = ""
    division: str = ""
    submitter: str = ""
    system: str = ""

    @property
    def number(self) -> str:
        """Return the round without its letter."""
        return self.round.removeprefix("v")


def place_of(folder: Path) -> Place:
    """Return the place of a session's folder, by the last division in its path and what is around it.

    The tree is `<round>/<division>/<submitter>/results/<system>/...`, whatever lies above it.
    """
    parts = folder.absolute().parts[-_MOST_PARTS:]
    at = next((k for k in reversed(range(len(parts))) if parts[k].lower() in DIVISIONS), None)
    if at is None:
        return Place(round=_round(parts))
    submitter = parts[at + 1] if at + 1 < len(parts) else ""
    below = [part.lower() for part in parts[at + 1 :]]
    system = ""
    if _RESULTS in below[:-1]:
        system = parts[at + 1 + below.index(_RESULTS) + 1]
    return Place(_round(parts[:at]), parts[at].lower(), submitter, system)


def _round(parts: tuple[str, ...]) -> str:
    """Return the round that the nearest folder above names, such as `v1.2` or `tiny_results_v1.2`."""
    for part in reversed(parts):
        match = _ROUND.search(part)
        if match is not None:
            return f"v{match[1]}"
    return ""

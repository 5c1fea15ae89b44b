# SPDX-License-Identifier: Apache-2.0
"""What was checked, and what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Contradiction = tuple[str, str]  # the place, and what is wrong there
State = Literal["holds", "fails", "not checked"]
HOLDS: State = "holds"
FAILS: State = "fails"
NOT_CHECKED: State = "not checked"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: its id, in words, what came of it, and where and why if it does not hold."""

    id: str
    what: str
    state: State
    place: str = ""
    detail: str = ""


@dataclass
class Checks:
    """The checks of one verification, in their order."""

    done: list[Check] = field(default_factory=list)

    def holds(self, check_id: str, what: str, detail: str = "") -> None:
        """Note that something is as it has to be."""
        self.done.append(Check(check_id, what, HOLDS, detail=detail))

    def fails(self, check_id: str, what: str, place: str, detail: str) -> None:
        """Note that something is not as it has to be."""
        self.done.append(Check(check_id, what, FAILS, place, detail))

    def not_checked(self, check_id: str, what: str, why: str) -> None:
        """Note what could not be looked at."""
        self.done.append(Check(check_id, what, NOT_CHECKED, detail=why))

    def judged(self, check_id: str, what: str, contradictions: Iterable[Contradiction]) -> bool:
        """Note each contradiction, as (place, detail), or that there is none; return whether there is none."""
        found = list(contradictions)
        for place, detail in found:
            self.fails(check_id, what, place, detail)
        if not found:
            self.holds(check_id, what)
        return not found

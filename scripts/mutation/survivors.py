# SPDX-License-Identifier: Apache-2.0
"""The list of mutants that no test notices, with the reason why each is harmless."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.mutation.mutants import Mutant
from scripts.mutation.trial import KILLED, LATE

_HARMLESS = Path(__file__).parent / "harmless.toml"
LIST = Path(__file__).parent.parent.parent / "docs" / "reference" / "mutants.md"
_HEAD = """# Mutants that live

`scripts/mutate` breaks one expression at a time in `energy_runner/rules`, `analysis` and `published` (comparisons,
signs, operators, constants by one or by a factor of two, guards, `abs`, `and`, `min`) and runs the tests of the
file's own room that reach the line; tests of other rooms, of whole runs and of published sessions may notice more.
A mutant that none of them notices is a missing test, or harmless for the reason given here. The list is written by
`scripts/mutate --write`; the reasons stand in `scripts/mutation/harmless.toml`.

A file of which no mutant was tried has not been part of a run yet. A few mutants of a file that were not tried
change what runs at import (defaults, classes); each of them takes seconds, and `--quick` leaves them out.
"""


@dataclass(frozen=True)
class Outcome:
    """A mutant and what became of it."""

    mutant: Mutant
    status: str

    @property
    def survived(self) -> bool:
        """Return whether no test noticed; one that no test ends with in time was noticed."""
        return self.status not in {KILLED, LATE}


def reasons() -> dict[str, str]:
    """Return why survivors are harmless, by their key."""
    stated = tomllib.loads(_HARMLESS.read_text("utf-8"))
    return {key: reason for reason, keys in stated.items() for key in keys}


def unexplained(survivors: Iterable[Outcome]) -> list[Outcome]:
    """Return the survivors that nothing is said about."""
    known = reasons()
    return [outcome for outcome in survivors if outcome.mutant.key not in known]


def write_list(outcomes: Sequence[Outcome], totals: Mapping[str, int]) -> None:
    """Write the page about the survivors of a run; `totals` are the mutants of each file, tried or not."""
    known = reasons()
    alive = [outcome for outcome in outcomes if outcome.survived]
    harmless = [outcome for outcome in alive if outcome.mutant.key in known]
    unclear = [outcome for outcome in alive if outcome.mutant.key not in known]
    tried, hidden, left = (Counter(o.mutant.path for o in some) for some in (outcomes, harmless, unclear))
    files = [
        f"| `{path}` | {total} | {tried[path]} | {tried[path] - hidden[path] - left[path]} | {hidden[path]} | "
        f"{left[path]} |"
        for path, total in totals.items()
        if total
    ]
    head = (
        f"\nTried: {len(outcomes)} of {sum(totals.values())} mutants. {len(outcomes) - len(alive)} were noticed; "
        f"of {len(alive)} others, {len(harmless)} are harmless, and {len(unclear)} are not explained yet.\n"
    )
    page = [
        _HEAD,
        head,
        "| file | mutants | tried | noticed | harmless | not explained |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    page += [*files, "", "## Harmless", ""]
    page += ["| where | before | after | why that is harmless |", "|---|---|---|---|"]
    page += [_row(outcome) + f" {known[outcome.mutant.key]} |" for outcome in harmless]
    if unclear:
        page += ["", "## Not explained yet", "", "| where | before | after |", "|---|---|---|"]
        page += map(_row, unclear)
    LIST.write_text("\n".join([*page, ""]), "utf-8")


def _row(outcome: Outcome) -> str:
    mutant = outcome.mutant
    return f"| `{mutant.path}` {mutant.where} | `{_cell(mutant.before)}` | `{_cell(mutant.after)}` |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

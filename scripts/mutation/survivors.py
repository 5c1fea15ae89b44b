# SPDX-License-Identifier: Apache-2.0
"""The list of mutants that no test notices, with the reason why each is harmless."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.mutation.mutants import Mutant
from scripts.mutation.trial import KILLED, LATE

_HARMLESS = Path(__file__).parent / "harmless.toml"
LIST = Path(__file__).parent.parent.parent / "docs" / "reference" / "mutants.md"
_HEAD = """# Mutants that live

`scripts/mutate` breaks one expression at a time in `energy_runner/rules`, `analysis` and `published` (comparisons,
signs, operators, constants by one or by a factor of two, guards, `abs`, `and`, `min`) and runs the room's tests. A
mutant that no test notices is a missing test, or harmless for the reason given here. The list is written by
`scripts/mutate --write`; the reasons stand in `scripts/mutation/harmless.toml`.
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


def write_list(outcomes: Sequence[Outcome], total: int, files: Sequence[str], sample: int, seed: int) -> None:
    """Write the page about the survivors of a run."""
    alive = [outcome for outcome in outcomes if outcome.survived]
    known = reasons()
    drawn = f"a sample of {len(outcomes)} of the {total} mutants (`--sample {sample} --seed {seed}`)"
    which = drawn if len(outcomes) < total else f"all {total} mutants"
    rows = [
        f"| `{outcome.mutant.path}` {outcome.mutant.where} | `{_cell(outcome.mutant.before)}` | "
        f"`{_cell(outcome.mutant.after)}` | {known.get(outcome.mutant.key, '**not explained yet**')} |"
        for outcome in alive
    ]
    noticed = f"{len(outcomes) - len(alive)} were noticed, {len(alive)} were not."
    head = f"{_HEAD}\nThis run: {which} of {len(files)} files. {noticed}\n"
    table = ["| where | before | after | why that is harmless |", "|---|---|---|---|", *rows]
    LIST.write_text("\n".join([head, *table, ""]), "utf-8")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

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

A file of which no mutant was tried has not been part of a run yet; what is said of a file that the last run did
not try is from the run before. A few mutants of a file that were not tried change what runs at import (defaults,
classes); each of them takes seconds, and `--quick` leaves them out.
"""
_FILES = "| file | mutants | tried | noticed | harmless | not explained |"
_HARMLESS_HEAD = "| where | before | after | why that is harmless |"
_UNCLEAR_HEAD = "| where | before | after |"


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


def write_list(outcomes: Sequence[Outcome], totals: Mapping[str, int], page: Path = LIST) -> None:
    """Write the page about the survivors of a run; `totals` are the mutants of each file, tried or not.

    What the page says of files of which this run tried nothing is kept: a run of all takes hours.
    """
    known = reasons()
    alive = [outcome for outcome in outcomes if outcome.survived]
    harmless = [f"{_row(one)} {known[one.mutant.key]} |" for one in alive if one.mutant.key in known]
    unclear = [_row(one) for one in alive if one.mutant.key not in known]
    tried = Counter(outcome.mutant.path for outcome in outcomes)
    hidden, left = (Counter(map(_path, lines)) for lines in (harmless, unclear))
    files = {}
    for path, total in totals.items():
        noticed = tried[path] - hidden[path] - left[path]
        files[path] = f"| `{path}` | {total} | {tried[path]} | {noticed} | {hidden[path]} | {left[path]} |"
    before = _tables(page.read_text("utf-8") if page.is_file() else "")
    old_files, old_harmless, old_unclear = (
        [line for line in table if _path(line) in totals and not tried[_path(line)]] for table in before
    )
    files |= {_path(line): line for line in old_files}
    sums = [sum(int(line.split("|")[k]) for line in files.values()) for k in range(2, 7)]
    lines = [_HEAD, _summary(*sums), _FILES, "|---|--:|--:|--:|--:|--:|"]
    lines += [line for line in files.values() if " | 0 | 0 | 0 | 0 | 0 |" not in line]
    lines += [
        "",
        "## Harmless",
        "",
        _HARMLESS_HEAD,
        "|---|---|---|---|",
        *sorted(old_harmless + harmless, key=_path),
    ]
    if unclear or old_unclear:
        lines += ["", "## Not explained yet", "", _UNCLEAR_HEAD, "|---|---|---|"]
        lines += sorted(old_unclear + unclear, key=_path)
    page.write_text("\n".join([*lines, ""]), "utf-8")


def _summary(total: int, tried: int, noticed: int, harmless: int, unclear: int) -> str:
    return (
        f"\nTried: {tried} of {total} mutants. {noticed} were noticed; of {harmless + unclear} others, {harmless} "
        f"are harmless, and {unclear} are not explained yet.\n"
    )


def _tables(page: str) -> list[list[str]]:
    """Return the rows of the page's tables: of files, of harmless mutants, and of those that are not explained."""
    heads, found, table = (_FILES, _HARMLESS_HEAD, _UNCLEAR_HEAD), [[], [], []], None
    for line in page.splitlines():
        if line in heads:
            table = found[heads.index(line)]
        elif table is not None and line.startswith("| `"):
            table.append(line)
    return found


def _path(line: str) -> str:
    return line.split("`")[1]


def _row(outcome: Outcome) -> str:
    mutant = outcome.mutant
    return f"| `{mutant.path}` {mutant.where} | `{_cell(mutant.before)}` | `{_cell(mutant.after)}` |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

# SPDX-License-Identifier: Apache-2.0
"""Print an audit: the table, what was found, and the counts, which come last and stay in view."""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING

from energy_runner.published.row import IN_WORDS, STATES, AuditFinding, AuditRow, State
from energy_runner.report.audit import cells, choose, since, table
from energy_runner.report.console import console, shown, writes_signs
from energy_runner.report.terminal import printed
from energy_runner.report.units import CROSS, plain

if TYPE_CHECKING:
    from rich.console import Console

_COLOURS: dict[State, str] = {
    "does-not-reproduce": "bold red",
    "breaks-a-rule": "red",
    "doubtful": "yellow",
    "cannot-be-judged": "dim",
    "holds": "green",
}
_NARROWEST = 24  # columns to which sentences are wrapped


def print_audit(
    rows: Sequence[AuditRow],
    counts: dict[State, int],
    changes: Sequence[since.AuditChange] | None = None,
    *,
    every: bool = False,
    out: "Console | None" = None,
) -> None:
    """Print the rows that were chosen, in order, below them what was found, and the `counts` of all sessions.

    Raises `BrokenPipeError` if the reader stops reading.
    """
    out = console() if out is None else out
    width = _width(out)
    if rows:
        cut = "\u2026" if writes_signs(out) else ".."
        for line in table.lines(rows, width, cut, lambda text: shown(plain(text), out)):
            _print_row(line, out)
        out.print()
    told = list(_told(rows, every=every))
    for one in told:
        _print_told(one, out, width, every=every)
    if told:
        out.print()
    folded = "" if every else cells.folded_words(rows)
    if folded:
        _paragraph(f"Folded away: {folded} (--all shows them).", out, width)
    for change in changes or ():
        _print_change(change, out)
    if changes:
        out.print()
    legend = [f"Units: {table.units(rows)}." if table.units(rows) else "", f"Deviation: {cells.DEVIATION}."]
    if any(row.corrected is not None for row in rows):
        legend.append(f"{cells.CORRECTED} corrected: what is known to be wrong is put right.")
    if rows:
        _paragraph(" ".join(filter(None, legend)), out, width, style="dim")
    if changes is not None:
        _paragraph(f"Since the earlier audit: {since.in_a_sentence(changes)}.", out, width)
    if len(rows) != sum(counts.values()):
        _paragraph(f"{len(rows)} of {sum(counts.values())} sessions are shown.", out, width)
    _paragraph(f"{choose.in_a_sentence(counts)}; {choose.reproduced(rows, counts)}", out, width, style="bold")


def print_audit_to_stdout(
    rows: Sequence[AuditRow],
    counts: dict[State, int],
    changes: Sequence[since.AuditChange] | None = None,
    *,
    every: bool = False,
) -> None:
    """Print an audit on stdout; it is not an error if the reader stops reading (`| head`)."""
    if sys.stdout is None:  # closed by the parent process
        return
    printed(lambda _: print_audit(rows, counts, changes, every=every))


def _width(out: "Console") -> int:
    """Return the width to fill; a pipe has none, and gets all that the table may have."""
    if out.is_terminal or os.environ.get("COLUMNS", "").isdecimal():
        return max(_NARROWEST, min(out.width, table.WIDEST))
    return table.WIDEST


def _print_row(line: table.Line, out: "Console") -> None:
    from rich.text import Text

    if line.row is None:
        text = Text(shown(line.text + line.state, out).rstrip(), "bold")
    else:
        text = Text(shown(line.text, out)).append(line.state, _COLOURS[line.row.state])
    out.print(text, soft_wrap=True)


@dataclass(frozen=True)
class _Told:
    """A session whose findings are told, and how many others have the same one."""

    row: AuditRow
    like_it: int = 0


def _told(rows: Sequence[AuditRow], *, every: bool) -> Iterator[_Told | str]:
    """Yield the sessions whose findings are told, the gravest state first, each state below its heading.

    Sessions that cannot be judged for the same reason are told once.
    """
    for state in STATES:
        of_state = [row for row in rows if row.state == state and (row.findings or state != "holds")]
        if not of_state or (state == "holds" and not every):
            continue
        yield f"{IN_WORDS[state][:1].upper()}{IN_WORDS[state][1:]}"
        if state != "cannot-be-judged" or every:
            yield from map(_Told, of_state)
            continue
        alike: dict[str, list[AuditRow]] = {}
        for row in of_state:
            alike.setdefault(_reason(row), []).append(row)
        yield from (_Told(group[0], len(group) - 1) for group in alike.values())


def _reason(row: AuditRow) -> str:
    first = cells.of_note(row)[:1]
    return first[0].id if first else ""


def _print_told(told: _Told | str, out: "Console", width: int, *, every: bool) -> None:
    from rich.text import Text

    if isinstance(told, str):
        out.print(Text(told, "bold"))
        return
    row = told.row
    # Never broken into lines: the path must work when it is copied.
    out.print(Text(f"  {shown(plain(row.session), out)}"), soft_wrap=True)
    for finding in row.findings if every else cells.of_note(row):
        _print_finding(finding, out, width, every=every, follows=cells.follows(finding, row))
    left = [] if every else cells.folded(row)
    more = [f"{told.like_it} more session{'' if told.like_it == 1 else 's'} like it"] if told.like_it else []
    # Remarks alone are not worth a line each; they are counted at the end.
    more += [cells.folded_words([row])] if any(cells.follows(one, row) for one in left) else []
    if more:
        out.print(Text(f"      {'; '.join(more)} (--all shows them)", "dim"), soft_wrap=True)


def _print_finding(finding: AuditFinding, out: "Console", width: int, *, every: bool, follows: bool) -> None:
    sign = cells.SEVERITY_SIGNS[finding.severity]
    sign = "X" if sign == CROSS and not writes_signs(out) else sign
    indent = 6 if follows else 4
    _paragraph(plain(finding.text), out, width, first=f"{'':{indent}}{shown(sign, out)} ", rest=" " * (indent + 2))
    seen = finding.evidence if every else finding.evidence[:1]
    words = [cells.place(one) + (f": {one.text}" if every and one.text else "") for one in seen]
    more = len(finding.evidence) - len(seen)
    words += [f"and in {more} more place{'' if more == 1 else 's'}"] if more else []
    words = [plain(one) for one in (finding.id, finding.clause, *words) if one]
    _paragraph("; ".join(words), out, width, first=" " * (indent + 2), rest=" " * (indent + 2), style="dim")


def _print_change(change: since.AuditChange, out: "Console") -> None:
    from rich.text import Text

    text = f"  {plain(change.session)}: {'; '.join((since.KINDS[change.kind], *since.differences(change)))}"
    out.print(Text(shown(text, out)), soft_wrap=True)


def _paragraph(text: str, out: "Console", width: int, *, first: str = "", rest: str = "", style: str = "") -> None:
    from rich.text import Text

    for line in wrap(
        shown(text, out), width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    ):
        out.print(Text(line, style), soft_wrap=True)

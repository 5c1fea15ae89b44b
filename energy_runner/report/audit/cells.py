# SPDX-License-Identifier: Apache-2.0
"""The figures and findings of a row in words, the same in the terminal, on the page and in Markdown."""

import math
from collections.abc import Sequence
from itertools import takewhile

from energy_runner.published.row import IN_WORDS, AuditFinding, AuditRow, Evidence, Severity, State
from energy_runner.report.console import TIMES
from energy_runner.report.units import CROSS, MIDDLE_DOT, MINUS, NOTHING, TICK
from energy_runner.wording import rounded

# Told apart without colours.
SIGNS: dict[State, str] = {
    "does-not-reproduce": CROSS,
    "breaks-a-rule": "\u00a7",
    "doubtful": "!",
    "cannot-be-judged": "?",
    "holds": TICK,
}
SEVERITY_SIGNS: dict[Severity, str] = {"wrong": CROSS, "doubtful": "!", "informs": MIDDLE_DOT}
_SHORT = {"uJ/inf.": "µJ", "inf./sec.": "/s"}
_FACTOR = 10.0  # from this ratio on a factor reads better than a percentage
CORRECTED = "*"
DEVIATION = "by how much ours differs from the published figure; pp: percentage points"


def word(row: AuditRow) -> str:
    """Return the one word for a session."""
    return IN_WORDS[row.state]


def figure(value: float | None) -> str:
    """Return a figure with at most seven digits, a dash where there is none."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{value:.7g}".replace("-", MINUS)


def with_u(value: float | None, u: float | None) -> str:
    """Return a figure with its expanded uncertainty, both rounded by the latter."""
    if value is None or not math.isfinite(value) or u is None or not math.isfinite(u) or u <= 0:
        return figure(value)
    if not 1e-6 < abs(value) < 1e9:
        return f"{figure(value)} ± {u:.2g}"
    return " ± ".join(rounded(value, u)).replace("-", MINUS)


def ours(row: AuditRow) -> str:
    """Return what should stand there: the corrected figure with its mark where there is one, else ours."""
    if row.corrected is not None:
        return with_u(row.corrected, row.corrected_u) + CORRECTED
    return with_u(row.ours, row.ours_u)


def deviation(row: AuditRow) -> str:
    """Return by how much our figure differs from the published one: in percent, as a factor, or in points."""
    mine = row.corrected if row.corrected is not None else row.ours
    if row.published is None or mine is None or not math.isfinite(row.published) or not math.isfinite(mine):
        return NOTHING
    if row.unit == "%":
        return f"{_signed(mine - row.published)} pp"
    if not row.published:
        return NOTHING
    ratio = mine / row.published
    if not math.isfinite(ratio):
        return NOTHING
    if ratio > 0 and not 1 / _FACTOR < ratio < _FACTOR:
        return f"{TIMES}{ratio:.3g}".replace("-", MINUS)
    return f"{_signed((ratio - 1) * 100)} %"


def short_unit(name: str) -> str:
    """Return the unit as it stands behind a figure."""
    return _SHORT.get(name, name)


def unit(row: AuditRow) -> str:
    """Return the unit of a row as people write it."""
    return row.unit.replace("uJ/", "µJ/").replace("/sec.", "/s")


def of_note(row: AuditRow) -> list[AuditFinding]:
    """Return the findings that decide: causes which call for more than a remark."""
    return [one for one in row.findings if _decides(one) and not follows(one, row)]


def folded(row: AuditRow) -> list[AuditFinding]:
    """Return the others: what follows from a cause, and what only informs."""
    return [one for one in row.findings if not _decides(one) or follows(one, row)]


def follows(finding: AuditFinding, row: AuditRow) -> bool:
    """Return whether a finding follows from one that is told before it, below which it can be folded."""
    before = takewhile(lambda one: one is not finding, row.findings)
    return finding.because_of is not None and any(one.id == finding.because_of for one in before)


def folded_words(rows: Sequence[AuditRow]) -> str:
    """Return how much is folded away: `2 consequences, 1 remark`; empty for nothing."""
    follow = sum(follows(one, row) for row in rows for one in folded(row))
    left = sum(len(folded(row)) for row in rows)
    parts = [(follow, "consequence"), (left - follow, "remark")]
    return ", ".join(f"{number} {name}{'' if number == 1 else 's'}" for number, name in parts if number)


def place(seen: Evidence) -> str:
    """Return where something was seen: `log.txt, line 412, at 00156.544`."""
    line = "" if seen.line is None else f", line {seen.line}"
    return seen.file + line + (f", at {seen.time}" if seen.time else "")


def stated(value: float | str | None) -> str:
    """Return a measured value or a limit; empty for none."""
    if value is None:
        return ""
    return value if isinstance(value, str) else figure(value)


def _decides(finding: AuditFinding) -> bool:
    return finding.severity != "informs" or finding.state != "holds"


def _signed(value: float) -> str:
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    text = f"{value:+.{digits}f}"
    if float(text) == 0:
        return "0"
    return text.replace("-", MINUS)

# SPDX-License-Identifier: Apache-2.0
"""The section of an imported session: what was published, reproduced, corrected, and our own figure."""

from energy_runner.published.row import IN_WORDS, AuditRow
from energy_runner.report.audit.cells import figure, with_u
from energy_runner.report.markup import Html, section, table, tag
from energy_runner.report.story import Story

_COLUMNS = ("", "Published", "Reproduced", "Corrected", "Ours ± U")
_KINDS = {"wrong": "wrong", "doubtful": "doubtful", "informs": "for information"}


def published(story: Story) -> Html:
    """Return the comparison with what was published; empty for a session that was not imported."""
    if story.published_problem:
        return section("published", "Published", tag("p", story.published_problem))
    row = story.published
    if row is None:
        return Html("")
    rows = [
        ("score", figure(row.published), figure(row.reproduced), _corrected(row), with_u(row.ours, row.ours_u))
    ]
    for one in row.windows:
        ours = with_u(one.ours, one.ours_u)
        placed = f" ({one.placed_by}; has no vote in the median)" if one.placed_by else ""
        name = f"window {one.number}{placed}"
        rows.append((name, figure(one.published), figure(one.reproduced), figure(None), ours))
    shown = table(f"Figures in {row.unit or 'the unit of the session'}", _COLUMNS, rows, numeric=(1, 2, 3, 4))
    state = tag(
        "p",
        "The published session ",
        tag("strong", IN_WORDS[row.state]),
        f": {row.figures_reproduced} of {row.figures} published figures are reproduced to the last digit.",
    )
    how = tag("p", f"Corrected: {row.corrected_how}.") if row.corrected_how else Html("")
    found = [
        tag("li", f"{one.text} ({_KINDS[one.severity]}{f'; {one.clause}' if one.clause else ''})")
        for one in row.findings
    ]
    listed = tag("ul", *found, class_="plain") if found else Html("")
    return section("published", "Published", state, shown, how, listed)


def _corrected(row: AuditRow) -> str:
    return with_u(row.corrected, row.corrected_u)

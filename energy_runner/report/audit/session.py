# SPDX-License-Identifier: Apache-2.0
"""A session on the page of an audit: one line, which opens to findings, figures, windows and trace."""

import math
from collections.abc import Sequence

from energy_runner.published.row import STATES, AuditFinding, AuditRow
from energy_runner.report.audit import cells
from energy_runner.report.audit.curve import picture
from energy_runner.report.audit.since import KINDS, Kind
from energy_runner.report.markup import Html, join, pairs, tag
from energy_runner.report.units import NOTHING, fixed


def session_row(row: AuditRow, change: Kind | None = None) -> Html:
    """Return a session as an element that opens; what an earlier audit did not say is marked with `change`."""
    mark = tag("em", KINDS[change], class_="mark") if change else Html("")
    line = (
        (row.submitter, "sub"),
        (join((row.system or row.session, " ", mark) if change else (row.system or row.session,)), "sys"),
        (row.benchmark, "bench"),
        (row.mode, "mode"),
        (cells.figure(row.published), "n pub"),
        (cells.ours(row), "n our"),
        (cells.unit(row), "unit"),
        (cells.deviation(row), "n dev"),
    )
    sign = tag("i", cells.SIGNS[row.state], aria_hidden="true")
    state = tag("span", sign, " ", cells.word(row), class_=f"st {row.state}")
    summary = tag("summary", *(tag("span", text, class_=kind) for text, kind in line), state)
    deviation = row.deviation
    size = abs(deviation) if deviation is not None and math.isfinite(deviation) else -1.0
    return tag(
        "details",
        summary,
        tag(
            "div",
            tag("p", tag("code", row.session), class_="path"),
            _corrected(row),
            _findings(row),
            _figures(row),
            _windows(row),
            picture(row.curve, row.windows),
            class_="body",
        ),
        class_="row" if row.state == "holds" else "row printed",
        data_round=row.round,
        data_division=row.division,
        data_submitter=row.submitter,
        data_benchmark=row.benchmark,
        data_mode=row.mode,
        data_state=row.state,
        data_rank=STATES.index(row.state),
        data_size=f"{size:.6g}",
        data_change=change,
    )


def _corrected(row: AuditRow) -> Html:
    """Return what should stand there instead of the published figure, and how it was obtained."""
    if row.corrected is None:
        return Html("")
    instead = f" instead of {cells.figure(row.published)}" if row.published is not None else ""
    figure = _with_unit(cells.with_u(row.corrected, row.corrected_u), row)
    how = f": {row.corrected_how}" if row.corrected_how else ""
    return tag("p", tag("strong", "Corrected"), f" {figure}{instead}{how}.")


def _findings(row: AuditRow) -> Html:
    """Return the causes, each with what follows from it folded below it, then the remarks, folded."""
    decide = cells.of_note(row)
    remarks = [one for one in row.findings if not cells.follows(one, row) and one not in decide]
    parts = [_with_consequences(one, row) for one in decide]
    if remarks:
        inside = [_with_consequences(one, row) for one in remarks]
        parts.append(_folded(f"{len(remarks)} remark{'' if len(remarks) == 1 else 's'}", inside))
    return join(parts) if parts else tag("p", "No findings.", class_="quiet")


def _with_consequences(cause: AuditFinding, row: AuditRow) -> Html:
    first = next(one for one in row.findings if one.id == cause.id) is cause  # several may have the same id
    after = (
        [one for one in row.findings if one.because_of == cause.id and cells.follows(one, row)] if first else []
    )
    if not after:
        return _finding(cause)
    inside = [_with_consequences(one, row) for one in after]
    words = f"{len(after)} consequence{'' if len(after) == 1 else 's'}"
    return join((_finding(cause), _folded(words, inside)))


def _folded(words: str, inside: Sequence[Html]) -> Html:
    return tag("details", tag("summary", words), *inside, class_="folded printed")


def _finding(finding: AuditFinding) -> Html:
    facts = [("measured", cells.stated(finding.measured)), ("limit", cells.stated(finding.limit))]
    words = [tag("code", finding.id), *(f"{name} {value}" for name, value in facts if value)]
    words += [finding.clause] if finding.clause else []
    seen = [
        tag("li", tag("code", cells.place(one)), *((" ", tag("q", one.text)) if one.text else ()))
        for one in finding.evidence
    ]
    sign = tag("i", cells.SEVERITY_SIGNS[finding.severity], title=finding.severity)
    return tag(
        "div",
        tag("p", sign, " ", finding.text),
        tag("p", join(_between(words)), class_="quiet"),
        tag("ul", *seen) if seen else "",
        class_=f"finding {finding.severity}",
    )


def _between(words: Sequence[object]) -> list[object]:
    return [part for word in words for part in (Html(" &middot; "), word)][1:]


def _figures(row: AuditRow) -> Html:
    figures = [
        ("Published", _with_unit(cells.figure(row.published), row)),
        ("Reproduced", _with_unit(cells.figure(row.reproduced), row)),
        ("Ours ± U", _with_unit(cells.with_u(row.ours, row.ours_u), row)),
        ("Figures reproduced", f"{row.figures_reproduced} of {row.figures}" if row.figures else ""),
        ("Throughput", "" if row.throughput_per_s is None else f"{cells.figure(row.throughput_per_s)} per second"),
        ("Rests on", row.basis),
        ("Rule set", row.rule_set),
        ("Runner", row.runner),
    ]
    return pairs("Figures", figures)


def _with_unit(text: str, row: AuditRow) -> str:
    return text if text == NOTHING else f"{text} {cells.unit(row)}"


def _windows(row: AuditRow) -> Html:
    if not row.windows:
        return Html("")
    placed = any(one.placed_by for one in row.windows)
    heads = ("Window", "Published", "Reproduced", "Ours ± U", "From (s)", "To (s)")
    body = [
        tag(
            "tr",
            tag("th", one.number, scope="row"),
            *(
                tag("td", text)
                for text in (
                    cells.figure(one.published),
                    cells.figure(one.reproduced),
                    cells.with_u(one.ours, one.ours_u),
                    _seconds(one.start_s),
                    _seconds(one.stop_s),
                )
            ),
            *([tag("td", one.placed_by, class_="words")] if placed else []),
        )
        for one in row.windows
    ]
    last = [tag("th", "Placed by", scope="col", class_="words")] if placed else []
    head = tag("tr", *(tag("th", name, scope="col") for name in heads), *last)
    caption = tag("caption", f"Windows, in {cells.unit(row)}" if row.unit else "Windows")
    return tag("div", tag("table", caption, tag("thead", head), tag("tbody", *body)), class_="scroll windows")


def _seconds(value: float | None) -> str:
    return NOTHING if value is None or not math.isfinite(value) else fixed(value, 3)

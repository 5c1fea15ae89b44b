# SPDX-License-Identifier: Apache-2.0
"""An audit as one page: it opens offline, asks nothing of anyone, and can be read where no script runs.

The script only filters and sorts. A content security policy allows it alone, by its hash. The same rows give the
same bytes.
"""

from collections.abc import Sequence
from importlib import resources
from itertools import groupby

from energy_runner.published.row import IN_WORDS, STATES, AuditRow, State
from energy_runner.report.audit import cells, choose, since
from energy_runner.report.audit.session import session_row
from energy_runner.report.audit.table import shortened
from energy_runner.report.html import policy, script
from energy_runner.report.markup import Html, join, safe, section, tag
from energy_runner.report.units import plain
from energy_runner.version import version

_HEADS = ("Submitter", "System", "Bench", "Mode", "Published", "Ours ± U", "Unit", "Deviation", "State")
_ORDERS = (("", "round, submitter, system"), ("state", "gravest state"), ("deviation", "largest deviation"))
_LISTED = 30  # changes that are listed without being asked for
_FOOT = tag("footer", tag("p", f"energy-runner {version()}. How to read it: docs/how-to/audit-a-round.md"))


Group = tuple[tuple[str, str, str], list[AuditRow]]


def page_bytes(
    rows: Sequence[AuditRow], counts: dict[State, int], changes: Sequence[since.AuditChange] | None = None
) -> bytes:
    """Return the page of rows in order, encoded in UTF-8; `counts` are those of all sessions."""
    groups = [(names, list(group)) for names, group in groupby(rows, _group)]
    code = _asset("audit.js")
    page = join(
        (
            Html('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'),
            tag("meta", http_equiv="Content-Security-Policy", content=policy([code])),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("meta", name="generator", content=f"energy-runner {version()}"),
            tag("title", f"Audit: {choose.in_a_sentence(counts)}"),
            Html(f"<style>\n{_asset('report.css')}{_asset('audit.css')}</style>\n</head>\n<body>\n"),
            tag("main", _top(rows, counts), _matrix(groups), _changed(changes), _sessions(groups, changes), _FOOT),
            script(code),
            Html("\n</body>\n</html>\n"),
        )
    )
    return page.encode("utf-8")


def _group(row: AuditRow) -> tuple[str, str, str]:
    """Return what the rows below one heading have in common."""
    return row.round, row.division, row.submitter


def _top(rows: Sequence[AuditRow], counts: dict[State, int]) -> Html:
    tiles = [
        tag("li", tag("b", number), " ", _state(state), class_=f"tile {state}") for state, number in counts.items()
    ]
    total, said = sum(counts.values()), choose.reproduced(rows, counts)
    shown = "" if len(rows) == total else f" This page holds {len(rows)} of {total} sessions."
    return tag(
        "header",
        tag("h1", "Audit of published sessions"),
        tag("p", choose.in_a_sentence(counts).partition(":")[0], class_="score none"),
        tag("ul", *tiles, class_="tiles", aria_label="Sessions of each state"),
        tag("p", f"{said[:1].upper()}{said[1:]}{shown}"),
        class_="headline",
    )


def _state(state: State) -> Html:
    return tag(
        "span", tag("i", cells.SIGNS[state], aria_hidden="true"), " ", IN_WORDS[state], class_=f"st {state}"
    )


def _matrix(groups: Sequence[Group]) -> Html:
    """Return how many sessions of each submitter in each round have each state; a cell leads to them."""
    found: dict[tuple[str, str], list[tuple[int, list[AuditRow]]]] = {}
    for index, ((round_, _, submitter), rows) in enumerate(groups):
        found.setdefault((submitter, round_), []).append((index, rows))
    rounds = list(dict.fromkeys(round_ for (round_, _, _), _ in groups))
    submitters = sorted({submitter for (_, _, submitter), _ in groups}, key=str.casefold)
    if len(groups) < 2:
        return Html("")

    def cell(submitter: str, round_: str) -> Html:
        of_cell = found.get((submitter, round_))
        if of_cell is None:
            return tag("td")
        counts = choose.counts(row for _, rows in of_cell for row in rows)
        parts = [
            tag("span", cells.SIGNS[state], number, class_=f"st {state}")
            for state, number in counts.items()
            if number
        ]
        words = f"{submitter or 'no submitter'}, {round_ or 'no round'}: {choose.in_a_sentence(counts)}"
        link = tag(
            "a", *parts, href=f"#g{of_cell[0][0]}", title=words, data_round=round_, data_submitter=submitter
        )
        return tag("td", link)

    head = tag(
        "tr",
        tag("th", "Submitter", scope="col"),
        *(tag("th", _short(name or "?"), scope="col") for name in rounds),
    )
    body = [
        tag(
            "tr",
            tag("th", _short(name or "not told", 34), scope="row"),
            *(cell(name, round_) for round_ in rounds),
        )
        for name in submitters
    ]
    legend = tag("p", *(_state(state) for state in STATES), class_="signs")
    table = tag("table", tag("thead", head), tag("tbody", *body))
    label = "By submitter and round"
    inside = tag("div", table, class_="scroll by", role="region", aria_label=f"{label}, table", tabindex=0)
    return section("matrix", label, legend, inside)


def _short(name: str, longest: int = 12) -> str:
    return shortened(plain(name), longest)


def _changed(changes: Sequence[since.AuditChange] | None) -> Html:
    if changes is None:
        return Html("")
    items = [tag("li", tag("b", since.KINDS[one.kind]), f" {one.session}", _difference(one)) for one in changes]
    listed = tag("ul", *items) if items else tag("p", "No state and no figure.")
    if len(items) > _LISTED:
        listed = tag("details", tag("summary", f"All {len(items)}"), listed)
    return section("changes", f"Since the earlier audit: {since.in_a_sentence(changes)}", listed)


def _difference(change: since.AuditChange) -> str:
    parts = since.differences(change)
    return f": {'; '.join(parts)}" if parts else ""


def _sessions(groups: Sequence[Group], changes: Sequence[since.AuditChange] | None) -> Html:
    kinds = {one.session: one.kind for one in changes or ()}
    rows = [row for _, of_group in groups for row in of_group]
    heads = tag("div", *(tag("span", name) for name in _HEADS), class_="heads", aria_hidden="true")
    notes = f"Deviation: {cells.DEVIATION}. {cells.CORRECTED} corrected: what is known to be wrong is put right."
    body = join(_of_group(index, names, of_group, kinds) for index, (names, of_group) in enumerate(groups))
    return section(
        "sessions",
        "Sessions",
        _filters(rows, changes is not None),
        tag("p", notes, class_="quiet"),
        heads,
        tag("div", body, id="groups"),
        tag("div", id="flat"),
        tag("p", "No session is like that.", id="none", hidden="hidden"),
    )


def _of_group(
    index: int, names: tuple[str, str, str], rows: Sequence[AuditRow], kinds: dict[str, since.Kind]
) -> Html:
    heading = " ".join(filter(None, names[:2])) or "no round"
    return tag(
        "div",
        tag("h3", tag("strong", ", ".join(filter(None, (heading, names[2])))), tag("span", _sessions_in(rows))),
        *(session_row(row, kinds.get(row.session)) for row in rows),
        id=f"g{index}",
        class_="group",
    )


def _sessions_in(rows: Sequence[AuditRow]) -> str:
    return f"{len(rows)} session{'' if len(rows) == 1 else 's'}"


def _filters(rows: Sequence[AuditRow], changed: bool) -> Html:
    """Return the controls, which the script shows; what they offer is what the rows have."""
    rounds = list(dict.fromkeys(row.round for row in rows))
    selects = [
        _select("round", rounds),
        _select("division", sorted({row.division for row in rows})),
        _select("submitter", sorted({row.submitter for row in rows}, key=str.casefold)),
        _select("benchmark", sorted({row.benchmark for row in rows})),
        _select("mode", sorted({row.mode for row in rows})),
    ]
    if changed:
        selects.append(_select("change", list(since.KINDS)))
    there = choose.counts(rows)
    states = [
        tag("button", _state(state), " ", number, type="button", data_state=state, aria_pressed="false")
        for state, number in there.items()
        if number
    ]
    order = tag("select", *(tag("option", name, value=value) for value, name in _ORDERS), id="f-order")
    search = tag("input", type="search", id="f-text", placeholder="name, finding, file", autocomplete="off")
    return tag(
        "form",
        tag("div", *states, class_="states", role="group", aria_label="States"),
        tag("label", "Search", search),
        *selects,
        tag("label", "Order", order),
        tag("button", "Show all", type="reset"),
        tag("output", _sessions_in(rows), id="f-count"),
        id="filters",
        hidden="hidden",
    )


def _select(name: str, values: Sequence[str]) -> Html:
    if len(values) < 2:
        return Html("")
    options = [tag("option", "all", value="*")]
    options += [tag("option", value or "not told", value=value) for value in values]
    return tag("label", safe(name.capitalize()), tag("select", *options, data_key=name))


def _asset(name: str) -> str:
    return resources.files("energy_runner.report").joinpath("assets", name).read_text(encoding="utf-8")

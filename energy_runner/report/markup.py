# SPDX-License-Identifier: Apache-2.0
"""HTML that is safe by default: all text that was not made here is escaped."""

import hashlib
import html
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from energy_runner.report.units import plain

SHORT = 8  # rows of a table that a print keeps on one page
_VOID = frozenset({"br", "col", "hr", "meta"})
_TAG = re.compile(r"<[^>]*>")
_TERM = re.compile(r'class="term" popovertarget="(tip-[0-9a-f]{8})" title="([^"]*)">(.*?)</button>', re.DOTALL)


class Html(str):
    """Text that is HTML already; made only by this package, from constants and escaped parts."""

    __slots__ = ()


def safe(content: object) -> Html:
    """Return content as HTML: `Html` unchanged, anything else escaped, invisible characters included."""
    return content if isinstance(content, Html) else Html(html.escape(plain(content), quote=True))


def tag(name: str, /, *content: object, **attributes: object) -> Html:
    """Return an element; `class_` and `aria_label` become `class` and `aria-label`; None leaves one out."""
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{safe(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Html(f"<{name}{pairs}>")
    return Html(f"<{name}{pairs}>{join(content)}</{name}>")


def join(parts: Iterable[object]) -> Html:
    """Return the parts one after the other."""
    return Html("".join(safe(part) for part in parts))


def explained(term: str, explanation: str) -> Html:
    """Return a technical term as a button that shows its explanation, by mouse, finger or keyboard, script or not.

    `explanations` makes what the button opens, and the list that a print shows. A browser that repeats the head of
    a table on the next page leaves buttons out: on paper the style sheet puts `data-term` in its place.
    """
    name = f"tip-{hashlib.sha256(f'{term}:{explanation}'.encode('utf-8', 'replace')).hexdigest()[:8]}"
    shown = tag("button", term, type="button", class_="term", popovertarget=name, title=explanation)
    return tag("span", shown, class_="on-paper", data_term=term)


def explanations(page: str) -> Html:
    """Return what the terms of a page open, and a section that lists them all; empty for a page without terms."""
    found = {name: (term, words) for name, words, term in _TERM.findall(page)}
    if not found:
        return Html("")
    listed = sorted(found.values(), key=lambda pair: pair[0].casefold())
    rows = [tag("div", tag("dt", Html(term)), tag("dd", Html(words))) for term, words in listed]
    opened = [
        tag("div", tag("strong", Html(term)), ": ", Html(words), id=name, popover="auto", class_="tip")
        for name, (term, words) in found.items()
    ]
    return join((section("terms", "Terms", tag("dl", *rows, aria_label="Terms")), *opened))


def section(identifier: str, title: str, *content: object) -> Html:
    """Return a section with a heading; empty if it has no content."""
    inside = join(content)
    if not inside:
        return inside
    heading = tag("h2", title, id=f"{identifier}-title")
    return tag("section", heading, inside, id=identifier, aria_labelledby=f"{identifier}-title")


def table(
    label: str,
    columns: Sequence[object],
    rows: Sequence[Sequence[object]],
    *,
    numeric: Iterable[int] = (),
    wide: Iterable[int] = (),
    cards: bool = True,
) -> Html:
    """Return a table; on a narrow screen each row becomes a card whose cells bear the names of their columns.

    `numeric` columns are aligned right; `wide` ones have room for sentences. Without `cards` it stays a table, and
    scrolls in a place of its own where it must.
    """
    classes = dict.fromkeys(wide, "wide") | dict.fromkeys(numeric, "number")

    def style(index: int) -> str | None:
        return classes.get(index)

    names = [Html(_TAG.sub("", safe(name))) for name in columns]
    head = tag("tr", *(tag("th", name, scope="col", class_=style(i)) for i, name in enumerate(columns)))
    body = [
        tag(
            "tr",
            *(
                tag("th", cell, scope="row", class_=style(i), data_label=names[i])
                if i == 0
                else tag("td", cell, class_=style(i), data_label=names[i])
                for i, cell in enumerate(row)
            ),
        )
        for row in rows
    ]
    inside = tag("table", tag("caption", label), tag("thead", head), tag("tbody", *body))
    kind = "scroll" + (" cards" if cards else "") + (" short" if len(rows) <= SHORT else "")
    return tag("div", inside, class_=kind, role="region", aria_label=label, tabindex="0")


def pairs(label: str, items: Iterable[tuple[object, object]]) -> Html:
    """Return a two-column list of names and values; values None, False or empty are left out."""
    rows = [
        tag("div", tag("dt", name), tag("dd", value))
        for name, value in items
        if value is not None and value is not False and value != ""
    ]
    return tag("dl", *rows, aria_label=label) if rows else Html("")


def json_script(identifier: str, data: Any) -> Html:
    """Return a block of data for the page's script; no string inside can end the block."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=True)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Html(f'<script type="application/json" id="{safe(identifier)}">{text}</script>')

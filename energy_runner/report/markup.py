# SPDX-License-Identifier: Apache-2.0
"""HTML that is safe by default: all text that was not made here is escaped."""

import html
import json
from collections.abc import Iterable, Sequence
from typing import Any

from energy_runner.report.units import plain

_VOID = frozenset({"br", "col", "hr", "meta"})


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
    """Return a technical term with its one-line explanation as a tooltip."""
    return tag("abbr", term, title=explanation)


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
) -> Html:
    """Return a table that scrolls sideways where the screen is narrow.

    `numeric` columns are aligned right; `wide` ones have room for sentences.
    """
    classes = dict.fromkeys(wide, "wide") | dict.fromkeys(numeric, "number")

    def style(index: int) -> str | None:
        return classes.get(index)

    head = tag("tr", *(tag("th", name, scope="col", class_=style(i)) for i, name in enumerate(columns)))
    body = [
        tag(
            "tr",
            *(
                tag("th", cell, scope="row", class_=style(i)) if i == 0 else tag("td", cell, class_=style(i))
                for i, cell in enumerate(row)
            ),
        )
        for row in rows
    ]
    inside = tag("table", tag("caption", label), tag("thead", head), tag("tbody", *body))
    return tag("div", inside, class_="scroll", role="region", aria_label=label, tabindex="0")


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

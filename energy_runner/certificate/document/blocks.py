# SPDX-License-Identifier: Apache-2.0
"""What a section of the document is made of, as plain data; the template sets each kind of block in one way."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from energy_runner.certificate.document.words import NOT_STATED, breakable

Block = dict[str, Any]
Style = Literal["", "mono", "strong", "missing"]
Align = Literal["left", "right", "center"]


def cell(text: str, style: Style = "") -> dict[str, str]:
    """Return a text with its style; what is not stated shows that."""
    if not style and text == NOT_STATED:
        style = "missing"
    return {"text": text if style == "mono" else breakable(text), "style": style}


def facts(rows: Iterable[tuple[str, str] | tuple[str, str, Style]], title: str = "") -> Block:
    """Return pairs of a name and a value."""
    return {"kind": "facts", "title": title, "rows": [[row[0], cell(row[1], *row[2:])] for row in rows]}


def table(
    columns: Sequence[tuple[str, Align, str]],
    rows: Iterable[Sequence[str | dict[str, str]]],
    *,
    title: str = "",
    note: str = "",
) -> Block:
    """Return a table; a column has a heading, an alignment and a width: `auto`, or shares as `2fr`."""
    return {
        "kind": "table",
        "title": title,
        "columns": [{"head": head, "align": align, "width": width} for head, align, width in columns],
        "rows": [[cell(one) if isinstance(one, str) else one for one in row] for row in rows],
        "note": breakable(note),
    }


def text(paragraphs: Iterable[str], title: str = "") -> Block:
    """Return paragraphs."""
    return {"kind": "text", "title": title, "paragraphs": [breakable(one) for one in paragraphs if one]}


def items(each: Iterable[str], title: str = "") -> Block:
    """Return a list."""
    return {"kind": "items", "title": title, "items": [breakable(one) for one in each]}


def section(title: str, *blocks: Block | None) -> dict[str, Any]:
    """Return a section with those of the blocks that there are."""
    return {"title": title, "blocks": [one for one in blocks if one is not None]}

# SPDX-License-Identifier: Apache-2.0
"""What a section of the document is made of, as plain data; the template sets each kind of block in one way."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from energy_runner.certificate.document.words import NOT_STATED, breakable

Block = dict[str, Any]
Cell = dict[str, Any]
Row = dict[str, Any]
Style = Literal["", "mono", "strong", "missing"]
Align = Literal["left", "right", "center"]
Column = tuple[str, Align, str]
HASH = "95mm"  # width of a column of SHA-256
_LEAST_SHOWN = 1e-3


def cell(text: str, style: Style = "", under: str = "", span: int = 1) -> Cell:
    """Return a text with its style, a smaller one `under` it, and the number of columns that it spans.

    What is not stated shows that.
    """
    if not style and text == NOT_STATED:
        style = "missing"
    shown = text if style == "mono" else breakable(text)
    return {"text": shown, "style": style, "under": breakable(under), "span": span}


def mono(digest: str | None, otherwise: str = "") -> Cell:
    """Return a digest, in one piece so that it can be copied, or what stands in its place."""
    return cell(digest, "mono") if digest else cell(otherwise, "missing")


def bar(share: float | None) -> Cell:
    """Return a share from 0 to 1 as a figure in percent with a bar; one that cannot be seen has none."""
    if share is None:
        return cell("")
    if share < _LEAST_SHOWN:
        return cell("0\u00a0%" if share == 0 else f"< {_LEAST_SHOWN * 100:g}\u00a0%")
    return {"bar": min(share, 1.0), "text": f"{share * 100:.1f}\u00a0%"}


def row(cells: Iterable[str | Cell], below: str = "") -> Row:
    """Return a row of a table; what is `below` stands under its cells, over the whole width."""
    each = [cell(one) if isinstance(one, str) else one for one in cells]
    return {"cells": each, "below": breakable(below)}


def facts(rows: Iterable[tuple[str, str | Cell]], title: str = "") -> Block:
    """Return pairs of a name and a value."""
    return {
        "kind": "facts",
        "title": breakable(title),
        "rows": [[name, cell(one) if isinstance(one, str) else one] for name, one in rows],
    }


def table(
    columns: Sequence[Column],
    rows: Iterable[Sequence[str | Cell] | Row],
    *,
    title: str = "",
    note: str = "",
) -> Block:
    """Return a table; a column has a heading, an alignment and a width: `auto`, or shares as `2fr`."""
    return {
        "kind": "table",
        "title": breakable(title),
        "columns": [{"head": head, "align": align, "width": width} for head, align, width in columns],
        "rows": [one if isinstance(one, dict) else row(one) for one in rows],
        "note": breakable(note),
    }


def text(paragraphs: Iterable[str], title: str = "") -> Block:
    """Return paragraphs."""
    return {"kind": "text", "title": breakable(title), "paragraphs": [breakable(one) for one in paragraphs if one]}


def items(each: Iterable[str], title: str = "") -> Block:
    """Return a list."""
    return {"kind": "items", "title": breakable(title), "items": [breakable(one) for one in each]}


def section(title: str, *blocks: Block | None) -> dict[str, Any]:
    """Return a section with those of the blocks that there are."""
    return {"title": breakable(title), "blocks": [one for one in blocks if one is not None]}

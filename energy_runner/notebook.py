# SPDX-License-Identifier: Apache-2.0
"""How objects show themselves in a notebook: a small table, all of it escaped, virtual ones marked first."""

from collections.abc import Iterable, Sequence
from html import escape

VIRTUAL = "VIRTUAL BENCH \u2013 simulated, not a measurement of hardware"
_MARK = "background:#fff3cd;color:#664d03;font-weight:bold;padding:2px 8px;display:inline-block"


def table(
    title: str,
    facts: Iterable[tuple[str, str]],
    *,
    virtual: bool,
    columns: Sequence[str] = (),
    rows: Iterable[Sequence[str]] = (),
) -> str:
    """Return HTML: a title, facts as name and value, and below them a table where `columns` are given.

    Whatever text comes in, nothing of it becomes markup.
    """
    mark = f'<div style="{_MARK}">{escape(VIRTUAL)}</div>' if virtual else ""
    lines = "".join(f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in facts)
    parts = [mark, f"<div><b>{_text(title)}</b></div>", f"<table>{lines}</table>" if lines else ""]
    if columns:
        head = "".join(f"<th>{_text(name)}</th>" for name in columns)
        body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
    return f"<div>{''.join(parts)}</div>"


def seen(text: object) -> str:
    """Return text with what cannot be seen (marks of direction, escapes for a terminal) written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text))


def _text(text: object) -> str:
    return escape(seen(text))

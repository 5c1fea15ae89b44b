# SPDX-License-Identifier: Apache-2.0
"""Elements of a digital calibration certificate as plain data, and texts in them.

Text is only ever the content of an element, never part of its markup, and each stated fact has an element of its
own: no name that a laboratory or a device gives can add an element or pass for another fact.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

NOT_STATED = "not stated"
NAMESPACES = {
    "dcc": "https://ptb.de/dcc",
    "si": "https://ptb.de/si",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
# XML 1.0, 2.2: what a document cannot hold, not even escaped.
_NO_CHARACTER = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


@dataclass(frozen=True)
class Node:
    """An element: either text or other elements are in it. Tags and attributes have prefixes of `NAMESPACES`."""

    tag: str
    text: str = ""
    children: tuple["Node", ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()


def node(tag: str, *inside: Node | None, ref: str = "", id_: str = "", ref_id: str = "") -> Node:
    """Return an element of other elements, without those that are None."""
    named = (("id", id_), ("refId", ref_id), ("refType", ref))
    return Node(
        tag,
        children=tuple(one for one in inside if one is not None),
        attributes=tuple((name, _holdable(value)) for name, value in named if value),
    )


def leaf(tag: str, text: str) -> Node:
    """Return an element with a text; a character that no XML can hold is in it as its escape."""
    return Node(tag, text=_holdable(text))


def _holdable(text: str) -> str:
    """Return a text as XML can hold it; a line end is one character (XML 1.0, 2.11)."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _NO_CHARACTER.sub(lambda match: ascii(match[0])[1:-1], lines)


def optional(tag: str, text: str) -> Node | None:
    """Return an element with a text; None for an empty one."""
    return leaf(tag, text) if text else None


def content(text: str) -> Node:
    """Return a text in English, or in whatever language the laboratory wrote it."""
    one = leaf("dcc:content", text)
    return Node(one.tag, one.text, attributes=(("lang", "en"),))


def name(text: str, tag: str = "dcc:name") -> Node:
    """Return a name; one that nobody stated says so."""
    return node(tag, content(text or NOT_STATED))


def rich(tag: str, texts: Iterable[str], ref: str = "") -> Node | None:
    """Return paragraphs, each an element of its own, without empty ones; None if none is left."""
    paragraphs = [content(text) for text in texts if text]
    return node(tag, *paragraphs, ref=ref) if paragraphs else None


def fact(what: str, value: object) -> str:
    """Return a fact as a paragraph; empty for one that nobody stated."""
    if isinstance(value, bool):
        return f"{what}: {'yes' if value else 'no'}"
    return "" if value is None or value == "" else f"{what}: {value}"

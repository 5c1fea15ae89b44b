# SPDX-License-Identifier: Apache-2.0
"""Whether the pages of a PDF are those that typst sets of the facts: set them again, and compare object by object.

What is compared is the file as a viewer reads it: content streams, fonts and pictures of each page, what lies on
it, the outline, the structure for screen readers, the title. No text is read back from glyphs, so there is nothing
that a font or an overlay could hide.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from energy_runner.certificate.document.finish import Attachment, drop_what_is_not_judged
from energy_runner.certificate.document.pdf import Paper, typeset
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.needed import needed_module
from energy_runner.errors import SessionError
from energy_runner.wording import shown

# Added after the pages were set: attachments, which are compared for themselves, metadata, by its fields, and the
# colour profile that PDF/A wants, which the library names anew.
_ADDED = frozenset({"/Names", "/AF", "/Metadata", "/OutputIntents"})
_BY_WRITER = frozenset({"/Producer", "/ModDate", "/CreationDate"})  # the library writes times in its own form
_METADATA = ("dc:title", "dc:creator", "dc:language", "dc:description", "xmp:CreateDate", "xmp:ModifyDate")
_LENGTH = frozenset({"/Length"})  # of a stream: follows from its bytes, which are compared
_LETTER_POINTS = 612.0  # width of US letter paper
_WHOLE = "outline, tags and settings"


@dataclass(frozen=True)
class PagesAgain:
    """Who set the pages of a PDF, who sets them here, and where the two differ: (place, what)."""

    set_by: str
    set_here_by: str
    differences: tuple[tuple[str, str], ...]


def set_again(data: bytes, certificate: EnergyCertificate, attachments: Sequence[Attachment]) -> PagesAgain:
    """Set the pages of a certificate, and compare those of a PDF with them; at most one difference a page is told.

    Only names and descriptions of `attachments` matter. Raises `SessionError` for a PDF that cannot be read, and
    `BenchFault` where the facts cannot be set.
    """
    pikepdf = needed_module("pikepdf")
    try:
        with pikepdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True) as issued:
            paper = _paper(issued)
            wanted_data = typeset(certificate, attachments, paper)
            with pikepdf.open(io.BytesIO(wanted_data)) as wanted:
                drop_what_is_not_judged(wanted)
                return PagesAgain(_creator(issued), _creator(wanted), tuple(_differences(issued, wanted)))
    except (pikepdf.PdfError, TypeError, ValueError, AttributeError, KeyError) as error:  # objects of other types
        raise SessionError(
            f"its pages cannot be read ({shown(error, 200)}). Try: the file as it was issued"
        ) from None


def _creator(pdf: Any) -> str:
    return shown(pdf.docinfo.get("/Creator", "a program that does not tell its name"), 60)


def _paper(pdf: Any) -> Paper:
    box = pdf.pages[0].mediabox if len(pdf.pages) else []
    return "us-letter" if len(box) == 4 and abs(float(box[2]) - _LETTER_POINTS) < 1 else "a4"


def _differences(issued: Any, wanted: Any) -> Iterator[tuple[str, str]]:
    seen: set[tuple[Any, Any]] = set()
    pages, own = list(issued.pages), list(wanted.pages)
    for number, (page, other) in enumerate(zip(pages, own, strict=False), 1):
        if what := _other(page.obj, other.obj, seen):
            yield f"page {number}", what
    if len(pages) != len(own):
        yield "pages", f"there are {len(pages)} in place of {len(own)}"
        return
    if what := _other(issued.Root, wanted.Root, seen, _ADDED) or _other(
        issued.docinfo, wanted.docinfo, seen, _BY_WRITER
    ):
        yield _WHOLE, what
    with issued.open_metadata() as told, wanted.open_metadata() as meant:
        for name in _METADATA:
            if told.get(name) != meant.get(name):
                yield "metadata", f"{name} is {shown(told.get(name), 60)} in place of {shown(meant.get(name), 60)}"


def _other(one: Any, other: Any, seen: set[tuple[Any, Any]], besides: frozenset[str] = frozenset()) -> str:
    """Return the first difference between two objects and all that they refer to; "" if there is none.

    `besides` are keys of the first two that may differ. The walk ends where the second object ends, so a first one
    that is endless or deep costs nothing.
    """
    waiting = [(one, other, "", besides)]
    while waiting:
        one, other, place, besides = waiting.pop()
        kind = _kind(other)
        if _kind(one) != kind:
            return f"{place} is {_shown(one)} in place of {_shown(other)}"
        if kind == "value":
            if one != other:
                return f"{place} is {_shown(one)} in place of {_shown(other)}"
            continue
        if other.is_indirect:
            pair = (one.objgen, other.objgen)
            if pair in seen:
                continue
            seen.add(pair)
        if kind == "stream" and one.read_raw_bytes() != other.read_raw_bytes():
            return f"{place} holds other bytes"
        parts, wanted = _parts(one, besides), _parts(other, besides)
        if parts.keys() != wanted.keys():
            more, less = _keys(parts.keys() - wanted.keys()), _keys(wanted.keys() - parts.keys())
            return f"{place or 'it'} has {more} too much, and lacks {less}"
        waiting += [(parts[key], wanted[key], f"{place}{key}", frozenset()) for key in wanted]
    return ""


def _kind(one: Any) -> str:
    name = getattr(one, "_type_name", "")
    return name if name in ("dictionary", "stream", "array") else "value"


def _parts(one: Any, besides: frozenset[str]) -> dict[str, Any]:
    if _kind(one) == "array":
        return {f"[{index}]": each for index, each in enumerate(one)}
    return {key: each for key, each in one.items() if key not in besides | _LENGTH}


def _shown(one: Any) -> str:
    return f"of the kind {_kind(one)}" if _kind(one) != "value" else repr(shown(one, 60))


def _keys(names: set[str]) -> str:
    return ", ".join(shown(one, 30) for one in sorted(names)) or "nothing"

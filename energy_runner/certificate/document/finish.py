# SPDX-License-Identifier: Apache-2.0
"""From a typeset PDF to PDF/A-3b with attachments, approved by a validator from outside.

ISO 19005-3:2012, 6.8, wants each attachment to have a MIME type, a relationship, and a place in `/AF`.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from energy_runner.certificate.needed import needed_module
from energy_runner.errors import BenchFault

FLAVOUR = "3b"
Relationship = Literal["Source", "Data", "Alternative", "Supplement", "Unspecified"]


@dataclass(frozen=True)
class Attachment:
    """A file to attach: name, MIME type, a description for readers, its bytes, and what it is to the document."""

    name: str
    mime: str
    description: str
    data: bytes
    relationship: Relationship = "Data"


def finished(data: bytes, attachments: Sequence[Attachment], issued_utc: str) -> bytes:
    """Return the typeset PDF as PDF/A-3b with `attachments`, which are stored as they are, uncompressed.

    The same arguments give the same bytes. Raises `BenchFault` where the validator does not approve the file.
    """
    pikepdf, pdfa = needed_module("pikepdf"), needed_module("pikepdf.pdfa")
    with pikepdf.open(io.BytesIO(data)) as pdf:
        drop_what_is_not_judged(pdf)
        _attach(pdf, pikepdf, attachments, issued_utc)
        pdfa.prepare(pdf, FLAVOUR)
        _date(pdf, issued_utc)
        out = io.BytesIO()
        pdf.save(
            out,
            deterministic_id=True,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            preserve_pdfa=True,
            fix_metadata_version=False,
        )
    report = pdfa.validate_written(io.BytesIO(out.getvalue()), FLAVOUR)
    if not report.passed:
        found = "; ".join(f"{one.rule} {one.where}: {one.message}" for one in report.findings[:3])
        raise BenchFault(f"the PDF is not PDF/A-{FLAVOUR} by pikepdf.pdfa ({found}). Try: report this as a fault")
    return out.getvalue()


def drop_what_is_not_judged(pdf: Any) -> None:
    """Remove what typst writes, PDF/A-3 does not need, and the validator does not know."""
    pikepdf = needed_module("pikepdf")
    _remove(pdf.Root, "/PageLabels")
    for one in pdf.objects:
        if isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor":
            _remove(one, "/CIDSet")


def _remove(dictionary: Any, key: str) -> None:
    if key in dictionary:
        del dictionary[key]


def _attach(pdf: Any, pikepdf: Any, attachments: Sequence[Attachment], issued_utc: str) -> None:
    name, string = pikepdf.Name, pikepdf.String
    day = _pdf_date(issued_utc)
    names, listed = [], []
    for one in sorted(attachments, key=lambda each: each.name):
        stream = pikepdf.Stream(pdf, one.data)
        stream.Type = name.EmbeddedFile
        stream.Subtype = name("/" + one.mime)
        # No checksum: the bytes of the signature come into it after it was written.
        stream.Params = pikepdf.Dictionary(Size=len(one.data), ModDate=string(day))
        held = pdf.make_indirect(stream)
        spec = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=name.Filespec,
                F=string(one.name),
                UF=string(one.name),
                Desc=string(one.description),
                AFRelationship=name("/" + one.relationship),
                EF=pikepdf.Dictionary(F=held, UF=held),
            )
        )
        names += [string(one.name), spec]
        listed.append(spec)
    if listed:
        pdf.Root.Names = pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary(Names=pikepdf.Array(names)))
        pdf.Root.AF = pikepdf.Array(listed)


def _pdf_date(utc: str) -> str:
    """Return an ISO 8601 time in UTC as PDF writes it: `D:20261130120000Z` (ISO 32000-1, 7.9.4)."""
    return "D:" + "".join(c for c in utc[:19] if c.isdigit()) + "Z"


def _date(pdf: Any, issued_utc: str) -> None:
    """Set the time that the library took from the computer's clock: a document has one date, that of its issue."""
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as xmp:
        xmp["xmp:MetadataDate"] = issued_utc

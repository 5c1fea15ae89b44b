# SPDX-License-Identifier: Apache-2.0
"""PDFs that the right key has signed, but whose pages print something else than the facts in them."""

import io
from collections.abc import Callable
from typing import Any

import pikepdf

from energy_runner.certificate import forms as making
from energy_runner.certificate.facts import EnergyCertificate
from tests.support.wrong_certificates.case import Case, Made
from tests.support.wrong_certificates.changes import less
from tests.support.wrong_certificates.lab import forms_of, hardware, lie, virtual

Edit = Callable[[Any], None]


def _printed(of: Callable[[], EnergyCertificate], edit: Edit = lambda pdf: None) -> Callable[[], Made]:
    """Return the maker of a signed certificate, of which the pages are those of other facts, or were edited."""

    def make() -> Made:
        printed, own = of(), making.pdf_bytes

        def other_bytes(certificate: EnergyCertificate, attachments: Any, paper: Any) -> bytes:
            return _edited(own(printed, attachments, paper), edit)

        making.pdf_bytes = other_bytes  # type: ignore[assignment]
        try:
            return Made(forms_of(virtual()))
        finally:
            making.pdf_bytes = own

    return make


def _edited(data: bytes, edit: Edit) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        edit(pdf)
        pdf.save(
            out,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    return out.getvalue()


def _last_page(pdf: Any) -> None:
    del pdf.pages[-1]


def _box(pdf: Any) -> None:
    pdf.pages[0].contents_add(b"1 g 0 0 600 900 re f")


def _note(pdf: Any) -> None:
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.FreeText,
        Rect=[50, 50, 500, 700],
        Contents=pikepdf.String("0.1 uJ"),
        DA=pikepdf.String("/Helv 40 Tf"),
    )
    pdf.pages[0].obj.Annots = pdf.make_indirect(pikepdf.Array([pdf.make_indirect(note)]))


def _title(pdf: Any) -> None:
    with pdf.open_metadata() as metadata:
        metadata["dc:title"] = "Certificate"


def _glyphs(pdf: Any) -> None:
    """Swap two fonts of a page: the content is the same, and other letters are drawn."""
    fonts = pdf.pages[0].obj.Resources.Font
    one, other = list(fonts.keys())[:2]
    fonts[one], fonts[other] = fonts[other], fonts[one]


def _creator(pdf: Any) -> None:
    pdf.docinfo["/Creator"] = "Typst 0.1.0"


def _case(name: str, about: str, made: Callable[[], Made], place: str) -> Case:
    return Case(name, about, "resigned", made, (("pages", place),))


CASES = (
    _case("pdf-says-less", "the pages of a signed PDF print less energy", _printed(less), "page"),
    _case("pdf-of-other-facts", "its pages are those of another certificate", _printed(hardware), "page 1"),
    _case(
        "pdf-without-simulated",
        "its pages lack the mark of a simulated bench",
        _printed(lambda: lie(lambda one: one.update(virtual=False))),
        "page 1",
    ),
    _case("pdf-one-page-less", "its last page is missing", _printed(virtual, _last_page), "pages"),
    _case("pdf-overlaid", "a white box lies over its first page", _printed(virtual, _box), "page 1"),
    _case(
        "pdf-annotated", "a note with another figure lies on its first page", _printed(virtual, _note), "page 1"
    ),
    _case("pdf-other-fonts", "two fonts of its first page are swapped", _printed(virtual, _glyphs), "page 1"),
    _case("pdf-other-title", "its metadata call it a certificate", _printed(virtual, _title), "metadata"),
    Case(
        "pdf-says-less-by-another-version",
        "its pages print less energy, and say that another version of the program has set them",
        "resigned",
        _printed(less, _creator),
        cannot_tell="what another version sets cannot be compared; the check says so: compare by eye",
    ),
)

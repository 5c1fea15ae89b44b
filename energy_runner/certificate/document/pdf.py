# SPDX-License-Identifier: Apache-2.0
"""Set a certificate as PDF: facts to plain data, typst to pages, pikepdf to PDF/A-3b."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from energy_runner.certificate.document.finish import Attachment, finished
from energy_runner.certificate.document.fonts import font_folder, refuse_what_cannot_be_shown
from energy_runner.certificate.document.view import view
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.needed import needed_module
from energy_runner.errors import BenchFault, in_words

__all__ = ["Attachment", "Extent", "Paper", "pdf_bytes", "typeset"]

Paper = Literal["a4", "us-letter"]
Extent = Literal["whole", "first-page"]
_TEMPLATE = Path(__file__).parent / "template"


def pdf_bytes(
    certificate: EnergyCertificate,
    attachments: Sequence[Attachment],
    paper: Paper = "a4",
    *,
    extent: Extent = "whole",
) -> bytes:
    """Return the certificate as tagged PDF/A-3b with `attachments`; the same arguments give the same bytes.

    With the extent `first-page` the other pages are left out, and the document says where their facts are. Each
    attachment is in the file as it is, byte for byte. Raises `ConfigurationError` for a text that the fonts cannot
    show, with its field, or where a library lacks, and `BenchFault` where the PDF is not approved.
    """
    refuse_what_cannot_be_shown(certificate.document())
    pages = typeset(certificate, attachments, paper, extent)
    return finished(pages, attachments, certificate.issuing.issued_utc)


def typeset(
    certificate: EnergyCertificate, attachments: Sequence[Attachment], paper: Paper, extent: Extent = "whole"
) -> bytes:
    """Return the pages as typst writes them, without attachments. All text of the facts is data, never markup."""
    typst = needed_module("typst")
    data = json.dumps(view(certificate, attachments, paper, extent), ensure_ascii=False)
    try:
        pdf = typst.compile(
            str(_TEMPLATE / "main.typ"),
            root=str(_TEMPLATE),
            font_paths=[str(font_folder())],
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"document": data},
            pdf_standards=["a-3b"],
            pdf_tags=True,
            timestamp=0,
        )
    except typst.TypstError as error:
        raise BenchFault(
            f"the pages of the certificate could not be set ({in_words(error)}). Try: report this as a fault"
        ) from error
    return bytes(pdf)

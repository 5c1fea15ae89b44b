# SPDX-License-Identifier: Apache-2.0
"""PDFs that were changed after they were signed: saved again, painted over, with other attachments or seals."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import pikepdf

from energy_runner.certificate.forms import AIBOM, JSON, PDF, XML
from energy_runner.certificate.holes import put
from tests.support.wrong_certificates.case import Made
from tests.support.wrong_certificates.lab import hardware_forms, virtual_forms
from tests.support.wrong_certificates.seals import covered, sealed_by, with_cargo, with_properties
from tests.support.wrong_certificates.tampering import (
    Bytes,
    changed,
    exchange,
    other_statement_in_xml,
    score_in_xml,
    tampered,
)

# A careful forger keeps what is attached as it is.
_LIKE_ISSUED: dict[str, Any] = {
    "compress_streams": False,
    "stream_decode_level": pikepdf.StreamDecodeLevel.none,
    "object_stream_mode": pikepdf.ObjectStreamMode.disable,
}


def _pdf(change: Callable[[Any], object], **saving: Any) -> Bytes:
    """Return what opens a PDF, changes it and saves it again, as a viewer would."""

    def apply(data: bytes) -> bytes:
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(data)) as pdf:
            change(pdf)
            pdf.save(out, **(saving or _LIKE_ISSUED))
        return out.getvalue()

    return apply


def _as_it_was(pdf: Any) -> None:
    pass


def _script(pdf: Any) -> None:
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))


def _attach(name: str, content: bytes) -> Callable[[Any], None]:
    def apply(pdf: Any) -> None:
        pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, content, filename=name)

    return apply


def _detach(name: str) -> Callable[[Any], None]:
    def apply(pdf: Any) -> None:
        del pdf.attachments[name]

    return apply


def _attached(name: str, change: Bytes) -> Bytes:
    """Return what changes a file that is attached, in place: its length has to stay."""

    def apply(data: bytes) -> bytes:
        before = virtual_forms()[name]
        after = change(before)
        if len(after) != len(before) or after == before:
            raise ValueError(f"{name}: {len(before)} bytes become {len(after)}: the case proves nothing")
        return put(data, before, after)

    return apply


def _attached_swapped() -> Made:
    """Return a PDF saved again with the attachments of another certificate."""
    others: Mapping[str, bytes] = hardware_forms()

    def change(pdf: Any) -> None:
        for name in (AIBOM, JSON, XML):
            del pdf.attachments[name]
            _attach(name, others[name])(pdf)

    return Made({PDF: _pdf(change)(virtual_forms()[PDF])})


def _simulated_hidden(pdf: Any) -> None:
    """Draw a white area over each page."""
    for page in pdf.pages:
        page.contents_add(b"q 1 1 1 rg 0 0 600 900 re f Q", prepend=False)


_READABLE = ("readable", JSON)
_PDF, _XML, _AIBOM = (PDF, PDF), (XML, XML), (AIBOM, AIBOM)
_FORMS = ("forms", PDF)
CASES = (
    tampered(
        "pdf-saved-again",
        "the PDF was saved again by another program",
        changed(PDF, _pdf(_as_it_was), alone=True),
        _PDF,
    ),
    tampered(
        "pdf-linearised",
        "the PDF was saved again for the web",
        changed(PDF, _pdf(_as_it_was, linearize=True), alone=True),
        _FORMS,
    ),
    tampered(
        "pdf-compressed",
        "the PDF was saved again, compressed",
        changed(
            PDF,
            _pdf(
                _as_it_was,
                compress_streams=True,
                recompress_flate=True,
                object_stream_mode=pikepdf.ObjectStreamMode.generate,
            ),
            alone=True,
        ),
        _FORMS,
    ),
    tampered(
        "pdf-encrypted",
        "the PDF asks for a password",
        changed(PDF, _pdf(_as_it_was, encryption=pikepdf.Encryption(user="a", owner="b"))),
        _FORMS,
    ),
    tampered("pdf-with-script", "the PDF has got a script", changed(PDF, _pdf(_script), alone=True), _PDF),
    tampered(
        "pdf-painted-over",
        "the pages of the PDF were painted over",
        changed(PDF, _pdf(_simulated_hidden), alone=True),
        _PDF,
    ),
    tampered(
        "pdf-bytes-after-the-end",
        "the PDF has bytes after its end",
        changed(PDF, lambda data: data + b"\n% approved\n", alone=True),
        ("seal", PDF),
    ),
    tampered(
        "pdf-byte-changed",
        "a byte of the PDF was changed",
        changed(PDF, lambda data: data[:2000] + bytes([data[2000] ^ 1]) + data[2001:]),
        _PDF,
    ),
    tampered("pdf-truncated", "the end of the PDF is missing", changed(PDF, lambda data: data[:-2000]), _FORMS),
    tampered(
        "pdf-title-in-metadata",
        "the title in the metadata of the PDF was changed",
        changed(PDF, exchange(b"<dc:title>", b"<dc:Title>"), alone=True),
        _PDF,
    ),
    tampered(
        "pdf-of-another",
        "the PDF is that of another certificate",
        lambda: Made({**virtual_forms(), PDF: hardware_forms()[PDF]}, JSON),
        _PDF,
        (JSON, PDF),
    ),
    tampered(
        "pdf-covered-afterwards",
        "a picture over the title was added after the end of the PDF",
        changed(PDF, covered, alone=True),
        ("seal", PDF),
    ),
    tampered(
        "pdf-covered-and-sealed",
        "a picture over the title was added after the end of the PDF, and sealed",
        changed(PDF, lambda data: sealed_by(covered(data), "Stranger"), alone=True),
        ("seal", PDF),
    ),
    tampered(
        "pdf-with-other-properties-sealed",
        "another title and author were added as properties of the PDF, and sealed",
        changed(PDF, lambda data: sealed_by(with_properties(data), "Stranger"), alone=True),
        ("seal", PDF),
    ),
    tampered(
        "pdf-with-cargo-sealed",
        "a script that nothing refers to was added to the PDF, and sealed",
        changed(PDF, lambda data: sealed_by(with_cargo(data), "Stranger"), alone=True),
        ("seal", PDF),
    ),
    tampered(
        "pdf-sealed-and-covered",
        "a picture over the title was added after the seal",
        changed(PDF, lambda data: covered(sealed_by(data)), alone=True),
        ("seal", PDF),
    ),
    tampered(
        "attachment-removed",
        "the XML was removed from the PDF",
        changed(PDF, _pdf(_detach(XML)), alone=True),
        _FORMS,
    ),
    tampered(
        "attachment-added",
        "a file was attached to the PDF",
        changed(PDF, _pdf(_attach("approval.pdf", b"approved")), alone=True),
        _FORMS,
    ),
    tampered("attachments-swapped", "the PDF holds the files of another certificate", _attached_swapped, _PDF),
    tampered(
        "attached-aibom-changed",
        "the bill of materials in the PDF was changed",
        changed(PDF, _attached(AIBOM, exchange(b'"specVersion": "1.6"', b'"specVersion": "1.5"')), alone=True),
        _AIBOM,
        _PDF,
    ),
    tampered(
        "attached-xml-changed",
        "the XML in the PDF was changed",
        changed(PDF, _attached(XML, score_in_xml), alone=True),
        _XML,
        _PDF,
    ),
    tampered(
        "attached-xml-other-statement",
        "the XML in the PDF holds another signed statement",
        changed(PDF, _attached(XML, other_statement_in_xml), alone=True),
        (JSON, XML),
    ),
)

# SPDX-License-Identifier: Apache-2.0
"""Seals in a PDF: by a laboratory, and by somebody who hides something below one."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from energy_runner.certificate.document.seal import seal_pdf

_SINCE = datetime(2025, 1, 1, tzinfo=UTC)


@cache
def _signer(name: str) -> tuple[bytes, bytes]:
    """Return certificate and key of a signer, PEM; the key is the same each time."""
    key = ec.derive_private_key(sum(name.encode()), ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_SINCE)
        .not_valid_after(_SINCE + timedelta(days=7300))
        .add_extension(usage, critical=True)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), private


def sealed_by(data: bytes, name: str = "Example Laboratory") -> bytes:
    """Return a PDF with a seal."""
    return seal_pdf(data, *_signer(name), None, reason="issued")


def covered(data: bytes) -> bytes:
    """Return a PDF with an annotation on its first page, added after its end: it prints another title."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    writer.ensure_output_version = lambda version: None  # type: ignore[method-assign]
    page, _ = writer.find_page_for_modification(0)
    look = generic.StreamObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/XObject"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/Form"),
            generic.pdf_name("/BBox"): _numbers(0, 0, 500, 200),
        },
        stream_data=b"1 1 1 rg 0 0 500 200 re f",
    )
    annotation = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/Stamp"),
            generic.pdf_name("/Rect"): _numbers(40, 600, 540, 800),
            generic.pdf_name("/F"): generic.NumberObject(4),
            generic.pdf_name("/AP"): generic.DictionaryObject({generic.pdf_name("/N"): writer.add_object(look)}),
        }
    )
    held: Any = page.get_object()
    held[generic.pdf_name("/Annots")] = generic.ArrayObject([writer.add_object(annotation)])
    writer.update_container(held)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_properties(data: bytes) -> bytes:
    """Return a PDF whose properties, as viewers list them, name another title and author; added after its end."""
    return _added(data, lambda writer: writer.set_info(writer.add_object(_dictionary(Title="Other", Author="X"))))


def with_cargo(data: bytes) -> bytes:
    """Return a PDF with a script in it that nothing refers to; added after its end."""
    return _added(data, lambda writer: writer.add_object(_dictionary(JS="app.alert(1)")))


def _added(data: bytes, add: Callable[[IncrementalPdfFileWriter], object]) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    writer.ensure_output_version = lambda version: None  # type: ignore[method-assign]
    writer._update_meta = lambda: None  # type: ignore[method-assign]
    add(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _dictionary(**each: str) -> generic.DictionaryObject:
    return generic.DictionaryObject(
        {generic.pdf_name(f"/{key}"): generic.TextStringObject(text) for key, text in each.items()}
    )


def _numbers(*each: int) -> Any:
    return generic.ArrayObject([generic.NumberObject(one) for one in each])

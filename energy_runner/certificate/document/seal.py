# SPDX-License-Identifier: Apache-2.0
"""An optional seal in the PDF itself, for viewers: PAdES (ETSI EN 319 142-1) with EC P-256.

The signature that counts is that of `certificate.json`; many viewers do not know its algorithm. The seal is added
after the end of the PDF, whose own bytes stay as they are, so both can be checked. But a viewer shows the file as
the addition leaves it; so `sealed` also compares each object with the PDF before.
"""

import io
from dataclasses import dataclass
from typing import Any

from energy_runner.certificate.needed import needed_module
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.wording import shown

FIELD = "Seal"
# What a seal without a picture adds to the document's root and to its first page.
_ADDED_TO_ROOT = frozenset({"/AcroForm"})
_ADDED_TO_PAGE = frozenset({"/Annots"})
_OF_FORM = frozenset({"/Fields", "/SigFlags"})
_OF_SIGNATURE = frozenset({"/Type", "/Filter", "/SubFilter", "/ByteRange", "/Contents", "/M", "/Reason"})
_OF_TRAILER = frozenset({"/Prev", "/Size", "/ID"})  # what a trailer tells of its own file
_OF_FIELD = frozenset({"/Type", "/Subtype", "/FT", "/T", "/V", "/F", "/P", "/Rect"})


@dataclass(frozen=True)
class SealState:
    """What is known of the seal of a PDF.

    `present`: there is one. `intact`: the sealed bytes are unchanged, and the certificate in the seal made it.
    `whole`: the seal covers the file to its end, and changes nothing of the PDF but adding itself. `signer` is the
    name in that certificate and `certificate_sha256` the digest of it (DER); whether that signer is trusted is for
    the caller to say. `detail` says in words what was found.
    """

    present: bool
    intact: bool = False
    whole: bool = False
    signer: str = ""
    certificate_sha256: str = ""
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Return whether there is a seal, intact and over the whole file."""
        return self.present and self.intact and self.whole


def seal_pdf(
    data: bytes, certificate_pem: bytes, key_pem: bytes, passphrase: bytes | None, *, reason: str
) -> bytes:
    """Return the PDF with an invisible seal after its end; the bytes before stay as they are.

    ECDSA draws a random number and the seal states the time of the computer's clock, so each has other bytes.
    Raises `ConfigurationError` for a certificate or key that cannot be used.
    """
    signers, fields = needed_module("pyhanko.sign.signers"), needed_module("pyhanko.sign.fields")
    signer = _signer(certificate_pem, key_pem, passphrase)
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES, reason=reason
    )
    out = io.BytesIO()
    signers.sign_pdf(_writer(data), metadata, signer=signer, output=out)
    return out.getvalue()


def _writer(data: bytes) -> Any:
    """Return a writer that leaves the version of the PDF at 1.7, which is that of PDF/A-3 (ISO 19005-3, 6.1.2).

    For the curve P-256 the library would declare an extension of PDF 2.0, and with it that version.
    """
    writer = needed_module("pyhanko.pdf_utils.incremental_writer").IncrementalPdfFileWriter(io.BytesIO(data))
    writer.ensure_output_version = lambda version: None
    writer.register_extension = lambda extension: None
    writer._update_meta = lambda: None  # noqa: SLF001 - title and dates stay those of the certificate
    return writer


def _signer(certificate_pem: bytes, key_pem: bytes, passphrase: bytes | None) -> Any:
    _agree(certificate_pem, key_pem, passphrase)
    keys, signers = needed_module("pyhanko.keys"), needed_module("pyhanko.sign.signers")
    certificate, *chain = keys.load_certs_from_pemder_data(certificate_pem)
    store = needed_module("pyhanko_certvalidator.registry").SimpleCertificateStore()
    store.register_multiple(chain)
    return signers.SimpleSigner(
        signing_cert=certificate,
        signing_key=keys.load_private_key_from_pemder_data(key_pem, passphrase),
        cert_registry=store,
    )


def _agree(certificate_pem: bytes, key_pem: bytes, passphrase: bytes | None) -> None:
    """Raise `ConfigurationError` unless both can be read, belong together, and are of the curve P-256."""
    x509, serialization = (
        needed_module("cryptography.x509"),
        needed_module("cryptography.hazmat.primitives.serialization"),
    )
    curves = needed_module("cryptography.hazmat.primitives.asymmetric.ec")
    try:
        certified = x509.load_pem_x509_certificate(certificate_pem).public_key()
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            f"the certificate for the seal cannot be read ({shown(error, 200)}). Try: a certificate in PEM"
        ) from None
    try:
        key = serialization.load_pem_private_key(key_pem, passphrase)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            f"the key for the seal cannot be read ({shown(error, 200)}). "
            "Try: the right passphrase, and one key in PEM"
        ) from None
    if not (isinstance(key, curves.EllipticCurvePrivateKey) and isinstance(key.curve, curves.SECP256R1)):
        raise ConfigurationError(
            "the key for the seal is not an EC key of the curve P-256. "
            "Try: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256"
        )
    if key.public_key() != certified:
        raise ConfigurationError(
            "the key for the seal is not that of its certificate. Try: the certificate issued for this key"
        )


def sealed(data: bytes, size: int | None = None) -> SealState:
    """Return the state of the seal; `size` is the length of the PDF before it was sealed, where that is known.

    Without `size` nobody can tell what the seal's addition changed, and `whole` is false. Nothing is fetched.
    Raises `SessionError` for what is not a PDF.
    """
    try:
        return _state(data, size)
    except ConfigurationError:
        raise
    except Exception as error:  # the libraries raise many kinds for hostile files
        raise SessionError(
            f"the seal of the PDF cannot be read ({shown(error, 200)}). Try: the file as it was issued"
        ) from None


def _state(data: bytes, size: int | None) -> SealState:
    reader, validation = needed_module("pyhanko.pdf_utils.reader"), needed_module("pyhanko.sign.validation")
    found = list(reader.PdfFileReader(io.BytesIO(data), strict=True).embedded_regular_signatures)
    if not found:
        return SealState(False, detail="the PDF has no seal")
    if len(found) > 1:
        return SealState(True, detail=f"the PDF has {len(found)} seals, and one is the most")
    status = _status(found[0], validation)
    certificate = found[0].signer_cert
    to_end = status.coverage >= needed_module("pyhanko.sign.validation.status").SignatureCoverageLevel.ENTIRE_FILE
    changed = "the size of the PDF before the seal is not known" if size is None else _changed(data, size)
    intact = bool(status.intact and status.valid)
    lacks = [
        *([] if intact else ["its bytes are not those that were sealed"]),
        *([] if to_end else ["something was added after it"]),
        *([changed] if changed else []),
    ]
    return SealState(
        present=True,
        intact=intact,
        whole=to_end and not changed,
        signer=certificate.subject.human_friendly,
        certificate_sha256=certificate.sha256.hex(),
        detail="; ".join(lacks) or "intact, over the whole file",
    )


def _status(signature: Any, validation: Any) -> Any:
    """Return what the library says of integrity; whom to trust is no question here, so the signer is the root."""
    context = needed_module("pyhanko_certvalidator").ValidationContext(
        trust_roots=[signature.signer_cert], allow_fetching=False
    )
    return validation.validate_pdf_signature(signature, context, skip_diff=True)


def _changed(data: bytes, size: int) -> str:
    """Return what differs, beside the seal, between the PDF and its first `size` bytes as a reader sees them."""
    if not 0 < size < len(data):
        return f"the PDF has {len(data)} bytes, and {size} of them before the seal"
    pikepdf = needed_module("pikepdf")
    with pikepdf.open(io.BytesIO(data[:size])) as before, pikepdf.open(io.BytesIO(data)) as after:
        first_page = before.pages[0].obj.objgen
        allowed = {before.Root.objgen: _ADDED_TO_ROOT, first_page: _ADDED_TO_PAGE}
        for one in before.objects:
            held = after.get_object(one.objgen)
            without = allowed.get(one.objgen, frozenset())
            if _seen(one, without, pikepdf) != _seen(held, without, pikepdf):
                return f"object {one.objgen[0]} of the PDF was changed with the seal"
        if after.Root.objgen != before.Root.objgen:
            return "the root of the PDF was changed with the seal"
        return _more_than_a_seal(before, after)


def _more_than_a_seal(before: Any, after: Any) -> str:
    """Return what was added with the seal that could be seen or act; a seal is one field without a picture."""
    known = [one.objgen for one in before.pages[0].obj.get("/Annots", [])]
    now = list(after.pages[0].obj.get("/Annots", []))
    added = now[len(known) :]
    fields = list(after.Root.AcroForm.get("/Fields", []))
    form = set(after.Root.AcroForm.keys()) - _OF_FORM
    if [one.objgen for one in now[: len(known)]] != known or len(added) != 1 or len(fields) != 1 or form:
        return "notes or fields were added with the seal"
    field = added[0]
    if field.objgen != fields[0].objgen or any(float(place) != 0 for place in field.Rect):
        return "something that can be seen was added with the seal"
    extra = sorted((set(field.keys()) - _OF_FIELD) | (set(field.V.keys()) - _OF_SIGNATURE))
    if extra:
        return f"{', '.join(extra)} was added with the seal"
    own = {one.objgen for one in (after.Root.AcroForm, field, field.V)}
    if {one.objgen for one in after.objects} - {one.objgen for one in before.objects} - own:
        return "an object that belongs to no seal was added with it"
    return "" if _trailer(before) == _trailer(after) else "the properties of the PDF were changed with the seal"


def _trailer(pdf: Any) -> dict[str, bytes]:
    """Return to what the trailer of a PDF points: its root, and its properties (title, author, dates)."""
    return {key: value.unparse() for key, value in pdf.trailer.items() if key not in _OF_TRAILER}


def _seen(one: Any, without: frozenset[str], pikepdf: Any) -> Any:
    if isinstance(one, pikepdf.Stream):
        return one.stream_dict.unparse(), one.read_raw_bytes()
    if isinstance(one, pikepdf.Dictionary):
        return {
            key: value.unparse() if isinstance(value, pikepdf.Object) else value
            for key, value in one.items()
            if key not in without
        }
    return one.unparse() if isinstance(one, pikepdf.Object) else one

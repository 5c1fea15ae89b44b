# SPDX-License-Identifier: Apache-2.0
"""The seal in the PDF: whoever changes a byte, adds something, or seals other pages, is noticed."""

import datetime
import io
from contextlib import suppress
from dataclasses import dataclass

import pikepdf
import pikepdf.pdfa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pyhanko.pdf_utils.generic import ArrayObject, DictionaryObject, NumberObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from energy_runner.certificate.document import attachments_of, seal_pdf, sealed
from energy_runner.errors import ConfigurationError, SessionError

REASON = "the laboratory issues this document"


@dataclass(frozen=True)
class Pair:
    certificate: bytes
    key: bytes


def _pair(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, passphrase: bytes | None = None) -> Pair:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Example laboratory")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
        .not_valid_after(datetime.datetime(2120, 1, 1, tzinfo=datetime.UTC))
        .add_extension(x509.KeyUsage(True, True, *[False] * 7), critical=True)
        .sign(key, hashes.SHA256())
    )
    locked = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    pem = serialization.Encoding.PEM
    return Pair(made.public_bytes(pem), key.private_bytes(pem, form, locked))


@pytest.fixture(scope="module")
def pair() -> Pair:
    return _pair(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="module")
def whole(pdf: bytes, pair: Pair) -> bytes:
    return seal_pdf(pdf, pair.certificate, pair.key, None, reason=REASON)


def test_a_seal_comes_after_the_pdf_and_holds(pdf: bytes, whole: bytes, pair: Pair) -> None:
    assert whole.startswith(pdf)
    state = sealed(whole, len(pdf))
    assert state.holds, state
    assert "Example laboratory" in state.signer
    certificate = x509.load_pem_x509_certificate(pair.certificate)
    assert state.certificate_sha256 == certificate.fingerprint(hashes.SHA256()).hex()
    assert attachments_of(whole) == attachments_of(pdf)


def test_a_pdf_without_a_seal_has_none(pdf: bytes) -> None:
    state = sealed(pdf, len(pdf))
    assert not state.present
    assert not state.holds


def test_what_the_validator_cannot_judge_of_a_sealed_one_is_the_form_of_the_seal(whole: bytes) -> None:
    report = pikepdf.pdfa.validate_written(io.BytesIO(whole), "3b")
    assert {one.kind for one in report.findings} == {"unsupported"}, [str(one) for one in report.findings]
    assert {one.rule for one in report.findings} == {"pikepdf:schema-Catalog", "pikepdf:embedded-file"}
    assert sum("/AcroForm" in str(one) for one in report.findings) == 1


def test_a_flipped_byte_is_noticed_wherever_it_is(pair: Pair) -> None:
    with pikepdf.new() as small:
        small.add_blank_page()
        out = io.BytesIO()
        small.save(out, force_version="1.7")
    before = out.getvalue()
    whole = seal_pdf(before, pair.certificate, pair.key, None, reason=REASON)
    assert sealed(whole, len(before)).holds
    for place in [*range(0, len(before), 23), *range(len(before), len(whole), 211), len(whole) - 1]:
        changed = bytearray(whole)
        changed[place] ^= 0x01
        try:
            state = sealed(bytes(changed), len(before))
        except SessionError as error:
            assert "seal of the PDF cannot be read" in str(error)
        else:
            # The seal cannot cover its own bytes: padding around them, written in hexadecimal digits, may change.
            padding = place > len(before) and whole[place - 20 : place + 20] == b"0" * 40
            assert not state.holds or padding, (place, state)


def test_what_is_added_after_the_seal_is_noticed(pdf: bytes, whole: bytes) -> None:
    state = sealed(whole + b"\n% more", len(pdf))
    assert state.intact
    assert not state.whole
    assert "added after it" in state.detail


def test_other_pages_under_a_seal_are_noticed(pdf: bytes, pair: Pair) -> None:
    """Somebody changes what a viewer shows, and seals that: the bytes of the first PDF are all still there."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    writer._update_meta = lambda: None  # a careful forger leaves the dates alone
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page[pdf_name("/Rotate")] = pdf_name("/Other")
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    forged = seal_pdf(out.getvalue(), pair.certificate, pair.key, None, reason=REASON)
    assert forged.startswith(pdf)
    state = sealed(forged, len(pdf))
    assert state.intact
    assert not state.holds
    assert "was changed with the seal" in state.detail


def test_a_note_over_the_page_under_a_seal_is_noticed(pdf: bytes, pair: Pair) -> None:
    """A note with a picture could hide the score, though no object of the PDF is another."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    writer._update_meta = lambda: None  # a careful forger leaves the dates alone
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    rectangle = ArrayObject(NumberObject(place) for place in (50, 400, 400, 600))
    note = DictionaryObject({pdf_name("/Subtype"): pdf_name("/Square"), pdf_name("/Rect"): rectangle})
    page[pdf_name("/Annots")] = ArrayObject([writer.add_object(note)])
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    forged = seal_pdf(out.getvalue(), pair.certificate, pair.key, None, reason=REASON)
    state = sealed(forged, len(pdf))
    assert state.intact
    assert not state.holds
    assert "notes or fields were added" in state.detail


def test_without_the_size_of_the_pdf_nothing_is_claimed(whole: bytes) -> None:
    state = sealed(whole)
    assert state.intact
    assert not state.holds
    assert "not known" in state.detail


@pytest.mark.parametrize("size", [0, 10, 10**9])
def test_a_wrong_size_is_no_reason_to_trust(whole: bytes, size: int) -> None:
    with suppress(SessionError):
        assert not sealed(whole, size).holds


def test_a_key_needs_its_passphrase(pdf: bytes) -> None:
    locked = _pair(ec.generate_private_key(ec.SECP256R1()), b"right")
    assert sealed(seal_pdf(pdf, locked.certificate, locked.key, b"right", reason=REASON), len(pdf)).holds
    for wrong in (b"wrong", None):
        with pytest.raises(ConfigurationError, match="passphrase"):
            seal_pdf(pdf, locked.certificate, locked.key, wrong, reason=REASON)


@pytest.mark.parametrize(
    "key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())], ids=["RSA", "P-384"]
)
def test_other_kinds_of_keys_are_refused(pdf: bytes, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    other = _pair(key)
    with pytest.raises(ConfigurationError, match="P-256"):
        seal_pdf(pdf, other.certificate, other.key, None, reason=REASON)


def test_a_key_of_another_certificate_is_refused(pdf: bytes, pair: Pair) -> None:
    other = _pair(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(ConfigurationError, match="not that of its certificate"):
        seal_pdf(pdf, pair.certificate, other.key, None, reason=REASON)


def test_what_is_no_key_is_refused(pdf: bytes, pair: Pair) -> None:
    with pytest.raises(ConfigurationError, match="certificate for the seal cannot be read"):
        seal_pdf(pdf, b"no", pair.key, None, reason=REASON)
    with pytest.raises(ConfigurationError, match="key for the seal cannot be read"):
        seal_pdf(pdf, pair.certificate, b"no", None, reason=REASON)


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"\0" * 50])
def test_what_is_no_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(SessionError, match="seal of the PDF cannot be read"):
        sealed(data, 1)

# SPDX-License-Identifier: Apache-2.0
"""The four forms of a certificate, under one signature: JSON, XML, PDF and the bill of materials."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from energy_runner.certificate.aibom import aibom_bytes
from energy_runner.certificate.dcc import write as dcc
from energy_runner.certificate.document.pdf import Attachment, Paper, pdf_bytes
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.holes import fill, filling, put
from energy_runner.certificate.signing.canonical import canonical_bytes
from energy_runner.certificate.signing.envelope import envelope_bytes, envelope_size, sign
from energy_runner.certificate.signing.keys import SigningKey
from energy_runner.certificate.signing.statement import PREDICATE, Statement, Subject, statement_bytes

JSON = "certificate.json"
XML = "certificate.dcc.xml"
PDF = "certificate.pdf"
AIBOM = "aibom.json"
NAMES = (JSON, XML, PDF, AIBOM)
FACTS = "session/facts"  # the subject whose digest is that of all sealed facts together
_SESSION = "session/"
_NO_DIGEST = "0" * 64
_ABOUT = {
    JSON: ("application/json", "Signed statement of all facts: in-toto statement in a DSSE envelope", "Source"),
    XML: ("text/xml", "Digital calibration certificate, schema 3.1.2", "Alternative"),
    AIBOM: ("application/json", "CycloneDX bill of materials with the energy of an inference", "Supplement"),
}


@dataclass(frozen=True)
class Forms:
    """The bytes of each form by its file name."""

    by_name: Mapping[str, bytes]

    def __getitem__(self, name: str) -> bytes:
        return self.by_name[name]


def issue(certificate: EnergyCertificate, key: SigningKey, paper: Paper = "a4") -> Forms:
    """Return the signed forms of a certificate; the same certificate and key give the same bytes.

    Raises `ConfigurationError` for a text that a form cannot hold, `SessionError` for a figure that none states.
    """
    certificate = _as_read(certificate)
    subjects = session_subjects(certificate)
    aibom = aibom_bytes(certificate)
    own = [Subject(name, _NO_DIGEST, 0) for name in (AIBOM, PDF, XML)]  # as long as with their digests
    blank = filling(envelope_size(len(_payload(certificate, [*subjects, *own]))))
    empty_xml = dcc.emptied(dcc.dcc_bytes(certificate, blank))
    attached = {AIBOM: aibom, JSON: blank, XML: empty_xml}
    empty_pdf = pdf_bytes(certificate, [_attachment(name, data) for name, data in attached.items()], paper)
    measured = ((AIBOM, aibom), (PDF, empty_pdf), (XML, empty_xml))
    own = [Subject(name, _sha256(data), len(data)) for name, data in measured]
    envelope = envelope_bytes(sign(_payload(certificate, [*subjects, *own]), key))
    xml = dcc.dcc_bytes(certificate, envelope)
    pdf = fill(put(empty_pdf, empty_xml, xml), envelope)
    return Forms({JSON: envelope, XML: xml, PDF: pdf, AIBOM: aibom})


def session_subjects(certificate: EnergyCertificate) -> list[Subject]:
    """Return the session's sealed files, and the digest of its facts, as subjects of a statement."""
    session = certificate.session
    files = [Subject(f"{_SESSION}{one.name}", one.sha256, one.size) for one in session.files]
    return [*files, *([Subject(FACTS, session.facts_sha256)] if session.facts_sha256 is not None else [])]


def emptied(name: str, data: bytes, envelope: bytes, xml: bytes | None = None) -> bytes:
    """Return a form with zeros in place of the envelope in it, as it was when its digest was taken.

    `xml` is the XML that is attached to a PDF. Raises `ValueError` if the envelope, or that XML, is not in it
    exactly once, and `SessionError` for an XML without its place.
    """
    if name == XML:
        return dcc.emptied(data)
    if name == PDF:
        without = put(data, envelope, filling(len(envelope)))
        return without if xml is None else put(without, xml, dcc.emptied(xml))
    return data


def attached_by_name() -> list[Attachment]:
    """Return what is attached to a PDF, by name and description, without the bytes."""
    return [_attachment(name, b"") for name in _ABOUT]


def _as_read(certificate: EnergyCertificate) -> EnergyCertificate:
    """Return a certificate as a reader of its JSON gets it: what has no order there has none elsewhere."""
    return EnergyCertificate.model_validate(json.loads(canonical_bytes(certificate.document())))


def _payload(certificate: EnergyCertificate, subjects: Sequence[Subject]) -> bytes:
    return statement_bytes(Statement(_in_order(subjects), PREDICATE, certificate.document()))


def _in_order(subjects: Iterable[Subject]) -> list[Subject]:
    return sorted(subjects, key=lambda one: one.name)


def _attachment(name: str, data: bytes) -> Attachment:
    mime, description, relationship = _ABOUT[name]
    return Attachment(name, mime, description, data, relationship)  # type: ignore[arg-type]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

# SPDX-License-Identifier: Apache-2.0
"""Certificates in a catalogue on disk, with what became of them since."""

import hashlib
from collections.abc import Callable, Mapping

from energy_runner.certificate.facts import EnergyCertificate, Revision
from energy_runner.certificate.forms import JSON, PDF
from energy_runner.certificate.register import REVOCATION
from energy_runner.certificate.signing.envelope import envelope_bytes, sign
from energy_runner.certificate.signing.keys import SigningKey
from energy_runner.certificate.signing.revocation import Revocation, revocation_statement
from energy_runner.certificate.signing.ring import KeyRing
from energy_runner.certificate.signing.statement import statement_bytes
from tests.support.wrong_certificates.case import Case, Made
from tests.support.wrong_certificates.lab import (
    FROM,
    KEY,
    OTHER_KEY,
    OWNER,
    RING,
    forms_of,
    signed_by,
    virtual,
    virtual_forms,
)

_FOLDER = "certificates"
_STRANGER = KeyRing(keys=(*RING.keys, *KeyRing().add(OTHER_KEY.public, "Another Laboratory", FROM).keys))
_SAME_OWNER = KeyRing(keys=(*RING.keys, *KeyRing().add(OTHER_KEY.public, OWNER, FROM).keys))
Maker = Callable[[], Made]


def _sha256() -> str:
    return hashlib.sha256(virtual_forms()[JSON]).hexdigest()


def _superseded(signer: SigningKey = KEY, ring: KeyRing = RING, *, ask_new: bool = False) -> Maker:
    """Return the maker of a catalogue with a certificate and the one that supersedes it."""

    def make() -> Made:
        before = Revision(id=virtual().id, sha256=_sha256(), why="the address was wrong")
        new = signed_by(virtual(), signer, issued_utc="2026-03-09T10:00:00Z", supersedes=before)
        held = {**_placed(virtual(), virtual_forms()), **_placed(new, forms_of(new, signer))}
        return Made(held, f"{_FOLDER}/{(new if ask_new else virtual()).id}/{PDF}", ring)

    return make


def _revoked(
    signer: SigningKey = KEY,
    ring: KeyRing = RING,
    sha256: str = "",
    change: Callable[[bytes], bytes] = bytes,
) -> Maker:
    """Return the maker of a catalogue with a certificate and its revocation."""

    def make() -> Made:
        told = Revocation(virtual().id, sha256 or _sha256(), "the board was another one", "2026-04-01T00:00:00Z")
        envelope = envelope_bytes(sign(statement_bytes(revocation_statement(told)), signer))
        held = _placed(virtual(), {**virtual_forms(), REVOCATION: change(envelope)})
        return Made(held, f"{_FOLDER}/{virtual().id}/{PDF}", ring)

    return make


def _placed(one: EnergyCertificate, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{_FOLDER}/{one.id}/{name}": data for name, data in files.items()}


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _wrong(name: str, about: str, make: Maker) -> Case:
    return Case(name, about, "key", make, (("revision", JSON),))


def _right(name: str, about: str, make: Maker) -> Case:
    return Case(name, about, "right", make)


CASES = (
    _wrong("superseded", "another certificate in the catalogue supersedes it", _superseded()),
    _wrong(
        "superseded-under-another-key",
        "one that another key of the same owner has signed supersedes it",
        _superseded(OTHER_KEY, _SAME_OWNER),
    ),
    _wrong("revoked", "the catalogue holds its revocation", _revoked()),
    _wrong("revoked-by-id", "its revocation names its id, and other bytes", _revoked(sha256="0" * 64)),
    _wrong(
        "revoked-under-another-key",
        "another key of the same owner has revoked it",
        _revoked(OTHER_KEY, _SAME_OWNER),
    ),
    _wrong("revocation-cut-off", "the catalogue holds half a revocation", _revoked(change=_half)),
    _right("right-superseding-in-catalogue", "it is the newer one of two", _superseded(ask_new=True)),
    _wrong("revoked-by-a-stranger", "another laboratory claims to revoke it", _revoked(OTHER_KEY, _STRANGER)),
    _wrong(
        "superseded-by-a-stranger", "another laboratory claims to supersede it", _superseded(OTHER_KEY, _STRANGER)
    ),
)

# SPDX-License-Identifier: Apache-2.0
"""Wrong signatures, keys and time stamps."""

import base64
import hashlib
import json
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from energy_runner.certificate.forms import JSON
from energy_runner.certificate.signing.envelope import envelope_bytes, read_envelope, sign
from energy_runner.certificate.signing.revocation import Revocation, revocation_statement
from energy_runner.certificate.signing.ring import KeyRing
from energy_runner.certificate.signing.statement import statement_bytes
from energy_runner.certificate.verify.bundle import STAMP
from tests.support.wrong_certificates.authority import certificate_pem, stamp
from tests.support.wrong_certificates.case import Case, Made
from tests.support.wrong_certificates.lab import (
    FROM,
    KEY,
    OTHER_KEY,
    OWNER,
    RING,
    Document,
    forms_of,
    signed_by,
    statement_of,
    virtual,
    virtual_forms,
)


def _until(day: str) -> KeyRing:
    """Return a ring in which the key has a last day."""
    return KeyRing().add(KEY.public, OWNER, FROM, day)


_TIME = "time-authority.pem"
_TRUST = (("trust", JSON),)
_STAMP = (("time-stamp", STAMP),)
_READABLE = (("readable", JSON),)
_SIGNATURE = (("signature", JSON),)
_BOTH = KeyRing(keys=(*RING.keys, *KeyRing().add(OTHER_KEY.public, OWNER, FROM).keys))
REVOKED = RING.revoke(KEY.key_id, "2026-06-01", "the computer was stolen")
REVOKED_BEFORE = RING.revoke(KEY.key_id, "2026-02-01", "the computer was stolen")


def _with(ring: KeyRing, issued_utc: str = "2026-03-02T10:00:00Z") -> Callable[[], Made]:
    """Return the maker of a certificate that is right, but for the ring that it meets and the day of its issue."""
    return lambda: Made(forms_of(signed_by(virtual(), issued_utc=issued_utc)), ring=ring)


def _stamped(  # noqa: PLR0917 - a time stamp and what it meets
    at_utc: str,
    ring: KeyRing = RING,
    issued_utc: str = "2026-03-02T10:00:00Z",
    authority: str = "Example Time",
    of: Callable[[bytes], bytes] = lambda data: data,
    then: Callable[[bytes], bytes] = lambda token: token,
) -> Callable[[], Made]:
    """Return the maker of a certificate with a time stamp of that moment; `of` is what was stamped."""

    def make() -> Made:
        forms = forms_of(signed_by(virtual(), issued_utc=issued_utc))
        token = then(stamp(of(forms[JSON]), at_utc, authority))
        return Made({**forms, STAMP: token}, ring=ring, authorities={_TIME: certificate_pem()})

    return make


def _alone(change: Callable[[Document], object], ring: KeyRing = RING) -> Callable[[], Made]:
    """Return the maker of a signed statement alone, whose envelope was changed."""

    def make() -> Made:
        document = json.loads(virtual_forms()[JSON])
        change(document)
        data = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
        return Made({JSON: data}, JSON, ring)

    return make


def _signature(change: Callable[[bytes], bytes]) -> Callable[[Document], None]:
    def apply(document: Document) -> None:
        one = document["signatures"][0]
        one["sig"] = base64.b64encode(change(base64.b64decode(one["sig"]))).decode()

    return apply


def _other_signature(document: Document) -> None:
    payload = base64.b64decode(document["payload"])
    document["signatures"][0]["sig"] = base64.b64encode(sign(payload, OTHER_KEY).signature).decode()


def _elliptic(document: Document) -> None:
    payload = base64.b64decode(document["payload"])
    signature = ec.derive_private_key(7, ec.SECP256R1()).sign(payload, ec.ECDSA(SHA256()))
    document["signatures"][0]["sig"] = base64.b64encode(signature).decode()


def _second_signature(document: Document) -> None:
    second = sign(base64.b64decode(document["payload"]), OTHER_KEY)
    signature = base64.b64encode(second.signature).decode()
    document["signatures"].append({"keyid": second.key_id, "sig": signature})


def _without_pae(document: Document) -> None:
    """Sign the payload itself, without its type in front (DSSE: the pre-authentication encoding)."""
    signature = KEY.private.sign(base64.b64decode(document["payload"]))
    document["signatures"][0]["sig"] = base64.b64encode(signature).decode()


def _at_no_moment() -> Made:
    """Return a statement alone: no form of a certificate can hold such a date."""
    return Made({JSON: statement_of(signed_by(virtual(), issued_utc="soon"))}, JSON)


def _by_another() -> Made:
    """Sign with another trusted key what names the laboratory's own."""
    envelope = read_envelope(virtual_forms()[JSON])
    return Made({JSON: envelope_bytes(sign(envelope.payload, OTHER_KEY))}, JSON, _BOTH)


def _revocation() -> Made:
    revocation = Revocation(
        virtual().id, hashlib.sha256(virtual_forms()[JSON]).hexdigest(), "a mistake", "2026-04-01T00:00:00Z"
    )
    payload = statement_bytes(revocation_statement(revocation))
    return Made({JSON: envelope_bytes(sign(payload, KEY))}, JSON)


def _key_in_the_ring_of_another() -> Made:
    """Return a ring in which the id of the key is another's: nothing of it may be believed."""
    return Made(virtual_forms(), ring=KeyRing().add(OTHER_KEY.public, OWNER, FROM))


def _last_bit(data: bytes) -> bytes:
    """Change a bit at the end of a token, where its signature is."""
    return data[:-1] + bytes([data[-1] ^ 1])


def _bit(data: bytes) -> bytes:
    half = len(data) // 2
    return data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :]


CASES = (
    Case(
        "key-expired-since",
        "the key has expired since, and no time stamp proves when it was signed",
        "key",
        _with(_until("2026-04-30")),
        _TRUST,
    ),
    Case(
        "issued-in-the-future",
        "it was issued in a hundred years",
        "key",
        _with(RING, "2126-03-02T10:00:00Z"),
        (("clocks", JSON),),
    ),
    Case("issued-at-no-moment", "the date of issue is no date", "key", _at_no_moment, (("clocks", JSON),)),
    Case("key-expired", "the key had expired when it was issued", "key", _with(_until("2026-02-28")), _TRUST),
    Case(
        "key-not-yet-valid",
        "it was issued before the key was valid",
        "key",
        _with(RING, "2025-12-31T23:59:59Z"),
        _TRUST,
    ),
    Case("key-unknown", "the key is not in the key ring", "key", _with(KeyRing()), _TRUST),
    Case(
        "key-of-another", "the ring has another key of the same owner", "key", _key_in_the_ring_of_another, _TRUST
    ),
    Case("key-revoked-before", "the key was revoked before it was issued", "key", _with(REVOKED_BEFORE), _TRUST),
    Case(
        "key-revoked-later",
        "the key was revoked later, and no time stamp proves when it was signed",
        "key",
        _with(REVOKED),
        _TRUST,
    ),
    Case(
        "key-revoked-late-time-stamp",
        "the key was revoked later, and the time stamp is later still",
        "key",
        _stamped("2026-07-01T00:00:00Z", REVOKED),
        _TRUST,
    ),
    Case(
        "time-stamp-late",
        "the time stamp was made after the key had expired",
        "key",
        _stamped("2026-05-10T00:00:00Z", _until("2026-04-30")),
        _TRUST,
    ),
    Case(
        "time-stamp-early",
        "the time stamp is older than the date of issue",
        "key",
        _stamped("2026-03-01T00:00:00Z"),
        (("clocks", JSON),),
    ),
    Case(
        "time-stamp-of-another",
        "the time stamp is one of other bytes",
        "key",
        _stamped("2026-03-02T10:00:05Z", of=lambda data: b"{}"),
        _STAMP,
    ),
    Case(
        "time-stamp-changed",
        "a bit of the time stamp was changed",
        "key",
        _stamped("2026-03-02T10:00:05Z", then=_last_bit),
        _STAMP,
    ),
    Case(
        "time-stamp-empty",
        "the time stamp is empty",
        "key",
        _stamped("2026-03-02T10:00:05Z", then=lambda token: b""),
        _STAMP,
    ),
    Case(
        "time-stamp-unknown-authority",
        "an authority stamped it that nobody trusts",
        "key",
        _stamped("2026-03-02T10:00:05Z", authority="Strange Time"),
        _STAMP,
    ),
    Case(
        "signature-missing",
        "the envelope has no signature",
        "key",
        _alone(lambda one: one["signatures"].clear()),
        _READABLE,
    ),
    Case(
        "signature-twice",
        "the envelope has its signature twice",
        "key",
        _alone(lambda one: one.update(signatures=one["signatures"] * 2)),
        _READABLE,
    ),
    Case(
        "signature-second", "somebody else has signed as well", "key", _alone(_second_signature, _BOTH), _READABLE
    ),
    Case(
        "signature-truncated",
        "the last byte of the signature is missing",
        "key",
        _alone(_signature(lambda each: each[:-1])),
        _READABLE,
    ),
    Case(
        "signature-of-zeros",
        "the signature is all zeros",
        "key",
        _alone(_signature(lambda each: bytes(64))),
        _SIGNATURE,
    ),
    Case("signature-changed", "a bit of the signature was changed", "key", _alone(_signature(_bit)), _SIGNATURE),
    Case(
        "signature-by-another-key",
        "another key has signed, under the name of the right one",
        "key",
        _alone(_other_signature, _BOTH),
        _SIGNATURE,
    ),
    Case(
        "signature-by-another-trusted-key",
        "another trusted key has signed than the facts name",
        "key",
        _by_another,
        _SIGNATURE,
    ),
    Case(
        "signature-other-algorithm",
        "it is signed with ECDSA in place of Ed25519",
        "key",
        _alone(_elliptic),
        _READABLE,
    ),
    Case(
        "signature-without-type", "the payload is signed without its type", "key", _alone(_without_pae), _SIGNATURE
    ),
    Case(
        "signature-key-id-in-capitals",
        "the id of the key is in capital letters",
        "key",
        _alone(lambda one: one["signatures"][0].update(keyid=KEY.key_id.upper())),
        _READABLE,
    ),
    Case(
        "payload-other-type",
        "the envelope says that its payload is of another type",
        "key",
        _alone(lambda one: one.update(payloadType="application/json")),
        _READABLE,
    ),
    Case(
        "envelope-extra-field",
        "the envelope has one field more",
        "key",
        _alone(lambda one: one.update(note="approved")),
        _READABLE,
    ),
    Case(
        "statement-of-revocation",
        "it is signed by the right key, and revokes a certificate",
        "key",
        _revocation,
        _READABLE,
    ),
)
RIGHT = (
    Case(
        "right-key-expired-since-time-stamp",
        "the key has expired since, and a time stamp proves that the signature is older",
        "right",
        _stamped("2026-03-02T10:00:05Z", _until("2026-04-30")),
    ),
    Case(
        "right-key-revoked-after-time-stamp",
        "the key was revoked later, and a time stamp proves that the signature is older",
        "right",
        _stamped("2026-03-02T10:00:05Z", REVOKED),
    ),
    Case("right-time-stamp", "with a time stamp of the same day", "right", _stamped("2026-03-02T10:00:05Z")),
)

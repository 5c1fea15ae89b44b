# SPDX-License-Identifier: Apache-2.0
"""A signed statement: a DSSE envelope (Dead Simple Signing Envelope, v1.0.2) with one Ed25519 signature.

It has a fixed length for a payload of a given length, so that other files can keep room for it.
"""

import binascii
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from energy_runner.certificate.needed import needed
from energy_runner.certificate.signing.canonical import canonical_bytes, keys_are, read_canonical, refuse
from energy_runner.certificate.signing.keys import PublicKey, SigningKey
from energy_runner.certificate.signing.statement import MOST_BYTES as MOST_PAYLOAD_BYTES

PAYLOAD_TYPE = "application/vnd.in-toto+json"
SIGNATURE_BYTES = 64
MOST_BYTES = MOST_PAYLOAD_BYTES * 4 // 3 + 4096
_KEY_ID = re.compile("[0-9a-f]{64}")
_WHAT = "signed envelope"


@dataclass(frozen=True)
class Envelope:
    """What was signed, with which key, and the signature (RFC 8032) over the payload and its type."""

    payload: bytes
    key_id: str
    signature: bytes


def sign(payload: bytes, key: SigningKey) -> Envelope:
    """Return a payload with its signature; the same for the same payload and key."""
    with needed():
        from securesystemslib import dsse
        from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]
    public = SSlibKey.from_crypto(key.private.public_key(), keyid=key.key_id)
    signature = dsse.Envelope(payload, PAYLOAD_TYPE, {}).sign(CryptoSigner(key.private, public))
    return Envelope(payload, key.key_id, bytes.fromhex(signature.signature))


def envelope_bytes(envelope: Envelope) -> bytes:
    """Return an envelope in canonical JSON, which is ASCII."""
    return canonical_bytes(
        {
            "payload": b64encode(envelope.payload).decode(),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"keyid": envelope.key_id, "sig": b64encode(envelope.signature).decode()}],
        }
    )


def envelope_size(payload_bytes: int) -> int:
    """Return the length in bytes of the envelope of a payload of `payload_bytes` bytes."""
    empty = envelope_bytes(Envelope(b"", "0" * 64, bytes(SIGNATURE_BYTES)))
    return len(empty) + (payload_bytes + 2) // 3 * 4


def read_envelope(data: bytes) -> Envelope:
    """Return the envelope in bytes that anybody may have written; whether its signature holds is not asked here.

    Raises `SessionError` for all that is not byte for byte what `envelope_bytes` writes.
    """
    document = keys_are(read_canonical(data, _WHAT, MOST_BYTES), ("payload", "payloadType", "signatures"), _WHAT)
    if document["payloadType"] != PAYLOAD_TYPE:
        refuse(_WHAT, f"its payload is a {document['payloadType']!r}, not {PAYLOAD_TYPE}")
    signatures = document["signatures"]
    if not isinstance(signatures, list) or len(signatures) != 1:
        refuse(_WHAT, "it has to have exactly one signature")
    one = keys_are(signatures[0], ("keyid", "sig"), f"{_WHAT}: signature")
    if not isinstance(one["keyid"], str) or not _KEY_ID.fullmatch(one["keyid"]):
        refuse(_WHAT, "the id of its key is not 64 hexadecimal digits")
    signature = _decoded(one["sig"], "signature")
    if len(signature) != SIGNATURE_BYTES:
        refuse(_WHAT, f"its signature has {len(signature)} bytes, one of Ed25519 has {SIGNATURE_BYTES}")
    envelope = Envelope(_decoded(document["payload"], "payload"), one["keyid"], signature)
    if envelope_bytes(envelope) != data:  # the last character of base64 has bits that say nothing
        refuse(_WHAT, "its base64 is not in the canonical form (RFC 4648, 3.5)")
    return envelope


def signature_holds(envelope: Envelope, public_key: PublicKey) -> bool:
    """Return whether an envelope was signed with this key; one that names another key was not."""
    with needed():
        from securesystemslib import dsse
        from securesystemslib.exceptions import VerificationError
        from securesystemslib.signer import Signature, SSlibKey  # type: ignore[attr-defined]
    key = SSlibKey.from_crypto(public_key.loaded(), keyid=public_key.key_id)
    signature = Signature(envelope.key_id, envelope.signature.hex())
    try:
        dsse.Envelope(envelope.payload, PAYLOAD_TYPE, {envelope.key_id: signature}).verify([key], 1)
    except VerificationError:
        return False
    return True


def _decoded(text: object, name: str) -> bytes:
    if not isinstance(text, str):
        refuse(_WHAT, f"its {name} is no text")
    try:
        return b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        refuse(_WHAT, f"its {name} is not in base64")

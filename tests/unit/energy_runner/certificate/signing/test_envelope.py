# SPDX-License-Identifier: Apache-2.0
"""Signed envelopes: one form, one key, and no byte of it can change unnoticed."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.certificate.signing.envelope import (
    MOST_BYTES,
    PAYLOAD_TYPE,
    Envelope,
    envelope_bytes,
    envelope_size,
    read_envelope,
    sign,
    signature_holds,
)
from energy_runner.certificate.signing.keys import PublicKey, SigningKey, new_key
from energy_runner.errors import SessionError

PAYLOAD = b'{"score":1}'


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return new_key(tmp_path_factory.mktemp("keys") / "lab.key", None)


@pytest.fixture(scope="module")
def signed(key: SigningKey) -> bytes:
    return envelope_bytes(sign(PAYLOAD, key))


def test_what_was_signed_holds_with_its_key(key: SigningKey, signed: bytes) -> None:
    envelope = read_envelope(signed)
    assert envelope == sign(PAYLOAD, key)
    assert envelope.payload == PAYLOAD
    assert signature_holds(envelope, key.public)


def test_it_is_dsse_as_others_read_it(key: SigningKey, signed: bytes) -> None:
    """The pre-authentication encoding is written out here as the specification of DSSE has it."""
    document = json.loads(signed)
    assert document["payloadType"] == "application/vnd.in-toto+json"
    encoded = b"DSSEv1 28 application/vnd.in-toto+json 11 " + PAYLOAD
    key.public.loaded().verify(read_envelope(signed).signature, encoded)


def test_another_key_does_not_hold(tmp_path: Path, key: SigningKey, signed: bytes) -> None:
    other = new_key(tmp_path / "other.key", None)
    envelope = read_envelope(signed)
    assert not signature_holds(envelope, other.public)
    # Nor where it is named as the signer.
    assert not signature_holds(Envelope(envelope.payload, other.key_id, envelope.signature), other.public)
    assert not signature_holds(Envelope(envelope.payload, other.key_id, envelope.signature), key.public)


@given(st.binary(max_size=300))
def test_the_size_is_known_before_it_is_signed(payload: bytes) -> None:
    data = envelope_bytes(Envelope(payload, "a" * 64, b"\xff" * 64))
    assert len(data) == envelope_size(len(payload))
    assert data.isascii()
    assert read_envelope(data).payload == payload


def test_every_flipped_bit_is_refused_or_does_not_hold(key: SigningKey, signed: bytes) -> None:
    for place in range(len(signed)):
        for bit in range(8):
            changed = bytearray(signed)
            changed[place] ^= 1 << bit
            assert not _accepted(bytes(changed), key.public), (place, bit)


def test_every_truncated_doubled_or_lengthened_one_is_refused(signed: bytes) -> None:
    for place in range(len(signed)):
        one = signed[place : place + 1]
        for changed in (
            signed[:place],
            signed[:place] + one + signed[place:],
            signed[:place] + signed[place + 1 :],
        ):
            if changed == signed:
                continue
            _refused(changed)
    for more in (b"\n", b" ", b"\0", signed):
        _refused(signed + more)
        _refused(more + signed)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    _refused(data)


def _document() -> dict[str, Any]:
    one = {"keyid": "a" * 64, "sig": b64encode(bytes(64)).decode()}
    return {"payload": b64encode(PAYLOAD).decode(), "payloadType": PAYLOAD_TYPE, "signatures": [one]}


def _one(**changed: Any) -> dict[str, Any]:
    return _document() | {"signatures": [_document()["signatures"][0] | changed]}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (_document() | {"signatures": []}, "exactly one signature"),
        (_document() | {"signatures": _document()["signatures"] * 2}, "exactly one signature"),
        (_document() | {"signatures": {}}, "exactly one signature"),
        (_document() | {"payloadType": "text/plain"}, "'text/plain'"),
        (_document() | {"payloadType": 1}, "not application"),
        (_document() | {"payload": 1}, "payload is no text"),
        (_document() | {"payload": "eyJ*"}, "not in base64"),
        (_document() | {"payload": "ü"}, "not in base64"),
        (_document() | {"payload": "YR=="}, "canonical form"),
        (_document() | {"payload": "YQ"}, "not in base64"),
        (_document() | {"more": 1}, "'more' is not known"),
        (_one(alg="none"), "'alg' is not known"),
        (_one(keyid="A" * 64), "64 hexadecimal digits"),
        (_one(keyid=""), "64 hexadecimal digits"),
        (_one(sig=""), "has 0 bytes"),
        (_one(sig=b64encode(bytes(128)).decode()), "has 128 bytes"),
        (_one(sig=b64encode(bytes(63)).decode()), "has 63 bytes"),
        (_one(sig=None), "signature is no text"),
        ([], "an object was expected"),
        ("x", "an object was expected"),
    ],
)
def test_each_wrong_part_is_named(document: Any, words: str) -> None:
    data = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    with pytest.raises(SessionError, match="Try: ") as raised:
        read_envelope(data)
    assert words in str(raised.value)


def test_a_long_one_is_not_even_looked_at() -> None:
    with pytest.raises(SessionError, match="more than the"):
        read_envelope(b"{" * (MOST_BYTES + 1))


def _accepted(data: bytes, public: PublicKey) -> bool:
    try:
        return signature_holds(read_envelope(data), public)
    except SessionError:
        return False


def _refused(data: bytes) -> None:
    with pytest.raises(SessionError, match="signed envelope: "):
        read_envelope(data)

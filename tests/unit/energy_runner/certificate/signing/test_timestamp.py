# SPDX-License-Identifier: Apache-2.0
"""Time stamps by an authority of the tests: what they prove, and every way in which they prove nothing."""

import hashlib
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.certificate.signing.timestamp import MOST_BYTES, Stamped, read_token, request_token
from energy_runner.errors import BenchFault, ConfigurationError, SessionError
from tests.support.time_authority import NOON, Authority, ec_key, rsa_key

DATA = b"a signed envelope"
URL = "https://user:secret@clock.example/tsr?key=secret"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def test_a_token_proves_when_the_bytes_existed(authority: Authority) -> None:
    token = request_token(URL, DATA, authority.post)
    assert authority.asked == [URL]
    assert read_token(token, DATA, authority.roots) == Stamped("2026-11-30T12:00:00.250000Z", "CN=Clock", 1.5)


@pytest.mark.parametrize(
    "made",
    [
        {"middle_key": "ec"},
        {"middle_key": "ec", "with_root": True},
        {"key": "rsa", "root_key": "rsa"},
        {"key": "rsa", "middle_key": "rsa", "with_root": True},
    ],
)
def test_each_kind_of_authority_is_read_and_every_flipped_byte_refused(made: dict[str, Any]) -> None:
    kinds = {name: kind if kind is True else _key(kind, name) for name, kind in made.items()}
    authority = Authority(**kinds)
    token = request_token(URL, DATA, authority.post)
    assert read_token(token, DATA, authority.roots).authority == "CN=Clock"
    for place in range(len(token)):
        changed = bytearray(token)
        changed[place] ^= 1 << place % 8
        _refused(bytes(changed), authority)


def _key(kind: str, name: str) -> Any:
    return ec_key() if kind == "ec" else rsa_key(len(name))


def test_every_truncated_or_doubled_byte_is_refused(authority: Authority) -> None:
    token = authority.token(DATA)
    for place in range(len(token)):
        _refused(token[:place], authority)
        _refused(token[: place + 1] + token[place:], authority)
    for changed in (token + b"\0", token + token, b"\0" + token, b"0" * (MOST_BYTES + 1)):
        _refused(changed, authority)


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_in_words(data: bytes) -> None:
    with pytest.raises(SessionError, match="time stamp: "):
        read_token(data, DATA, _ROOTS)


_ROOTS = Authority().roots


def test_a_token_for_other_data_is_refused(authority: Authority) -> None:
    with pytest.raises(SessionError, match=r"time stamp: .* does not hold"):
        read_token(authority.token(DATA), DATA + b" ", authority.roots)


@pytest.mark.parametrize(
    "made",
    [
        {"usage": ExtendedKeyUsageOID.SERVER_AUTH},
        {"critical": False},
        {"begin": NOON + timedelta(seconds=1)},
        {"end": NOON - timedelta(seconds=1)},
        {"reference": bytes(32)},
        {"unsigned": True},
    ],
    ids=["another use", "use not critical", "too early", "expired", "another certificate", "unsigned attribute"],
)
def test_each_wrong_token_is_refused(made: dict[str, Any]) -> None:
    authority = Authority(**made)
    with pytest.raises(SessionError, match=r"time stamp: .*(does not hold|it has unsigned|not the one).*Try: "):
        read_token(authority.token(DATA), DATA, authority.roots)


def test_an_authority_that_is_not_trusted_is_refused(authority: Authority) -> None:
    with pytest.raises(SessionError, match="does not hold"):
        read_token(authority.token(DATA), DATA, Authority().roots)
    with pytest.raises(ConfigurationError, match="no time stamp authority is trusted"):
        read_token(authority.token(DATA), DATA, [])
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_token(authority.token(DATA), DATA, [b"-----BEGIN CERTIFICATE-----"])


def test_a_root_may_be_der_or_one_of_several(authority: Authority) -> None:
    token = authority.token(DATA)
    der = authority.root.public_bytes(Encoding.DER)
    several = Authority().roots[0] + authority.roots[0]
    assert read_token(token, DATA, [der]) == read_token(token, DATA, [several])


def test_a_certificate_that_nobody_needs_cannot_hide_in_it(authority: Authority) -> None:
    stranger = replace(authority, asked=[])
    stranger.chain = [stranger.leaf, Authority().leaf]
    with pytest.raises(SessionError, match="do not lead from its signer to a root"):
        read_token(stranger.token(DATA), DATA, stranger.roots)
    assert read_token(request_token(URL, DATA, stranger.post), DATA, stranger.roots).authority == "CN=Clock"


def test_what_nobody_signed_is_left_out_when_it_is_asked_for() -> None:
    authority = Authority(unsigned=True, middle_key=ec_key(), with_root=True)
    token = request_token(URL, DATA, authority.post)
    assert read_token(token, DATA, authority.roots).authority == "CN=Clock"
    with pytest.raises(SessionError, match="unsigned attributes"):
        read_token(authority.token(DATA), DATA, authority.roots)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ({"status": 2}, "refused (the clock is being set)"),
        ({"nonce": 12}, "another query"),
        ({"digest": hashlib.sha256(b"other").digest()}, "another query"),
    ],
)
def test_a_wrong_answer_is_named_without_secrets(made: dict[str, Any], words: str) -> None:
    with pytest.raises(BenchFault, match="Try") as raised:
        request_token(URL, DATA, Authority(**made).post)
    assert words in str(raised.value)
    assert "clock.example/tsr" in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("answer", [b"", b"<html>", b"\x30\x80", bytes(MOST_BYTES + 1)])
def test_an_answer_that_is_no_time_stamp_is_named(answer: bytes) -> None:
    with pytest.raises(BenchFault, match="what came is none"):
        request_token(URL, DATA, lambda url, body: answer)


def test_an_answer_that_grants_a_token_and_holds_none_is_named() -> None:
    granted = bytes.fromhex("30053003020100")  # TimeStampResp { status { granted } }, without its optional token
    with pytest.raises(BenchFault, match=r"a time stamp was asked for, what came is .*Try: another authority"):
        request_token(URL, DATA, lambda url, body: granted)


def test_openssl_answers_and_its_token_is_read(tmp_path: Path, authority: Authority) -> None:
    """A program that is not ours understands the query, and we understand its answer."""
    pem = authority.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key").write_bytes(pem)
    (tmp_path / "leaf").write_bytes(authority.leaf.public_bytes(Encoding.PEM))
    (tmp_path / "root").write_bytes(authority.roots[0])
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "config").write_text(
        f"[tsa]\ndefault_tsa=one\n[one]\nserial={tmp_path}/serial\nsigner_cert={tmp_path}/leaf\n"
        f"signer_key={tmp_path}/key\nsigner_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\n"
        "ess_cert_id_alg=sha256\n"
    )

    def post(url: str, body: bytes) -> bytes:
        (tmp_path / "query").write_bytes(body)
        _openssl(tmp_path, "-reply", "-config", "config", "-queryfile", "query", "-out", "answer")
        return (tmp_path / "answer").read_bytes()

    token = request_token(URL, DATA, post)
    assert read_token(token, DATA, authority.roots).authority == "CN=Clock"
    (tmp_path / "token").write_bytes(authority.token(DATA))
    _openssl(tmp_path, "-verify", "-data", "data", "-in", "token", "-token_in", "-CAfile", "root")


def _openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["openssl", "ts", *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def _refused(token: bytes, authority: Authority) -> None:
    with pytest.raises(SessionError, match="time stamp: "):
        read_token(token, DATA, authority.roots)

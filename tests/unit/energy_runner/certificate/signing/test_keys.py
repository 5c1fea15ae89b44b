# SPDX-License-Identifier: Apache-2.0
"""Keys in files: who may read them, what opens them, and what is no key of ours."""

import hashlib
import os
import stat
import subprocess
from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from energy_runner.certificate.signing import keys
from energy_runner.certificate.signing.closing import ROUNDS
from energy_runner.certificate.signing.keys import PublicKey, load_key, needs_passphrase, new_key, public_key
from energy_runner.errors import BenchFault, ConfigurationError
from energy_runner.session import disk

posix = pytest.mark.skipif(os.name != "posix", reason="this system keeps no modes of files")


@pytest.mark.parametrize("passphrase", [None, b"four words of yours", "Zürich \N{SNOWMAN}".encode(), b"x" * 5000])
def test_a_key_is_opened_with_its_passphrase(tmp_path: Path, passphrase: bytes | None) -> None:
    path = tmp_path / "lab.key"
    key = new_key(path, passphrase)
    assert needs_passphrase(path) is (passphrase is not None)
    again = load_key(path, passphrase)
    assert again.key_id == key.key_id
    assert again.private.private_bytes_raw() == key.private.private_bytes_raw()
    assert key.private.private_bytes_raw() not in path.read_bytes()


@posix
def test_only_its_owner_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        new_key(tmp_path / "lab.key", None)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "lab.key").stat().st_mode) == 0o600


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_one_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "lab.key"
    new_key(path, None)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match=rf"others may read this key \(mode {mode:04o}\). Try: chmod 600"):
        load_key(path, None)


def test_nothing_is_overwritten_and_no_link_followed(tmp_path: Path) -> None:
    path, link = tmp_path / "lab.key", tmp_path / "link"
    path.write_text("mine")
    link.symlink_to(tmp_path / "elsewhere")
    for taken in (path, link, tmp_path):
        with pytest.raises(ConfigurationError, match="never overwritten"):
            new_key(taken, None)
    assert path.read_text() == "mine"
    assert not (tmp_path / "elsewhere").exists()


def test_nothing_stays_where_the_disk_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: object, data: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "write", full)
    with pytest.raises(BenchFault, match=r"No space left on device\)\. Try: free disk space"):
        new_key(tmp_path / "lab.key", None)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigurationError, match="Try: another folder"):
        new_key(tmp_path / "none" / "lab.key", None)


def test_each_wrong_passphrase_is_named(tmp_path: Path) -> None:
    closed, bare = tmp_path / "closed.key", tmp_path / "bare.key"
    new_key(closed, b"right")
    new_key(bare, None)
    for path, passphrase, words in (
        (closed, b"wrong", "the passphrase is wrong, or the file is damaged"),
        (closed, b"right ", "the passphrase is wrong"),
        (closed, None, "closed by a passphrase, and none was given"),
        (closed, b"", "closed by a passphrase, and none was given"),
        (bare, b"right", "not closed by a passphrase, but one was given"),
    ):
        with pytest.raises(ConfigurationError, match="Try: ") as raised:
            load_key(path, passphrase)
        assert words in str(raised.value)
        assert "right" not in str(raised.value)
    with pytest.raises(ConfigurationError, match="the passphrase is empty"):
        new_key(tmp_path / "new.key", b"")


def test_it_says_nothing_of_itself(tmp_path: Path) -> None:
    key = new_key(tmp_path / "lab.key", None)
    assert "Private" not in repr(key)
    assert key.private.private_bytes_raw().hex() not in repr(key)


def test_openssl_opens_it_and_finds_the_same_key(tmp_path: Path) -> None:
    """A program that is not ours; the rounds are in the file, beside the names of what closes it."""
    path = tmp_path / "lab.key"
    key = new_key(path, b"four words")
    shown = subprocess.run(
        ["openssl", "pkey", "-in", path, "-passin", "pass:four words", "-pubout", "-outform", "DER"],
        capture_output=True, timeout=60, check=True,
    ).stdout  # fmt: skip
    assert hashlib.sha256(shown).hexdigest() == key.key_id
    assert ROUNDS.to_bytes(3) in b64decode("".join(path.read_text().splitlines()[1:-1]))


_OTHERS = [
    rsa.generate_private_key(65537, 2048),
    ec.generate_private_key(ec.SECP256R1()),
    ed448.Ed448PrivateKey.generate(),
]


@pytest.mark.parametrize("other", _OTHERS, ids=["RSA", "EC", "Ed448"])
def test_another_algorithm_is_refused(tmp_path: Path, other: rsa.RSAPrivateKey) -> None:
    path = tmp_path / "lab.key"
    path.touch(mode=0o600)
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(ConfigurationError, match="an Ed25519 key was expected, it holds"):
        load_key(path, None)
    public = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(ConfigurationError, match="an Ed25519 key was expected, it is"):
        public_key(public)


def test_what_is_no_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lab.key"
    key = new_key(path, None)
    data = path.read_bytes()
    for changed, words in (
        (b"", "not a private key"),
        (data[:-30], "not a private key"),
        (data[: len(data) // 2], "not a private key"),
        (b"x" * 70_000, "longer than"),
        (key.public.pem.encode(), "a public key, which cannot sign"),
    ):
        path.write_bytes(changed)
        with pytest.raises(ConfigurationError, match="Try: ") as raised:
            load_key(path, None)
        assert words in str(raised.value)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_key(tmp_path / "none.key", None)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_key(tmp_path, None)


@posix
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(ConfigurationError, match="a pipe or a device"):
        load_key(tmp_path / "pipe", None)


def test_a_public_key_goes_through_its_text(tmp_path: Path) -> None:
    public = new_key(tmp_path / "lab.key", None).public
    assert public_key(public.pem) == public
    assert public.key_id == hashlib.sha256(public.der).hexdigest()
    for wrong in ("", "-----BEGIN PUBLIC KEY-----\n", public.pem[:-40], "ü"):
        with pytest.raises(ConfigurationError, match="not a public key in PEM"):
            public_key(wrong)
    with pytest.raises(ConfigurationError, match="not a public key"):
        PublicKey(b"0").loaded()


_FORGED = [y.to_bytes(32, "little") for y in (*keys._SMALL_ORDER, keys._PRIME, keys._PRIME + 1)]


@pytest.mark.parametrize("raw", _FORGED)
def test_a_key_under_which_anything_holds_is_refused(raw: bytes) -> None:
    """First that it is such a key: one signature, made without any private key, holds for some of any texts."""
    key = Ed25519PublicKey.from_public_bytes(raw)
    forged = b"\1" + bytes(63)
    assert any(_holds(key, forged, text.to_bytes(2)) for text in range(200))
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(ConfigurationError, match="signatures of anything hold"):
        public_key(pem)


def _holds(key: Ed25519PublicKey, signature: bytes, text: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        key.verify(signature, text)
    except InvalidSignature:
        return False
    return True

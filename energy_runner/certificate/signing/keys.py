# SPDX-License-Identifier: Apache-2.0
"""Keys of a laboratory: Ed25519 (RFC 8032) in a file in PKCS#8 PEM (RFC 5958), closed by a passphrase."""

import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_runner.certificate.needed import needed
from energy_runner.certificate.signing.closing import closed_pem
from energy_runner.errors import BenchFault, ConfigurationError, in_words, remedy
from energy_runner.session import disk
from energy_runner.wording import printable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

OWNER_ONLY = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MOST_BYTES = 65_536
_CLOSED = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
_PUBLIC = b"-----BEGIN PUBLIC KEY-----"
_PRIME = 2**255 - 19
# y of the points of Curve25519 (Edwards form) whose order divides 8; libraries verify with them all the same.
_Y_OF_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER = (0, 1, _PRIME - 1, _Y_OF_ORDER_8, _PRIME - _Y_OF_ORDER_8)
# Windows keeps no such modes: who may read a file is in its access list.
_HAS_MODES = os.name == "posix"


@dataclass(frozen=True)
class PublicKey:
    """An Ed25519 public key: `der`, its SubjectPublicKeyInfo (RFC 8410)."""

    der: bytes

    @property
    def key_id(self) -> str:
        """Return its id: SHA-256 of the SubjectPublicKeyInfo, 64 hexadecimal digits."""
        return hashlib.sha256(self.der).hexdigest()

    @property
    def pem(self) -> str:
        """Return it as PEM text."""
        with needed():
            from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        return self.loaded().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def loaded(self) -> "Ed25519PublicKey":
        """Return it as the library's object; raises `ConfigurationError` if it is none."""
        with needed():
            from cryptography.hazmat.primitives.serialization import load_der_public_key
        return _ed25519_public(load_der_public_key, self.der, "public key")


@dataclass(frozen=True)
class SigningKey:
    """A private key that was opened; it is never printed."""

    private: "Ed25519PrivateKey" = field(repr=False)
    public: PublicKey

    @property
    def key_id(self) -> str:
        """Return the id of its public key."""
        return self.public.key_id


def public_key(pem: str | bytes, what: str = "public key") -> PublicKey:
    """Return the public key in PEM text; `what` is its name in messages; raises `ConfigurationError`."""
    with needed():
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    data = pem.encode(errors="replace") if isinstance(pem, str) else pem
    return _public_of(_ed25519_public(load_pem_public_key, data, what))


def new_key(path: Path, passphrase: bytes | None) -> SigningKey:
    """Make a key and write it to a new file that only its owner may read; without a passphrase it lies open.

    Raises `ConfigurationError` if there is a file already or the passphrase is empty, `BenchFault` if the disk
    refuses. Nothing is overwritten, no link is followed.
    """
    with needed():
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    if passphrase == b"":
        raise ConfigurationError("the passphrase is empty. Try: give one, or say that you want none")
    private = Ed25519PrivateKey.generate()
    _create(path, _pem(private, passphrase))
    return _signing_key(private)


def needs_passphrase(path: Path) -> bool:
    """Return whether a key file is closed by a passphrase; raises `ConfigurationError` as `load_key` does."""
    return _CLOSED in _read(path)


def load_key(path: Path, passphrase: bytes | None) -> SigningKey:
    """Return the key in a file.

    Raises `ConfigurationError` if it cannot be read, others may read it, the passphrase is wrong, missing or not
    needed, or it holds another kind of key.
    """
    with needed():
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    data, where = _read(path), printable(str(path))
    if _PUBLIC in data:
        raise ConfigurationError(f"{where}: a public key, which cannot sign. Try: the file of the private key")
    closed = _CLOSED in data
    if closed and not passphrase:
        raise ConfigurationError(f"{where}: closed by a passphrase, and none was given. Try: give it")
    if passphrase is not None and not closed:
        raise ConfigurationError(f"{where}: not closed by a passphrase, but one was given. Try: without it")
    try:
        private = load_pem_private_key(data, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        said = "the passphrase is wrong, or the file is damaged" if closed else "not a private key in PKCS#8 PEM"
        raise ConfigurationError(
            f"{where}: cannot be opened: {said}. Try: the passphrase again, or a key of `energy-runner keys new`"
        ) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigurationError(
            f"{where}: an Ed25519 key was expected, it holds {_kind(private)}. "
            "Try: a key of `energy-runner keys new`"
        )
    return _signing_key(private)


def _signing_key(private: "Ed25519PrivateKey") -> SigningKey:
    return SigningKey(private, _public_of(private.public_key()))


def _public_of(key: "Ed25519PublicKey") -> PublicKey:
    with needed():
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    return PublicKey(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _ed25519_public(load: Any, data: bytes, what: str) -> "Ed25519PublicKey":
    with needed():
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    try:
        key = load(data)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigurationError(
            f"{what}: not a public key in PEM. Try: what `energy-runner keys show` prints"
        ) from None
    if isinstance(key, Ed25519PublicKey) and _is_of_small_order(key.public_bytes_raw()):
        raise ConfigurationError(f"{what}: a key made so that signatures of anything hold. Try: ask whose it is")
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigurationError(f"{what}: an Ed25519 key was expected, it is {_kind(key)}. Try: another key")
    return key


def _is_of_small_order(raw: bytes) -> bool:
    """Return whether a public key is one of the points of order 1 to 8, under which one signature fits all."""
    y = int.from_bytes(raw, "little") & ((1 << 255) - 1)  # without the sign of x
    return y % _PRIME in _SMALL_ORDER


def _kind(key: object) -> str:
    return f"a key of another kind ({type(key).__name__.strip('_')})"


def _pem(private: "Ed25519PrivateKey", passphrase: bytes | None) -> bytes:
    with needed():
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    if passphrase is None:
        return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return closed_pem(private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()), passphrase)


def _create(path: Path, data: bytes) -> None:
    where = printable(str(path))
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError:
        raise ConfigurationError(
            f"{where}: there is a file already, and keys are never overwritten. Try: another name"
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"{where}: the key cannot be written ({in_words(error)}). Try: another folder"
        ) from None
    try:
        with open(handle, "wb", buffering=0) as file:  # noqa: PTH123 - of a handle
            disk.write_all(file, data)
            disk.sync(file)
    except BaseException as error:  # also after Ctrl-C: half a key is none, and would stand in the way of the next
        with suppress(OSError):
            disk.remove(path)
        if not isinstance(error, OSError):
            raise
        raise BenchFault(f"{where}: the key cannot be written ({in_words(error)}){remedy(error)}") from error


def _read(path: Path) -> bytes:
    where = printable(str(path))
    try:
        with disk.open_file(path) as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            f"{where}: the key cannot be read ({in_words(error)}). Try: `energy-runner keys new` makes one"
        ) from None
    if len(data) > _MOST_BYTES:
        raise ConfigurationError(f"{where}: not a key: longer than {_MOST_BYTES} bytes. Try: another file")
    if _HAS_MODES and mode & _OTHERS and _PUBLIC not in data:
        raise ConfigurationError(
            f"{where}: others may read this key (mode {mode:04o}). Try: chmod 600 {where}; "
            "and a new key, if they did"
        )
    return data

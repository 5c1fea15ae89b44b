# SPDX-License-Identifier: Apache-2.0
"""Keys that sign certificates, and the ring of those that are trusted."""

import getpass
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_config_path

from energy_runner.certificate.signing import keys
from energy_runner.certificate.signing.keys import PublicKey, SigningKey
from energy_runner.certificate.signing.ring import ANY_DAY, KeyRing, RingKey, load_ring, save_ring
from energy_runner.errors import Argument, BenchFault, Call, ConfigurationError, in_words, remedy
from energy_runner.session import disk
from energy_runner.wording import printable, shown
from instruments.clock import RealClock, utc_text

__all__ = [
    "KeyRing",
    "PublicKey",
    "RingKey",
    "SigningKey",
    "add_key",
    "key_needs_passphrase",
    "key_ring_file",
    "list_keys",
    "load_key",
    "new_key",
    "revoke_key",
    "show_key",
]

AnyPath = str | PathLike[str]
SHORTEST = 8
_MOST_BYTES = 65_536
_SHORTEST_ID = 8
_LONGEST_S = 10.0  # that others may take to change a ring
# The public key that RFC 8410, section 10.1, prints.
_ANY_KEY = b64decode("MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=")


def key_ring_file() -> Path:
    """Return the file of the user's own key ring."""
    return user_config_path("energy-runner") / "key-ring.json"


def list_keys(ring: AnyPath | None = None) -> KeyRing:
    """Return a key ring, by default the user's own; empty where that does not exist yet.

    Raises `ConfigurationError` for one that was named and is not there, or cannot be read.
    """
    path = _ring_path(ring)
    if ring is None and not path.exists():
        return KeyRing()
    return load_ring(path)


def new_key(
    path: AnyPath,
    passphrase: str | None,
    *,
    owner: str = "",
    valid_from: str | None = None,
    valid_until: str | None = None,
    ring: AnyPath | None = None,
) -> RingKey:
    """Make a signing key in a new file, add its public half to a key ring, and return what the ring holds of it.

    The file is encrypted with `passphrase`; with None it is not encrypted. `owner` is who signs with
    it, by default the user's name. The key is good from `valid_from`, by default today, to the end of
    `valid_until` (days in UTC, `YYYY-MM-DD`). Raises `ConfigurationError` if the file exists, the passphrase has
    fewer than eight characters or a day is none, and `BenchFault` if the disk refuses.
    """
    if passphrase is not None and len(passphrase) < SHORTEST:
        raise ConfigurationError(f"the passphrase has fewer than {SHORTEST} characters. Try: a longer one")
    where, own = _ring_path(ring), owner or _user()
    before = _ring_or_new(where)
    # What a ring would refuse is refused before there is a key file that it then lacks.
    before.add(PublicKey(_ANY_KEY), own, valid_from or today(), valid_until)
    made = keys.new_key(Path(path), secret_bytes(passphrase))
    return _added(where, made.public, own, (valid_from, valid_until))


def add_key(
    public: AnyPath,
    owner: str,
    *,
    valid_from: str | None = None,
    valid_until: str | None = None,
    ring: AnyPath | None = None,
) -> RingKey:
    """Add the public key in a PEM file to a key ring, and return what the ring holds of it.

    From then on what it signs is trusted: get the key from its owner in person, or compare its id by telephone.
    Without `valid_from` it is good for what was signed before today, too: a certificate is older than the day on
    which its reader adds the key. Raises `ConfigurationError` for another file, or a key that is there already.
    """
    where, path = _ring_path(ring), Path(public)
    return _added(where, _public_in(path), owner, (valid_from or ANY_DAY, valid_until))


def revoke_key(key_id: str, why: str, *, on: str | None = None, ring: AnyPath | None = None) -> RingKey:
    """Note in a key ring that a key is not trusted any more, from a day on, by default today.

    What a time stamp proves to be older stays trusted. `key_id` may be its first digits, eight or more. Raises
    `ConfigurationError` for a key that is not in the ring.
    """
    where = _ring_path(ring)
    load_ring(where)  # which says if there is none, before a folder is made for it
    with _alone(where):
        before = load_ring(where)
        found = _by_digits(before, key_id)
        after = before.revoke(found.key_id, on or today(), why)
        save_ring(where, after)
    revoked = after.find(found.key_id)
    return found if revoked is None else revoked


def key_needs_passphrase(path: AnyPath) -> bool:
    """Return whether a key file is closed by a passphrase; raises `ConfigurationError` as `load_key` does."""
    return keys.needs_passphrase(Path(path))


def load_key(path: AnyPath, passphrase: str | None = None) -> SigningKey:
    """Return the signing key in a file.

    Raises `ConfigurationError` if it cannot be read, others may read it, the passphrase is wrong, missing or not
    needed, or it holds another kind of key.
    """
    return keys.load_key(Path(path), secret_bytes(passphrase))


def show_key(path: AnyPath, passphrase: str | None = None) -> PublicKey:
    """Return the public key in a file: of a private key, which `passphrase` opens, or the public one itself."""
    return _public_in(Path(path)) if is_public(path) else load_key(path, passphrase).public


def is_public(path: AnyPath) -> bool:
    """Return whether a file holds a public key in PEM."""
    return b"-----BEGIN PUBLIC KEY-----" in _bytes_of(Path(path))


def secret_bytes(passphrase: str | None) -> bytes | None:
    """Return a passphrase in UTF-8; raises `ConfigurationError` for one that is no text, and never repeats it."""
    try:
        return None if passphrase is None else passphrase.encode()
    except UnicodeEncodeError:
        raise ConfigurationError(
            "the passphrase is not text in UTF-8. Try: set the terminal and the environment to UTF-8"
        ) from None


def today() -> str:
    """Return the day that it is now in UTC, by the clock of this computer."""
    return utc_text(RealClock().utc_ns()).partition("T")[0]


def _ring_path(ring: AnyPath | None) -> Path:
    return key_ring_file() if ring is None else Path(ring)


def _ring_or_new(path: Path) -> KeyRing:
    return load_ring(path) if path.exists() else KeyRing()


def _added(where: Path, public: PublicKey, owner: str, days: tuple[str | None, str | None]) -> RingKey:
    with _alone(where):
        after = _ring_or_new(where).add(public, owner, days[0] or today(), days[1])
        save_ring(where, after)
    return after.keys[-1]


@contextmanager
def _alone(where: Path) -> Iterator[None]:
    """Keep other processes from changing a ring meanwhile: what one adds or revokes, another would take back."""
    printed = printable(str(where))
    try:
        where.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(where.with_name(f".{where.name}.lock"), timeout=_LONGEST_S)
        lock.acquire()
    except Timeout:
        raise BenchFault(f"{printed}: another program has changed it for {_LONGEST_S:g} s. Try: again") from None
    except (OSError, NotImplementedError) as error:
        raise BenchFault(
            f"{printed}: the key ring cannot be written ({in_words(error)}){remedy(error)}"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _public_in(path: Path) -> PublicKey:
    return keys.public_key(_bytes_of(path), printable(str(path)))


def _bytes_of(path: Path) -> bytes:
    try:
        with disk.open_file(path) as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise ConfigurationError(
            printable(f"{path}: the key cannot be read ({in_words(error)}). Try: "),
            Call("er.new_key(FILE, PASSPHRASE)", "energy-runner keys new FILE"),
            ", which makes one",
        ) from None


def _by_digits(ring: KeyRing, digits: str) -> RingKey:
    found = [key for key in ring.keys if key.key_id.startswith(digits)] if len(digits) >= _SHORTEST_ID else []
    if len(found) == 1:
        return found[0]
    came = f"{len(found)} keys in the ring begin so" if found else "no key in the ring begins so"
    raise ConfigurationError(
        f"key {shown(digits)}: {came}. Try: the whole id, or at least {_SHORTEST_ID} digits of it, from ",
        Call("er.list_keys()", "energy-runner keys list"),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise ConfigurationError(
            "who signs with this key is not known. Try: ", Argument("owner", "NAME")
        ) from None

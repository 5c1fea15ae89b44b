# SPDX-License-Identifier: Apache-2.0
"""`keys …`: what the commands do."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_runner.cli.output import write, write_json, write_line
from energy_runner.cli.passphrase import new_passphrase, passphrase_for
from energy_runner.errors import ExitStatus
from energy_runner.wording import printable

if TYPE_CHECKING:
    from energy_runner.certificate.signing.ring import RingKey


def new_command(
    file: Path, owner: str, valid_from: str | None, valid_until: str | None, ring: Path | None, *, as_json: bool
) -> int:
    """Make a key; the passphrase is asked twice."""
    from energy_runner import api
    from energy_runner.errors import ConfigurationError

    if file.exists():  # before anybody thinks of a passphrase
        raise ConfigurationError(
            printable(f"{file}: there is a file already, and keys are never overwritten. Try: another name")
        )
    made = api.new_key(
        file,
        new_passphrase(printable(str(file))),
        owner=owner,
        valid_from=valid_from,
        valid_until=valid_until,
        ring=ring,
    )
    return _told(made, f"A new key is in {file}, protected by the passphrase.", ring, as_json=as_json)


def add_command(
    public: Path, owner: str, valid_from: str | None, valid_until: str | None, ring: Path | None, *, as_json: bool
) -> int:
    """Add a public key to a ring."""
    from energy_runner import api

    added = api.add_key(public, owner, valid_from=valid_from, valid_until=valid_until, ring=ring)
    return _told(added, f"The key of {added.owner} is trusted from now on.", ring, as_json=as_json)


def revoke_command(key_id: str, why: str, on: str | None, ring: Path | None, *, as_json: bool) -> int:
    """Revoke a key of a ring."""
    from energy_runner import api

    revoked = api.revoke_key(key_id, why, on=on, ring=ring)
    words = f"The key of {revoked.owner} is not trusted from {revoked.revoked_on} on: {revoked.revoked_why}"
    return _told(revoked, words, ring, as_json=as_json)


def show_command(file: Path | None, ring: Path | None, *, as_json: bool) -> int:
    """Show the public key of a file, or all of a ring."""
    from energy_runner import api
    from energy_runner.api.keys import is_public

    if file is None:
        return _shown(api.list_keys(ring).keys, ring, as_json=as_json)
    closed = not is_public(file) and api.key_needs_passphrase(file)
    found = api.show_key(file, passphrase_for(printable(str(file))) if closed else None)
    if as_json:
        write_json({"key_id": found.key_id, "public": found.pem})
    else:
        write(f"Key {found.key_id}\n{found.pem}")
    return ExitStatus.VALID


def list_command(ring: Path | None, *, as_json: bool) -> int:
    """List the keys of a ring, two lines each."""
    from energy_runner import api

    keys = api.list_keys(ring).keys
    if as_json:
        write_json([_document(key) for key in keys])
        return ExitStatus.VALID
    if not keys:
        write_line(f"There is no key in {_ring(ring)}. Try: energy-runner keys new FILE, which makes one")
    for key in keys:
        write_line(f"{key.owner}, {_in_force(key)}")
        write_line(f"  {key.key_id}")
    return ExitStatus.VALID


def _told(key: "RingKey", words: str, ring: Path | None, *, as_json: bool) -> int:
    if as_json:
        write_json(_document(key) | {"ring": str(_ring(ring))})
        return ExitStatus.VALID
    write_line(words)
    _write_key(key)
    write_line(f"Key ring: {_ring(ring)}")
    return ExitStatus.VALID


def _shown(keys: "Iterable[RingKey]", ring: Path | None, *, as_json: bool) -> int:
    found = list(keys)
    if as_json:
        write_json([_document(key) for key in found])
        return ExitStatus.VALID
    for key in found:
        _write_key(key)
        write("\n")
    write_line(f"{len(found)} {'key' if len(found) == 1 else 'keys'} in {_ring(ring)}")
    return ExitStatus.VALID


def _write_key(key: "RingKey") -> None:
    write_line(f"Key {key.key_id}")
    write_line(f"of {key.owner}, {_in_force(key)}")
    write(key.public)


def _in_force(key: "RingKey") -> str:
    until = f" until {key.valid_until}" if key.valid_until is not None else ""
    revoked = f", revoked from {key.revoked_on} on: {key.revoked_why}" if key.revoked_on is not None else ""
    from energy_runner.certificate.signing.ring import ANY_DAY

    begins = "no first day stated" if key.valid_from == ANY_DAY else f"from {key.valid_from}"
    return f"{begins}{until}{revoked}"


def _document(key: "RingKey") -> dict[str, Any]:
    return key.model_dump(mode="json")


def _ring(ring: Path | None) -> Path:
    from energy_runner import api

    return ring or api.key_ring_file()

# SPDX-License-Identifier: Apache-2.0
"""The certificates in a folder, one folder each, called by its id: the folder itself is the catalogue.

So nothing beside the certificates can contradict them. The files may come from anybody: what is not as this
program writes it is named and left aside, and what a revocation or a replacement is worth is told by who
signed it: the key of the certificate that it is about, one that the key ring trusts, or somebody else.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from energy_runner.certificate.facts import EnergyCertificate, Revision
from energy_runner.certificate.forms import JSON
from energy_runner.certificate.register import REVOCATION
from energy_runner.certificate.signing import envelope as signed
from energy_runner.certificate.signing.envelope import Envelope, read_envelope, signature_holds
from energy_runner.certificate.signing.revocation import Revocation, read_revocation
from energy_runner.certificate.signing.ring import KeyRing
from energy_runner.certificate.signing.statement import PREDICATE, read_statement
from energy_runner.errors import Call, ConfigurationError, RunnerError, SessionError, in_words
from energy_runner.session import disk
from energy_runner.wording import printable, short_words, shown

MOST_FOLDERS = 10_000
SHORTEST = len("ER-0123")
NO_RING = KeyRing()
OF_ANOTHER = f"{REVOCATION}: it revokes another certificate"  # how that remark begins


@dataclass(frozen=True)
class Held:
    """A certificate that a folder holds: its signed envelope and the facts in it. Nothing is verified yet."""

    folder: Path
    data: bytes
    envelope: Envelope
    certificate: EnergyCertificate

    @property
    def id(self) -> str:
        """Return its id."""
        return self.certificate.id

    @cached_property
    def sha256(self) -> str:
        """Return the SHA-256 of its signed envelope, which a revision and a revocation name."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Standing:
    """What became of a certificate, as far as its catalogue tells.

    `superseded_by` are the ids of the ones that replace it, `revoked` is what revokes it, and `remarks` names what
    claims either and is not signed by somebody who may, or cannot be read, and which of the former was revoked.
    """

    superseded_by: tuple[str, ...] = ()
    revoked: Revocation | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """All certificates of a folder, the first issued first, and which folders in it cannot be read, and why."""

    folder: Path
    held: tuple[Held, ...] = ()
    problems: tuple[tuple[Path, str], ...] = ()

    def find(self, certificate_id: str) -> Held | None:
        """Return the certificate with an id; None if there is none."""
        return next((one for one in self.held if one.id == certificate_id), None)

    def standing(self, one: Held, ring: KeyRing = NO_RING) -> Standing:
        """Return what became of a certificate."""
        later, remarks = [], []
        for other in self.held:
            revision = other.certificate.issuing.supersedes
            if revision is None or not _is_of(one, revision):
                continue
            doubt = _doubt(other.envelope, one.envelope.key_id, other.certificate.issuing.issued_utc, ring)
            later.append(other.id)
            if doubt:
                remarks.append(f"{other.id} says that it replaces it: {doubt}")
            gone = self._revocation(other, ring, [])
            if gone is not None:
                remarks.append(f"{other.id}, which replaces it, was revoked at {gone.revoked_utc}")
        revoked = self._revocation(one, ring, remarks)
        return Standing(tuple(later), revoked, tuple(remarks))

    def _revocation(self, one: Held, ring: KeyRing, remarks: list[str]) -> Revocation | None:
        path = one.folder / REVOCATION
        if not path.exists() and not path.is_symlink():
            return None
        try:
            envelope = read_envelope(_bytes_of(path))
            found = read_revocation(read_statement(envelope.payload))
        except RunnerError as error:
            remarks.append(f"{REVOCATION}: {error}")
            return None
        if not found.is_of(one.id, one.sha256):
            remarks.append(f"{OF_ANOTHER}, {found.id}")
            return None
        doubt = _doubt(envelope, one.envelope.key_id, found.revoked_utc, ring)
        if doubt:
            remarks.append(f"{REVOCATION}: {doubt}")
        return found


def read_catalogue(folder: Path) -> Catalogue:
    """Return the certificates in a folder; raises `ConfigurationError` if there is no such folder."""
    held, problems = [], []
    for path in _folders(folder):
        try:
            held.append(read_held(path, canonical=False))  # else a thousand take half a minute
        except RunnerError as error:
            problems.append((path, str(error)))
    held.sort(key=lambda one: (one.certificate.issuing.issued_utc, one.id))
    return Catalogue(folder, tuple(held), tuple(problems))


def read_held(folder: Path, *, canonical: bool = True) -> Held:
    """Return the certificate in its folder; raises `SessionError` for what is not one.

    `canonical` says whether its statement has to be in canonical form, which takes nearly all of the time.
    """
    path = folder / JSON
    data = _bytes_of(path)
    try:
        envelope = read_envelope(data)
        statement = read_statement(envelope.payload, canonical=canonical)
        if statement.predicate_type != PREDICATE:
            raise SessionError(f"it states a {shown(statement.predicate_type)}. Try: a certificate")
        certificate = EnergyCertificate.model_validate(statement.predicate)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise SessionError(f"{_printed(path)}: {place}: {short_words(first['msg'])}") from None
    except RunnerError as error:
        raise SessionError(f"{_printed(path)}: {error}") from None
    if folder.resolve().name != certificate.id:
        raise SessionError(
            f"{_printed(path)}: is of {shown(certificate.id)}, and its folder is not called so. "
            "Try: the name that it was issued with"
        )
    if certificate.issuing.key_id != envelope.key_id:
        raise SessionError(f"{_printed(path)}: it is signed by another key than it states")
    return Held(folder, data, envelope, certificate)


def find(folder: Path, certificate_id: str, *, whole: bool = False) -> Held:
    """Return the certificate with an id, or, unless it has to be `whole`, with the beginning of one.

    Raises `ConfigurationError` if there is none or more than one, `SessionError` if it cannot be read.
    """
    catalogue = Call(f"er.list_certificates({str(folder)!r})", f"energy-runner certificates list {folder}")
    begun = [path for path in _folders(folder) if path.name.startswith(certificate_id)]
    names = [path for path in begun if path.name == certificate_id] or (
        begun if not whole and len(certificate_id) >= SHORTEST else []
    )
    if len(names) != 1:
        came = f"{len(names)} certificates begin so" if names else f"there is none in {_printed(folder)}"
        raise ConfigurationError(
            f"certificate {shown(certificate_id)}: {came}. Try: its whole id, from ", catalogue
        )
    return read_held(names[0])


def current(folder: Path, before: Held) -> Held | None:
    """Return a certificate in a folder that replaces another one; None if none does."""
    for one in read_catalogue(folder).held:
        revision = one.certificate.issuing.supersedes
        if revision is not None and revision.id == before.id:
            return one
    return None


def _is_of(one: Held, revision: Revision) -> bool:
    """Return whether a revision is of a certificate; the same facts have two envelopes on paper of two sizes."""
    return revision.id == one.id or revision.sha256 == one.sha256


def _doubt(envelope: Envelope, own_key_id: str, at_utc: str, ring: KeyRing) -> str:
    """Return why a signature does not count for a certificate of `own_key_id`; empty if it does."""
    known = ring.find(envelope.key_id)
    if known is None:
        return f"its key {envelope.key_id[:16]} is not in the key ring, so its signature is not checked"
    if not signature_holds(envelope, known.public_key()):
        return "its signature does not hold"
    if envelope.key_id == own_key_id:
        return ""
    trust = ring.trust(envelope.key_id, at_utc)
    return "" if trust.trusted else trust.detail


def _folders(folder: Path) -> Sequence[Path]:
    try:
        inside = sorted(_certificates(folder))
    except OSError as error:
        raise ConfigurationError(
            f"{_printed(folder)}: cannot be read ({in_words(error)}). Try: the folder of the certificates"
        ) from None
    if len(inside) > MOST_FOLDERS:
        raise ConfigurationError(
            f"{_printed(folder)}: holds {len(inside)} folders, more than {MOST_FOLDERS}. Try: some folders of them"
        )
    return inside


def _certificates(folder: Path) -> Iterator[Path]:
    return (one for one in folder.iterdir() if not one.name.startswith(".") and (one / JSON).exists())


def _bytes_of(path: Path) -> bytes:
    try:
        with disk.open_file(path) as file:
            return file.read(signed.MOST_BYTES + 1)
    except OSError as error:
        raise SessionError(f"{_printed(path)}: cannot be read ({in_words(error)}). Try: another copy") from None


def _printed(path: Path) -> str:
    return printable(str(path))

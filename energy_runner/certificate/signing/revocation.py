# SPDX-License-Identifier: Apache-2.0
"""The signed statement that a certificate is not to be relied upon any more."""

import re
from dataclasses import asdict, dataclass
from typing import Any

from energy_runner.certificate.signing.canonical import keys_are, refuse
from energy_runner.certificate.signing.moments import moment_s
from energy_runner.certificate.signing.statement import REVOCATION, Statement, Subject
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.wording import shown

SCHEMA = "energy-runner/revocation/1"
_MOST_TEXT = 1000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
_SHA256 = re.compile("[0-9a-f]{64}")
_WHAT = "revocation"


@dataclass(frozen=True)
class Revocation:
    """Which certificate is revoked, why, and when (UTC): its id and the SHA-256 of its signed envelope."""

    id: str
    sha256: str
    why: str
    revoked_utc: str

    def __post_init__(self) -> None:
        wrong = _wrong(self)
        if wrong:
            raise ConfigurationError(f"revocation of {shown(self.id)}: {wrong}. Try: correct it")

    def is_of(self, id: str, envelope_sha256: str) -> bool:
        """Return whether it is a certificate with this id, or this envelope, that is revoked."""
        return self.id == id or self.sha256 == envelope_sha256


def revocation_statement(revocation: Revocation) -> Statement:
    """Return the statement that is to be signed; its subject is the envelope of the revoked certificate."""
    subject = Subject(f"{revocation.id}/certificate.json", revocation.sha256)
    return Statement((subject,), REVOCATION, {"schema": SCHEMA, **asdict(revocation)})


def read_revocation(statement: Statement) -> Revocation:
    """Return what a statement revokes; raises `SessionError` for what `revocation_statement` does not write."""
    if statement.predicate_type != REVOCATION:
        refuse(_WHAT, f"the statement is a {shown(statement.predicate_type)}, not a {REVOCATION}")
    facts: dict[str, Any] = keys_are(statement.predicate, ("schema", "id", "sha256", "why", "revoked_utc"), _WHAT)
    if facts["schema"] != SCHEMA:
        refuse(_WHAT, f"its schema is {shown(facts['schema'])!r}, not {SCHEMA}")
    try:
        revocation = Revocation(facts["id"], facts["sha256"], facts["why"], facts["revoked_utc"])
    except ConfigurationError as error:
        refuse(_WHAT, str(error))
    if tuple(statement.subjects) != tuple(revocation_statement(revocation).subjects):
        refuse(_WHAT, "its subject is not the certificate that it revokes")
    return revocation


def _wrong(one: Revocation) -> str:
    if not isinstance(one.id, str) or not _ID.fullmatch(one.id):
        return "an id has 1 to 64 letters, digits and hyphens"
    if not isinstance(one.sha256, str) or not _SHA256.fullmatch(one.sha256):
        return "the SHA-256 of the revoked envelope has 64 hexadecimal digits"
    if not isinstance(one.why, str) or not one.why.strip() or len(one.why) > _MOST_TEXT:
        return f"the reason has 1 to {_MOST_TEXT} characters"
    try:
        moment_s(one.revoked_utc)
    except SessionError as error:
        return str(error).partition(". Try:")[0]
    return ""

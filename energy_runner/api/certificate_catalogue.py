# SPDX-License-Identifier: Apache-2.0
"""The certificates in a folder: list them, find one by its id, revoke one."""

from dataclasses import dataclass
from pathlib import Path

from energy_runner.api.keys import AnyPath, list_keys, load_key
from energy_runner.certificate.catalogue import Catalogue, Held, find, read_catalogue
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.register import put_revocation
from energy_runner.certificate.signing.envelope import envelope_bytes, sign
from energy_runner.certificate.signing.keys import SigningKey
from energy_runner.certificate.signing.moments import moment_s
from energy_runner.certificate.signing.revocation import Revocation, revocation_statement
from energy_runner.certificate.signing.ring import KeyRing
from energy_runner.certificate.signing.statement import statement_bytes
from energy_runner.errors import Argument, ConfigurationError
from instruments.clock import RealClock, utc_text

__all__ = ["CertificateRow", "find_certificate", "list_certificates", "revoke_certificate"]

FOLDER = Path("certificates")


@dataclass(frozen=True)
class CertificateRow:
    """A certificate in a folder, and what became of it; nothing in it is verified.

    `certificate` is None for a file that cannot be read, and `problem` says why. `superseded_by` are the ids of
    the certificates that replace it; `revoked_utc` and `revoked_why` are those of its revocation. `remarks` name
    what claims either and is not signed by somebody who may, and which of those that replace it was revoked.
    """

    folder: Path
    certificate: EnergyCertificate | None = None
    superseded_by: tuple[str, ...] = ()
    revoked_utc: str | None = None
    revoked_why: str = ""
    remarks: tuple[str, ...] = ()
    problem: str | None = None

    @property
    def stands(self) -> bool:
        """Return whether it can be read, and was neither superseded nor revoked, as far as the folder tells."""
        return self.problem is None and not self.superseded_by and self.revoked_utc is None


def list_certificates(folder: AnyPath = FOLDER, *, ring: AnyPath | None = None) -> list[CertificateRow]:
    """Return the certificates in a folder, the first issued first, and then what in it cannot be read.

    Whose word on revocation counts is looked up in the key ring, by default the user's own. Raises
    `ConfigurationError` if there is no such folder.
    """
    catalogue, keys = read_catalogue(Path(folder)), list_keys(ring)
    unreadable = [CertificateRow(path, problem=problem) for path, problem in catalogue.problems]
    return [*(_row(catalogue, one, keys) for one in catalogue.held), *unreadable]


def find_certificate(
    certificate_id: str, folder: AnyPath = FOLDER, *, ring: AnyPath | None = None
) -> CertificateRow:
    """Return the certificate with an id, or with the beginning of one, and what became of it.

    Raises `ConfigurationError` if there is none or more than one, `SessionError` if it cannot be read.
    """
    one = find(Path(folder), certificate_id)
    return _row(read_catalogue(Path(folder)), one, list_keys(ring))


def revoke_certificate(
    certificate_id: str,
    key: SigningKey | AnyPath,
    why: str,
    *,
    passphrase: str | None = None,
    issued: str | None = None,
    folder: AnyPath = FOLDER,
    ring: AnyPath | None = None,
) -> Path:
    """Write a signed `revocation.json` beside a certificate, and return its path; it cannot be taken back.

    It has to be signed by the key of the certificate, or by one that the key ring trusts; `issued` is the
    moment, `YYYY-MM-DDThh:mm:ssZ`, by default now. Raises `ConfigurationError` for another key, no reason, a clock
    that was set back, or a certificate that is revoked already, and `BenchFault` if the disk refuses.
    """
    one = find(Path(folder), certificate_id, whole=True)
    signing = key if isinstance(key, SigningKey) else load_key(key, passphrase)
    revoked_utc = issued or f"{utc_text(RealClock().utc_ns()).partition('.')[0]}Z"
    if not why.strip():
        raise ConfigurationError(f"{one.id}: for what reason? Try: ", Argument("why", "TEXT"))
    revocation = Revocation(one.id, one.sha256, why.strip(), revoked_utc)
    if moment_s(revoked_utc) < moment_s(one.certificate.issuing.issued_utc):
        raise ConfigurationError(
            f"{one.id} was issued at {one.certificate.issuing.issued_utc}, after the moment of its revocation, "
            f"{revoked_utc}: a clock was set back. Try: correct this computer's clock"
        )
    trust = list_keys(ring).trust(signing.key_id, revoked_utc)
    if signing.key_id != one.envelope.key_id and not trust.trusted:
        raise ConfigurationError(
            f"{one.id}: signed by the key {one.envelope.key_id[:16]}, and {trust.detail}, so nobody would heed "
            "its revocation. Try: the key that signed it"
        )
    return put_revocation(
        one.folder, envelope_bytes(sign(statement_bytes(revocation_statement(revocation)), signing))
    )


def _row(catalogue: Catalogue, one: Held, ring: KeyRing) -> CertificateRow:
    standing = catalogue.standing(one, ring)
    revoked = standing.revoked
    return CertificateRow(
        one.folder,
        one.certificate,
        superseded_by=standing.superseded_by,
        revoked_utc=revoked.revoked_utc if revoked is not None else None,
        revoked_why=revoked.why if revoked is not None else "",
        remarks=standing.remarks,
    )

# SPDX-License-Identifier: Apache-2.0
"""A revocation that was handed in as if it were a certificate: what it says, and who says so."""

from dataclasses import dataclass

from energy_runner.certificate.signing.envelope import Envelope, read_envelope, signature_holds
from energy_runner.certificate.signing.revocation import Revocation, read_revocation
from energy_runner.certificate.signing.ring import KeyRing
from energy_runner.certificate.signing.statement import read_statement
from energy_runner.certificate.signing.trust import trust_of
from energy_runner.certificate.verify.bundle import Found
from energy_runner.certificate.verify.checks import Checks
from energy_runner.errors import SessionError
from energy_runner.wording import shown


@dataclass(frozen=True)
class Revoking:
    """A revocation and the envelope that it came in; nothing is verified yet."""

    revocation: Revocation
    envelope: Envelope


def read_revoking(found: Found) -> Revoking | None:
    """Return the revocation in a signed statement; None for anything else."""
    try:
        envelope = read_envelope(found.data)
        return Revoking(read_revocation(read_statement(envelope.payload)), envelope)
    except SessionError:
        return None


def check_revoking(held: Revoking, found: Found, ring: KeyRing, now_utc: str, checks: Checks) -> None:
    """Say what it is, and check its signature and its key as of the moment `now_utc` (ISO 8601, UTC).

    It is not a certificate, so `readable` fails, whichever key has signed it.
    """
    one, key_id = held.revocation, held.envelope.key_id
    checks.fails(
        "readable",
        "there is a signed statement of a certificate",
        found.place,
        f"it is the revocation of {one.id}, at {one.revoked_utc}: {shown(one.why)}",
    )
    what, known = "the signature is that of the key that the revocation names", ring.find(key_id)
    if known is None:
        checks.not_checked("signature", what, f"the key {key_id} is not in the key ring")
    elif signature_holds(held.envelope, known.public_key()):
        checks.holds("signature", what)
    else:
        checks.fails(
            "signature", what, found.place, "it was changed after it was signed, or signed by another key"
        )
    trust = trust_of(ring, key_id, one.revoked_utc, now_utc)
    if trust.trusted:
        checks.holds("trust", "the key is trusted for this signature", trust.detail)
    else:
        checks.fails("trust", "the key is trusted for this signature", found.place, trust.detail)

# SPDX-License-Identifier: Apache-2.0
"""Verify whatever is at hand of a certificate, and say what was checked and what was not."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.forms import JSON
from energy_runner.certificate.signing.revocation import Revocation
from energy_runner.certificate.signing.ring import KeyRing
from energy_runner.certificate.verify.bundle import Bundle, Found
from energy_runner.certificate.verify.checks import FAILS, HOLDS, NOT_CHECKED, Check, Checks
from energy_runner.certificate.verify.forms import check_forms, check_xml_schema
from energy_runner.certificate.verify.inner import contradictions, in_own_wording
from energy_runner.certificate.verify.revoking import check_revoking, read_revoking
from energy_runner.certificate.verify.session import check_session
from energy_runner.certificate.verify.signed import Signed, check_signature, read_signed
from energy_runner.session.folder import Session
from energy_runner.wording import shown

SCHEMA = "energy-runner/verification/1"
_ESSENTIAL = ("readable", "signature", "trust")  # without these nothing else says anything


@dataclass(frozen=True)
class VerifiedCertificate:
    """What came of it: the certificate, None if it could not be read, and each check in order."""

    asked: str
    certificate: EnergyCertificate | None
    checks: tuple[Check, ...]
    revocation: Revocation | None = None
    """What was handed in if it was the revocation of a certificate, and no certificate."""

    @property
    def holds(self) -> bool:
        """Return whether all that was checked holds, signature and trust among it."""
        done = {one.id for one in self.checks if one.state == HOLDS}
        return not self.failed and all(one in done for one in _ESSENTIAL)

    @property
    def failed(self) -> list[Check]:
        """Return the checks that failed."""
        return [one for one in self.checks if one.state == FAILS]

    @property
    def unchecked(self) -> list[Check]:
        """Return what was not checked."""
        return [one for one in self.checks if one.state == NOT_CHECKED]

    def document(self) -> dict[str, Any]:
        """Return it as plain data for other programs."""
        one = self.certificate
        return {
            "schema": SCHEMA,
            "file": self.asked,
            "holds": self.holds,
            "certificate": None if one is None else {"id": one.id, "title": one.title, "virtual": one.virtual},
            "revocation": None if self.revocation is None else asdict(self.revocation),
            "checks": [
                {"id": c.id, "what": c.what, "state": c.state, "place": c.place, "detail": c.detail}
                for c in self.checks
            ],
        }


@dataclass(frozen=True)
class With:
    """With what it is verified.

    `now_utc` is the moment of the check (ISO 8601), `roots` are certificates of time stamp authorities (PEM or
    DER). `session` and `accuracy` are the session, and the accuracy session that took part; `full` asks for the
    whole analysis of a long trace, too. `dcc_schema` is a file with a schema for the XML. `revised` says of a
    certificate how it was superseded or revoked since, "" if it was not, and None if nobody knows.
    """

    ring: KeyRing
    now_utc: str
    roots: Sequence[bytes] = ()
    session: Session | None = None
    accuracy: Session | None = None
    full: bool = False
    dcc_schema: Path | None = None
    revised: Callable[[EnergyCertificate, bytes], str | None] = field(default=lambda certificate, envelope: None)


def verify(bundle: Bundle, given: With) -> VerifiedCertificate:
    """Verify a certificate; nothing in it is executed, and nothing is written."""
    checks = Checks()
    found = bundle.first(JSON)
    if found is None:
        where = bundle.asked
        checks.fails(
            "readable", "the signed statement can be read", where, "there is none: certificate.json lacks"
        )
        for place, why in bundle.problems:
            checks.fails("forms", "each form can be read", place, why)
        return VerifiedCertificate(bundle.asked, None, tuple(checks.done))
    revoking = read_revoking(found)
    if revoking is not None:
        check_revoking(revoking, found, given.ring, given.now_utc, checks)
        return VerifiedCertificate(bundle.asked, None, tuple(checks.done), revoking.revocation)
    signed = read_signed(found, checks)
    if signed is None:
        _other_copies(bundle, found, checks)
        return VerifiedCertificate(bundle.asked, None, tuple(checks.done))
    check_signature(signed, given.ring, bundle, given.roots, given.now_utc, checks)
    checks.judged("consistent", "the facts agree with each other", _placed(signed))
    _check_wording(signed, checks)
    check_forms(signed, bundle, checks)
    check_xml_schema(bundle, given.dcc_schema, checks)
    _check_revision(signed, given, checks)
    if given.session is None:
        checks.not_checked(
            "session-files", "the session is the one that the certificate names, unchanged", "it is not at hand"
        )
        checks.not_checked(
            "recomputed", "the figures follow from the recorded trace", "the session is not at hand"
        )
    else:
        check_session(signed.certificate, given.session, given.accuracy, checks, full=given.full)
    return VerifiedCertificate(bundle.asked, signed.certificate, tuple(checks.done))


def _check_wording(signed: Signed, checks: Checks) -> None:
    what = "its fixed texts are those that follow from the facts"
    if in_own_wording(signed.certificate):
        checks.holds("wording", what)  # a text that is not is a contradiction between the facts
        return
    stated = signed.certificate.issuing
    why = f"they are in wording {stated.wording} of {shown(stated.software)}, which this version does not write"
    checks.not_checked("wording", what, why)


def _placed(signed: Signed) -> list[tuple[str, str]]:
    found = contradictions(signed.certificate, signed.statement.predicate)
    return [(f"{signed.place}, {place}", why) for place, why in found]


def _other_copies(bundle: Bundle, broken: Found, checks: Checks) -> None:
    """Say which copies of the signed statement differ from the one that cannot be read."""
    for other in bundle.forms.get(JSON, ()):
        if other.data != broken.data:
            checks.fails(JSON, f"every copy of {JSON} is the same", other.place, f"{broken.place} is another one")


def _check_revision(signed: Signed, given: With, checks: Checks) -> None:
    what = "it was neither superseded nor revoked"
    said = given.revised(signed.certificate, signed.data)
    if said is None:
        checks.not_checked("revision", what, "no catalogue of certificates was looked at")
    elif said:
        checks.fails("revision", what, signed.place, said)
    else:
        checks.holds("revision", what)

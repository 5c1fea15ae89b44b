# SPDX-License-Identifier: Apache-2.0
"""The signature of a certificate: whether it holds, whose key it is, and when it was made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from energy_runner.certificate.collect.collect import as_written
from energy_runner.certificate.facts import SCHEMA, EnergyCertificate
from energy_runner.certificate.signing.envelope import Envelope, read_envelope, signature_holds
from energy_runner.certificate.signing.moments import moment_s
from energy_runner.certificate.signing.ring import KeyRing, RingKey
from energy_runner.certificate.signing.statement import PREDICATE, Statement, read_statement
from energy_runner.certificate.signing.timestamp import Stamped, read_token
from energy_runner.certificate.signing.trust import contradiction, trust_of
from energy_runner.certificate.verify.bundle import Bundle, Found
from energy_runner.certificate.verify.checks import Checks
from energy_runner.errors import RunnerError, SessionError
from energy_runner.version import version
from energy_runner.wording import shown


@dataclass(frozen=True)
class Signed:
    """What was read of a signed statement."""

    data: bytes
    place: str
    envelope: Envelope
    statement: Statement
    certificate: EnergyCertificate


def read_signed(found: Found, checks: Checks) -> Signed | None:
    """Return the certificate in a signed statement; None, and why in `checks`, if it cannot be read."""
    what = "the signed statement can be read"
    try:
        envelope = read_envelope(found.data)
        statement = read_statement(envelope.payload)
        certificate = _certificate(statement)
    except SessionError as error:
        checks.fails("readable", what, found.place, str(error))
        return None
    checks.holds("readable", what)
    return Signed(found.data, found.place, envelope, statement, certificate)


def _certificate(statement: Statement) -> EnergyCertificate:
    if statement.predicate_type != PREDICATE:
        raise SessionError(f"it is no certificate, but a {shown(statement.predicate_type)}. Try: certificate.json")
    stated = statement.predicate.get("schema")
    if stated != SCHEMA:
        raise SessionError(f"its schema is {shown(stated)}, and {SCHEMA} is read. Try: a newer version")
    try:
        certificate = EnergyCertificate.model_validate(statement.predicate)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise SessionError(f"predicate.{place}: {first['msg']}. Try: the file as it was issued") from None
    place = first_difference(statement.predicate, _known_to(certificate, statement.predicate))
    if place:
        raise SessionError(
            f"predicate{place}: is not a field of a certificate as this version knows it. Try: a newer version"
        )
    return certificate


def _known_to(certificate: EnergyCertificate, predicate: dict[str, Any]) -> Any:
    """Return the facts as this version would sign them, without fields that the issuing version did not know.

    Of a certificate of this version nothing is left out: there no field may lack.
    """
    document = as_written(certificate.document())
    own = certificate.issuing.software == f"energy-runner {version()}"
    return document if own else _common(document, predicate)


def _common(document: Any, predicate: Any) -> Any:
    if isinstance(document, dict) and isinstance(predicate, dict):
        return {key: _common(value, predicate[key]) for key, value in document.items() if key in predicate}
    if isinstance(document, list) and isinstance(predicate, list) and len(document) == len(predicate):
        return [_common(one, other) for one, other in zip(document, predicate, strict=True)]
    return document


def first_difference(one: object, other: object, place: str = "") -> str:
    """Return the first place at which two documents differ, such as `.result.windows[2].energy_j`; "" if none."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted({*one, *other}):
            if key not in one or key not in other:
                return f"{place}.{key}"
            found = first_difference(one[key], other[key], f"{place}.{key}")
            if found:
                return found
        return ""
    if isinstance(one, list) and isinstance(other, list):
        for number, (left, right) in enumerate(zip(one, other, strict=False)):
            found = first_difference(left, right, f"{place}[{number}]")
            if found:
                return found
        return f"{place}[{min(len(one), len(other))}]" if len(one) != len(other) else ""
    return "" if type(one) is type(other) and one == other else place or "."


def check_signature(  # noqa: PLR0917 - of one signature
    signed: Signed, ring: KeyRing, bundle: Bundle, roots: Sequence[bytes], now_utc: str, checks: Checks
) -> None:
    """Check signature, key and time stamp, as of the moment `now_utc` (ISO 8601, UTC)."""
    envelope, issued_utc = signed.envelope, signed.certificate.issuing.issued_utc
    what = "the signature is that of the key that the certificate names"
    known = ring.find(envelope.key_id)
    wrong = _signature_lack(signed, known)
    if known is None:
        checks.not_checked("signature", what, f"the key {envelope.key_id} is not in the key ring")
    elif wrong:
        checks.fails("signature", what, signed.place, wrong)
    else:
        checks.holds("signature", what)
    stamped = _stamped(signed, bundle.token, roots, checks)
    what = "the key is trusted for this signature"
    if _no_moment(issued_utc):
        checks.fails("clocks", "the clocks do not contradict each other", signed.place, _no_moment(issued_utc))
        checks.not_checked("trust", what, "the certificate does not say when it was issued")
        return
    trust = trust_of(ring, envelope.key_id, issued_utc, now_utc, stamped)
    if trust.trusted:
        checks.holds("trust", what, trust.detail)
    else:
        checks.fails("trust", what, signed.place, trust.detail)
    said = contradiction(issued_utc, now_utc, stamped)
    checks.judged("clocks", "the clocks do not contradict each other", [(signed.place, said)] if said else [])


def _no_moment(issued_utc: str) -> str:
    """Return why a date of issue is none; "" if it is one."""
    try:
        moment_s(issued_utc)
    except SessionError as error:
        return f"issuing.issued_utc: {error}"
    return ""


def _signature_lack(signed: Signed, known: RingKey | None) -> str:
    """Return why a signature does not hold; "" if it does, or if its key is not known."""
    stated = signed.certificate.issuing.key_id
    if stated != signed.envelope.key_id:
        return f"signed with {signed.envelope.key_id[:16]}, it names {shown(stated)}"
    if known is not None and not signature_holds(signed.envelope, known.public_key()):
        return "it was changed after it was signed, or signed by another key"
    return ""


def _stamped(signed: Signed, token: Found | None, roots: Sequence[bytes], checks: Checks) -> Stamped | None:
    """Return when it was signed at the latest, where a time stamp proves it; None where none does."""
    what = "a time stamp proves when it was signed"
    if token is None:
        checks.not_checked("time-stamp", what, "there is none; the certificate's own date counts")
        return None
    if not roots:
        checks.not_checked("time-stamp", what, "no certificate of a time stamp authority was given (--authority)")
        return None
    try:
        stamped = read_token(token.data, signed.data, roots)
    except RunnerError as error:
        checks.fails("time-stamp", what, token.place, str(error))
        return None
    checks.holds("time-stamp", what, f"{stamped.at_utc}, by {stamped.authority}")
    return stamped

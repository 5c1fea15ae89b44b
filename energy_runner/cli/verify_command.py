# SPDX-License-Identifier: Apache-2.0
"""`verify`: check a certificate, and say what was checked and what was not."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from energy_runner.cli.certify_command import headline
from energy_runner.cli.output import write, write_json
from energy_runner.errors import ExitStatus
from energy_runner.report.units import plain
from energy_runner.version import version
from energy_runner.wording import printable

if TYPE_CHECKING:
    from energy_runner.api.verification import Check, VerifiedCertificate
    from energy_runner.certificate.facts import EnergyCertificate
    from energy_runner.certificate.signing.revocation import Revocation

_COLUMNS = 80
_SIGNS = {"holds": "✓", "fails": "✗", "not checked": "?"}
_TITLES = {"holds": "Holds:", "not checked": "Could not be checked:", "fails": "Does not hold:"}
_TELLING = ("trust", "time-stamp", "seal")  # checks that say more than where, if they hold
_UNKNOWN_KEY = (
    "Ask the laboratory for its public key, compare the id of the key with it by telephone or in person, and add "
    "the key: energy-runner keys add FILE --owner NAME"
)
_NO_SESSION = "To derive the figures again from the recorded trace, ask for the session: --session DIR"
_CHANGED = (
    "It is not as it was signed, or contradicts itself. Do not rely on its figures; ask the laboratory for the "
    "original files."
)
_OTHER_SESSION = (
    "This session is not the one that was certified, or was changed since. Ask for a copy of that one."
)
_ADVICE = {
    "readable": "This is not a whole certificate. Ask the laboratory for certificate.pdf as it was issued.",
    "trust": "Its key is not good for this signature. Ask the laboratory which key to trust, from when to when.",
    "time-stamp": "The time stamp does not hold, or is of an authority that --authority does not name.",
    "clocks": "Check the date and time of this computer; if they are right, ask the laboratory about its own.",
    "revision": "Ask the laboratory which certificate counts now.",
    "session-files": _OTHER_SESSION,
    "recorded": _OTHER_SESSION,
}


@dataclass(frozen=True)
class VerifyOptions:
    """What `verify` was asked."""

    file: Path
    ring: Path | None = None
    session: Path | None = None
    accuracy_session: Path | None = None
    authorities: list[Path] = field(default_factory=list)
    certificates: Path | None = None
    full: bool = False
    dcc_schema: Path | None = None
    as_json: bool = False


def verify_command(options: VerifyOptions) -> int:
    """Verify a certificate; status 1 if anything that was checked does not hold."""
    from energy_runner import api

    found = api.verify_certificate(
        options.file,
        ring=options.ring,
        session=options.session,
        accuracy_session=options.accuracy_session,
        authorities=options.authorities,
        certificates=options.certificates,
        full=options.full,
        dcc_schema=options.dcc_schema,
    )
    if options.as_json:
        write_json(found.document())
    else:
        _show(found)
    return ExitStatus.VALID if found.holds else ExitStatus.RULE_FAILED


def _show(found: "VerifiedCertificate") -> None:
    one = found.certificate
    lines = [] if one is None else [*headline(one), *_wrapped(_whose(one)), ""]
    if found.revocation is not None:
        lines = [f"Revocation of {found.revocation.id}, no certificate", *_wrapped(_why(found.revocation)), ""]
    for state, title in _TITLES.items():
        told = _told([each for each in found.checks if each.state == state])
        if told:
            lines += [title, *(line for each in told for line in _wrapped(f"{_SIGNS[state]} {each}", "  ")), ""]
    lines += [*_wrapped(_verdict(found)), *(line for each in _advice(found) for line in _wrapped(each, "  "))]
    write("\n".join(map(plain, lines)) + "\n")


def _why(one: "Revocation") -> str:
    return printable(f"revoked at {one.revoked_utc}: {one.why}")


def _whose(one: "EnergyCertificate") -> str:
    """Return who states it, of what, and when."""
    item = one.item
    serial = f", serial number {item.serial}" if item.serial else ""
    laboratory = one.parties.laboratory.name or "a laboratory that does not state its name"
    board = item.board or "a board that is not stated"
    return printable(f"issued {one.issuing.issued_utc} by {laboratory}, for {board}{serial}")


def _told(checks: "Sequence[Check]") -> list[str]:
    """Return each check as one text; what holds of several copies is said once."""
    alike = Counter((one.what, one.state) for one in checks)
    told = [
        f"{one.what} ({alike[one.what, one.state]} copies)"
        if one.state == "holds" and alike[one.what, one.state] > 1
        else _line(one)
        for one in checks
    ]
    return list(dict.fromkeys(told))


def _line(check: "Check") -> str:
    detail = check.detail if check.state != "holds" or check.id in _TELLING else ""
    where = f" ({check.place})" if check.place else ""
    return printable(f"{check.what}{': ' if detail else ''}{detail}{where}")


def _verdict(found: "VerifiedCertificate") -> str:
    if found.holds:
        return "VERIFIED: all that was checked holds" + ("; not all could be checked" if found.unchecked else "")
    failed = {one.id for one in found.failed}
    if found.revocation is not None and failed == {"readable"} and not found.unchecked:
        return f"REVOKED: {found.revocation.id}, by a key that is trusted"
    if failed == {"revision"}:
        return f"NOT VERIFIED: {printable(found.failed[0].detail)}"
    if failed <= {"trust"} and _key_unknown(found):
        return "NOT VERIFIED: whose signature it is cannot be told, because its key is not in your key ring"
    count = len(found.failed)
    return f"NOT VERIFIED: {count} of {len(found.checks)} checks {'fails' if count == 1 else 'fail'}"


def _key_unknown(found: "VerifiedCertificate") -> bool:
    return any(one.id == "signature" for one in found.unchecked)


def _advice(found: "VerifiedCertificate") -> list[str]:
    """Return what to do now; nothing where nothing is left to do."""
    if found.revocation is not None:
        return _advice_on(found.revocation, {one.id for one in found.checks if one.state != "holds"})
    advice = [
        _ADVICE.get(one.id, _CHANGED) for one in found.failed if one.id != "trust" or not _key_unknown(found)
    ]
    if _key_unknown(found):
        advice.insert(0, _UNKNOWN_KEY)
    one = found.certificate
    if _CHANGED in advice and one is not None and one.issuing.software != f"energy-runner {version()}":
        advice.append(f"It was issued with {printable(one.issuing.software)}: verify it with that version, too.")
    if not found.failed and any(one.id == "recomputed" for one in found.unchecked):
        advice.append(_NO_SESSION)
    return list(dict.fromkeys(advice))


def _advice_on(one: "Revocation", doubts: set[str]) -> list[str]:
    """Return what to do with a revocation, of which `doubts` are the checks that do not hold."""
    if doubts & {"signature", "trust"}:
        return [f"Ask the laboratory whether it has revoked {one.id}, and which key to trust."]
    return [
        f"Do not rely on {one.id} any more; ask the laboratory which certificate counts now.",
        f"Keep this file beside {one.id}: verify takes it into account there.",
    ]


def _wrapped(text: str, indent: str = "") -> list[str]:
    more = f"{indent}  " if indent else ""
    return wrap(
        text,
        _COLUMNS,
        initial_indent=indent,
        subsequent_indent=more,
        break_on_hyphens=False,
        break_long_words=False,
    )

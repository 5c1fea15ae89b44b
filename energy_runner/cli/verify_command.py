# SPDX-License-Identifier: Apache-2.0
"""`verify`: check a certificate, and say what was checked and what was not."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.cli.output import write_json, write_line
from energy_runner.errors import ExitStatus
from energy_runner.report.units import plain

if TYPE_CHECKING:
    from energy_runner.api.verification import Check, VerifiedCertificate

_SIGNS = {"holds": "✓", "fails": "✗", "not checked": "?"}


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
    )
    if options.as_json:
        write_json(found.document())
    else:
        _show(found)
    return ExitStatus.VALID if found.holds else ExitStatus.RULE_FAILED


def _show(found: "VerifiedCertificate") -> None:
    one = found.certificate
    if one is not None:
        simulated = ", SIMULATED: nothing in it was measured" if one.virtual else ""
        write_line(plain(f"{one.id}, {one.title}{simulated}"))
        write_line(plain(f"{one.result.benchmark}, {one.result.headline()}"))
    for check in found.checks:
        write_line(plain(_line(check)))
    lacking = "; what could not be checked is marked ?" if found.unchecked else ""
    if found.holds:
        write_line(f"VERIFIED: all that was checked holds{lacking}")
    elif found.failed:
        write_line(f"NOT VERIFIED: {len(found.failed)} of {len(found.checks)} checks failed")
    else:
        write_line("NOT VERIFIED: whose signature it is could not be checked. Try: --ring with the key of the lab")


def _line(check: "Check") -> str:
    where = f" ({check.place})" if check.place else ""
    return f"{_SIGNS[check.state]}  {check.what}{': ' if check.detail else ''}{check.detail}{where}"

# SPDX-License-Identifier: Apache-2.0
"""`certificates …`: what the commands do."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from energy_runner.cli.certify_command import headline
from energy_runner.cli.output import write, write_json, write_line
from energy_runner.cli.passphrase import passphrase_for
from energy_runner.errors import ExitStatus
from energy_runner.report.units import plain
from energy_runner.wording import printable

if TYPE_CHECKING:
    from energy_runner.api.certificate_catalogue import CertificateRow
    from energy_runner.certificate.facts import EnergyCertificate


def list_command(folder: Path, ring: Path | None, *, as_json: bool) -> int:
    """List the certificates in a folder; status 1 if one cannot be read."""
    from energy_runner import api

    rows = api.list_certificates(folder, ring=ring) if folder.exists() else []
    status = ExitStatus.RULE_FAILED if any(row.problem for row in rows) else ExitStatus.VALID
    if as_json:
        write_json([_document(row) for row in rows])
        return status
    if not rows:
        write_line(f"There is no certificate in {folder}. Try: energy-runner certify SESSION --key FILE")
    write("".join(f"{plain(line)}\n" for row in rows for line in _short(row)))
    return status


def show_command(certificate_id: str, folder: Path, ring: Path | None, *, as_json: bool) -> int:
    """Show a certificate; status 1 if it is superseded or revoked."""
    from energy_runner import api

    row = api.find_certificate(certificate_id, folder, ring=ring)
    status = ExitStatus.VALID if row.stands else ExitStatus.RULE_FAILED
    if as_json:
        write_json(_document(row))
    elif row.certificate is not None:
        write("\n".join(plain(line) for line in _long(row, row.certificate)) + "\n")
    return status


def revoke_command(
    certificate_id: str,
    why: str,
    key: Path,
    issued: str | None,
    folder: Path,
    ring: Path | None,
    *,
    as_json: bool,
) -> int:
    """Revoke a certificate."""
    from energy_runner import api

    secret = passphrase_for(printable(str(key))) if api.key_needs_passphrase(key) else None
    path = api.revoke_certificate(
        certificate_id, key, why, passphrase=secret, issued=issued, folder=folder, ring=ring
    )
    row = api.find_certificate(path.parent.name, folder, ring=ring)
    if as_json:
        write_json(_document(row) | {"revocation": str(path)})
    else:
        write_line(f"{path.parent.name} is revoked. Send this file to everyone who has the certificate:")
        write_line(str(path))
    return ExitStatus.VALID


# --- what is printed -----------------------------------------------------------------------------------------


def _short(row: "CertificateRow") -> list[str]:
    one = row.certificate
    if one is None:
        return [f"{row.folder.name}  unreadable", f"  {row.problem}"]
    kind = "report" if one.reasons else "certificate"
    kind += ", SIMULATED" if one.virtual else ""
    became = "".join(f", {words}" for words in _became(row))
    board = f" on {one.item.board}" if one.item.board else ""
    return [
        f"{one.id}  {one.issuing.issued_utc[:10]}  {kind}{became}",
        f"  {one.workload.benchmark}{board}: {_score(one)}",
        *(f"  remark: {remark}" for remark in row.remarks),
    ]


def _became(row: "CertificateRow") -> list[str]:
    revoked = [f"revoked {row.revoked_utc[:10]}"] if row.revoked_utc is not None else []
    return [*revoked, *(f"superseded by {other}" for other in row.superseded_by)]


def _score(one: "EnergyCertificate") -> str:
    score = one.result.energy_per_inference_j
    return score.stated.text if score is not None and score.stated is not None else "no score"


def _long(row: "CertificateRow", one: "EnergyCertificate") -> list[str]:
    laboratory = one.parties.laboratory.name
    revision = one.issuing.supersedes
    told = [
        ("issued", f"{one.issuing.issued_utc}{f' by {laboratory}' if laboratory else ''}"),
        ("signed by key", one.issuing.key_id),
        ("item", " ".join(filter(None, (one.item.board, one.item.revision, one.item.serial)))),
        ("session", one.session.session_id),
        ("supersedes", f"{revision.id}: {revision.why}" if revision is not None else ""),
        ("superseded by", ", ".join(row.superseded_by)),
        ("REVOKED", f"{row.revoked_utc}: {row.revoked_why}" if row.revoked_utc is not None else ""),
    ]
    lines = [*headline(one), *(f"  {name}: {text}" for name, text in told if text)]
    lines += [f"  remark: {remark}" for remark in row.remarks]
    return [*lines, str(row.folder)]


def _document(row: "CertificateRow") -> dict[str, Any]:
    one = row.certificate
    facts: dict[str, Any] = {}
    if one is not None:
        score = one.result.energy_per_inference_j
        facts = {
            "id": one.id,
            "title": one.title,
            "virtual": one.virtual,
            "issued_utc": one.issuing.issued_utc,
            "key_id": one.issuing.key_id,
            "laboratory": one.parties.laboratory.name,
            "board": one.item.board,
            "benchmark": one.workload.benchmark,
            "session_id": one.session.session_id,
            "score": score.model_dump(mode="json") if score is not None else None,
            "supersedes": one.issuing.supersedes.id if one.issuing.supersedes is not None else None,
        }
    return {
        **facts,
        "folder": str(row.folder),
        "stands": row.stands,
        "superseded_by": list(row.superseded_by),
        "revoked_utc": row.revoked_utc,
        "revoked_why": row.revoked_why,
        "remarks": list(row.remarks),
        "problem": row.problem,
    }

# SPDX-License-Identifier: Apache-2.0
"""`certify` and `certificates …`: with their options and help texts."""

from pathlib import Path
from typing import Annotated

import typer

from energy_runner.cli.complete import complete_certificate, complete_paper, complete_session
from energy_runner.cli.keys_app import RingOption
from energy_runner.cli.rules_commands import AccuracyOption
from energy_runner.cli.shared_options import JsonOption

FOLDER = Path("certificates")
KeyOption = Annotated[
    Path | None,
    typer.Option("--key", "-k", help="Key that signs, of `keys new`.", metavar="FILE", show_default=False),
]
InOption = Annotated[Path, typer.Option("--in", help="Folder of the certificates.", metavar="DIR")]
IssuedOption = Annotated[
    str | None,
    typer.Option("--issued", help="Moment of issue, YYYY-MM-DDThh:mm:ssZ; default: now.", metavar="TIME"),
]
IdArgument = Annotated[
    str,
    typer.Argument(
        help="Id of the certificate, or how it begins.", metavar="ID", autocompletion=complete_certificate
    ),
]

certifying = typer.Typer(rich_markup_mode=None)
certificates = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List, show and revoke certificates.\n\nExample:\n\n\b\n  energy-runner certificates list",
)


@certifying.command()
def certify(
    sessions: Annotated[
        list[Path] | None,
        typer.Argument(
            help="The energy session, and the accuracy session beside it; with --form none is needed.",
            metavar="SESSION",
            autocompletion=complete_session,
        ),
    ] = None,
    key: KeyOption = None,
    accuracy_session: AccuracyOption = None,
    profile: Annotated[
        Path | None,
        typer.Option(
            "--profile", "-p", help="What the laboratory states: a TOML file.", metavar="FILE", show_default=False
        ),
    ] = None,
    form: Annotated[
        bool, typer.Option("--form", help="Ask for what --profile lacks, and write it there first.")
    ] = False,
    issued: IssuedOption = None,
    paper: Annotated[
        str, typer.Option("--paper", help="a4 or us-letter.", metavar="PAPER", autocompletion=complete_paper)
    ] = "a4",
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Folder of all certificates; each gets its own in it.", metavar="DIR"),
    ] = FOLDER,
    supersedes: Annotated[
        str | None,
        typer.Option(
            "--supersedes",
            help="Certificate in --out that this one replaces.",
            metavar="ID",
            autocompletion=complete_certificate,
            show_default=False,
        ),
    ] = None,
    why: Annotated[str, typer.Option("--why", help="Why it is replaced.", metavar="TEXT")] = "",
    timestamp_url: Annotated[
        str | None,
        typer.Option(
            "--timestamp-url",
            help="Time stamp authority (RFC 3161), so that the signature outlives its key.",
            metavar="URL",
            show_default=False,
        ),
    ] = None,
    seal_certificate: Annotated[
        Path | None,
        typer.Option(
            "--seal-certificate",
            help="Seal the PDF, too, for viewers: certificate of --seal-key.",
            metavar="PEM",
            show_default=False,
        ),
    ] = None,
    seal_key: Annotated[
        Path | None,
        typer.Option("--seal-key", help="EC P-256 key of the seal.", metavar="PEM", show_default=False),
    ] = None,
    verified: Annotated[
        bool,
        typer.Option("--verified", help="MLCommons has reviewed the result; default: it says that it has not."),
    ] = False,
    sweeps: Annotated[
        Path, typer.Option("--sweeps", help="Folder of the sweeps, with the bench's control chart.", metavar="DIR")
    ] = Path("sweeps"),
    ring: RingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Issue the signed certificate of a session.

    The session is judged anew from its facts. Where something is lacking, such
    as a calibration or the accuracy, the same document is titled a measurement
    report, says why, and the status is 1. Nothing is overwritten.

    \b
    Examples:
      energy-runner keys new lab.key
      energy-runner certify --form --profile lab.toml
      energy-runner certify SESSION --key lab.key --profile lab.toml
      energy-runner certify ENERGY-SESSION ACCURACY-SESSION -k lab.key -p lab.toml
      energy-runner certify SESSION -k lab.key --supersedes ID --why "calibrated"
    """
    from energy_runner.cli.certify_command import CertifyOptions, certify_command

    options = CertifyOptions(
        sessions=sessions or [],
        key=key,
        profile=profile,
        form=form,
        asked={"accuracy_session": accuracy_session, "issued": issued, "verified": verified, "sweeps": sweeps},
        signed={
            "paper": paper,
            "out": out,
            "supersedes": supersedes,
            "why": why,
            "timestamp_url": timestamp_url,
            "seal_certificate": seal_certificate,
            "seal_key": seal_key,
            "ring": ring,
        },
        as_json=as_json,
    )
    raise typer.Exit(certify_command(options))


@certificates.command("list")
def list_certificates(
    folder: Annotated[Path, typer.Argument(help="Folder with certificates.", metavar="DIR")] = FOLDER,
    ring: RingOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the certificates in a folder, the first issued first.

    Says which are superseded or revoked. Nothing is verified; `verify` does.

    \b
    Examples:
      energy-runner certificates list
      energy-runner certificates list archive/ --json
    """
    from energy_runner.cli.certificate_commands import list_command

    raise typer.Exit(list_command(folder, ring, as_json=as_json))


@certificates.command("show")
def show(
    certificate_id: IdArgument, folder: InOption = FOLDER, ring: RingOption = None, as_json: JsonOption = False
) -> None:
    """Show a certificate, and what became of it.

    Status 1 if it is superseded or revoked. Nothing is verified; `verify` does.

    \b
    Examples:
      energy-runner certificates show ER-0123456789ABCDEF
      energy-runner certificates show ER-0123 --in archive/
    """
    from energy_runner.cli.certificate_commands import show_command

    raise typer.Exit(show_command(certificate_id, folder, ring, as_json=as_json))


@certificates.command("revoke")
def revoke(
    certificate_id: IdArgument,
    why: Annotated[str, typer.Option("--why", help="For what reason.", metavar="TEXT")],
    key: Annotated[Path, typer.Option("--key", "-k", help="Key that signs, of `keys new`.", metavar="FILE")],
    issued: Annotated[
        str | None,
        typer.Option(
            "--issued", help="Moment of the revocation, YYYY-MM-DDThh:mm:ssZ; default: now.", metavar="TIME"
        ),
    ] = None,
    folder: InOption = FOLDER,
    ring: RingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Revoke a certificate: write a signed revocation.json beside it.

    Send that file to everyone who has the certificate. It cannot be undone.

    \b
    Example:
      energy-runner certificates revoke ER-0123456789ABCDEF --key lab.key --why "wrong board"
    """
    from energy_runner.cli.certificate_commands import revoke_command

    raise typer.Exit(revoke_command(certificate_id, why, key, issued, folder, ring, as_json=as_json))

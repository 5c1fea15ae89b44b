# SPDX-License-Identifier: Apache-2.0
"""`verify` with its options and help text."""

from pathlib import Path
from typing import Annotated

import typer

from energy_runner.cli.shared_options import JsonOption

verifying = typer.Typer(rich_markup_mode=None)


@verifying.command()
def verify(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="certificate.pdf, .json or .dcc.xml, their folder, or a session."),
    ],
    session: Annotated[
        Path | None,
        typer.Option(
            "--session", metavar="DIR", help="The session: the figures are derived again from its trace."
        ),
    ] = None,
    accuracy_session: Annotated[
        Path | None,
        typer.Option("--accuracy-session", metavar="DIR", help="The accuracy session that took part."),
    ] = None,
    ring: Annotated[
        Path | None,
        typer.Option("--ring", metavar="FILE", help="Key ring with the keys that are trusted; default: your own."),
    ] = None,
    authority: Annotated[
        list[Path] | None,
        typer.Option("--authority", metavar="PEM", help="Certificate of a time stamp authority; several times."),
    ] = None,
    certificates: Annotated[
        Path | None,
        typer.Option(
            "--certificates",
            metavar="DIR",
            help="Folder of all certificates, which tells of revisions; default: the one that FILE is in.",
        ),
    ] = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Derive every figure again, also from a long trace (10 million samples)."),
    ] = False,
    dcc_schema: Annotated[
        Path | None,
        typer.Option("--dcc-schema", metavar="XSD", help="Check the XML by this schema, such as PTB's dcc.xsd."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify a certificate.

    Checks signature, key, every hash, that all forms say the same, that the
    facts agree with each other, and with --session every figure. Says what was
    checked and what was not. Status 0 only if all that could be checked holds.

    \b
    Examples:
      energy-runner verify certificate.pdf
      energy-runner verify certificates/ER-0123456789ABCDEF --session SESSION
      energy-runner verify certificate.json --ring lab-keys.json --json
    """
    from energy_runner.cli.verify_command import VerifyOptions, verify_command

    raise typer.Exit(
        verify_command(
            VerifyOptions(
                file=file,
                ring=ring,
                session=session,
                accuracy_session=accuracy_session,
                authorities=authority or [],
                certificates=certificates,
                full=full,
                dcc_schema=dcc_schema,
                as_json=as_json,
            )
        )
    )

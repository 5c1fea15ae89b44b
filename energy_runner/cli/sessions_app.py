# SPDX-License-Identifier: Apache-2.0
"""`sessions …`: list what was measured, and thin it."""

from pathlib import Path
from typing import Annotated

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]

sessions = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List sessions, or thin them to save room.\n\nExample:\n\n\b\n  energy-runner sessions list",
)


@sessions.command("list")
def list_sessions(
    folder: Annotated[Path, typer.Argument(help="Folder with sessions.", metavar="DIR")] = Path("sessions"),
    as_json: JsonOption = False,
) -> None:
    """List the sessions in a folder, the latest last.

    The time is that of the session's record; for a virtual bench, whose time is
    virtual too, it is the time when the record was written.

    \b
    Examples:
      energy-runner sessions list
      energy-runner sessions list nights/ --json
    """
    from energy_runner.cli.session_commands import list_command

    raise typer.Exit(list_command(folder, as_json=as_json))


@sessions.command("thin")
def thin_sessions(
    folders: Annotated[list[Path], typer.Argument(help="Folders with sessions, or sessions.", metavar="FOLDER")],
    older_than: Annotated[
        float,
        typer.Option("--older-than", help="Only sessions recorded more than so many days ago.", metavar="DAYS"),
    ] = 0.0,
    keep_every: Annotated[
        int | None,
        typer.Option("--keep-every", help="Keep the first and then every N-th run of a folder.", metavar="N"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be thinned.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove the raw bytes of sound sessions, which their traces repeat.

    Only stream.bin of energy runs that are complete, sealed, unchanged, valid and
    without findings is removed, after their facts gave the same result again.
    Figures and the seal of all other files stay verifiable; whether the events
    are what was exchanged cannot be judged any more. thinned.json says so.

    \b
    Examples:
      energy-runner sessions thin sessions/ --dry-run
      energy-runner sessions thin nights/2026-11 --older-than 30 --keep-every 10
    """
    from energy_runner.cli.thin_command import thin_command

    raise typer.Exit(thin_command(folders, older_than, keep_every, dry_run=dry_run, as_json=as_json))

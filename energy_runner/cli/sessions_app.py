# SPDX-License-Identifier: Apache-2.0
"""`sessions …`: list what was measured."""

from pathlib import Path
from typing import Annotated

import typer

sessions = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List sessions.\n\nExample:\n\n\b\n  energy-runner sessions list",
)


@sessions.callback()
def _sessions() -> None:
    pass  # keeps `list` a command of its own while it is the only one


@sessions.command("list")
def list_sessions(
    folder: Annotated[Path, typer.Argument(help="Folder with sessions.", metavar="DIR")] = Path("sessions"),
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")] = False,
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

# SPDX-License-Identifier: Apache-2.0
"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from energy_runner.cli.complete import complete_session

SessionArgument = Annotated[
    Path, typer.Argument(help="Folder of the session.", metavar="SESSION", autocompletion=complete_session)
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
FailOnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-on",
        help="Status 1 if a figure is worse than that of --baseline by more than this, beyond the uncertainty, "
        "e.g. 'energy_per_inference +2%'; may be given several times.",
        metavar="LIMIT",
        show_default=False,
    ),
]
BaselineOption = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        help="What --fail-on compares with: a session, a result.json, or a file from --write-baseline.",
        metavar="PATH",
        show_default=False,
    ),
]
WriteBaselineOption = Annotated[
    Path | None,
    typer.Option(
        "--write-baseline",
        help="Write the figures into a small JSON file for a later --baseline, if the result is valid.",
        metavar="FILE",
        show_default=False,
    ),
]
AllOption = Annotated[
    bool, typer.Option("--all", "-a", help="Show every rule and finding, also rules that passed.")
]

# SPDX-License-Identifier: Apache-2.0
"""The command `view`, with its options and help text, and those of `run --live`."""

from pathlib import Path
from typing import Annotated

import typer

from energy_runner.cli.complete import complete_session

viewing = typer.Typer(rich_markup_mode=None)

PortOption = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="Port of the viewer; 0 takes a free one.", metavar="PORT")
]
BrowserOption = Annotated[
    bool, typer.Option("--browser/--no-browser", help="Open the page, or only print its address.")
]
LiveOption = Annotated[bool, typer.Option("--live", help="Show the run in a browser as it happens.")]
ControlOption = Annotated[
    bool, typer.Option("--control", help="With --live: the page may stop the run, as Ctrl-C does, asked twice.")
]


@viewing.command()
def view(
    sessions: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Sessions, or folders of sessions or sweeps; default: sessions/.",
            metavar="SESSION...",
            autocompletion=complete_session,
            show_default=False,
        ),
    ] = None,
    live: Annotated[bool, typer.Option("--live", help="Show the runs that happen in these folders.")] = False,
    port: PortOption = 0,
    browser: BrowserOption = True,
    certificates: Annotated[
        Path | None,
        typer.Option(
            help="Folder of certificates, for links; default: certificates/ beside the sessions.",
            metavar="DIR",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Look into sessions in a browser: traces, windows, regions.

    Zoom from the whole trace to single samples, put markers and read the exact
    energy between them, lay sessions over each other. The page comes from this
    computer, and only someone with the address can open it. Sessions are only
    read; notes are kept beside their facts. Ctrl-C ends it.

    \b
    Examples:
      energy-runner view                       all sessions in sessions/
      energy-runner view SESSION
      energy-runner view SESSION OTHER         both, to compare
      energy-runner view sessions/ --live      runs of other programs
      energy-runner view SESSION --no-browser --port 8765
    """
    from energy_runner.cli.view_command import view_command

    raise typer.Exit(view_command(sessions or [], port, certificates, live=live, browser=browser))

# SPDX-License-Identifier: Apache-2.0
"""`import`: a published session (`import PATH`), or a trace file of another tool (`import trace FILE`)."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from energy_runner.cli.bench_commands import JsonOption
from energy_runner.cli.complete import complete_benchmark

SESSION = "session"


class PathOrCommand(TyperGroup):
    """A group whose first word may be the path of a session instead of a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `session` before the words of a command line that names no command."""
        if args and args[0] not in self.commands and args[0] != "--help":
            args = [SESSION, *args]
        return super().parse_args(ctx, args)


imports = typer.Typer(
    cls=PathOrCommand,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Import a session of another runner, or a trace.\n\n"
    "`import PATH` is short for `import session PATH`.\n\n"
    "\b\n"
    "Examples:\n"
    "  energy-runner import results/closed/Acme/results/board_a/kws/energy --out session\n"
    "  energy-runner import trace ppk2.csv --edges D0 --voltage 3.0 --inferences 500",
)


@imports.command(SESSION)
def import_session(
    path: Annotated[Path, typer.Argument(help="Folder of a published session.", metavar="PATH")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new session.", metavar="DIR")],
    stimuli: Annotated[
        Path | None,
        typer.Option("--stimuli", "-s", help="Folder with label files, for accuracy sessions.", metavar="DIR"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Import a session of another runner.

    Reads published sessions of the EEMBC runner and of the MLCommons runner, and
    compares our figure with the published one.

    \b
    Example:
      energy-runner import results/closed/Acme/results/board_a/kws/energy --out session
    """
    from energy_runner.cli.interchange_commands import import_command

    raise typer.Exit(import_command(path, out, stimuli, as_json=as_json))


@imports.command("trace")
def import_trace(
    file: Annotated[Path, typer.Argument(help="Trace file of another tool.", metavar="FILE")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Empty folder for the session; default: a new one in sessions/.",
            metavar="DIR",
            show_default=False,
        ),
    ] = None,
    edges: Annotated[
        str,
        typer.Option(
            help="Where windows begin and end: a column or input of FILE, a table of times (TIMES.csv), or "
            "FILE:SIGNAL of a .sr or .vcd file.",
            metavar="EDGES",
            show_default=False,
        ),
    ] = "",
    edge: Annotated[
        str, typer.Option(help="The edges that count: falling or rising.", metavar="EDGE")
    ] = "falling",
    voltage: Annotated[
        float | None,
        typer.Option(help="Supply voltage in volt, for a file of currents.", metavar="V", show_default=False),
    ] = None,
    inferences: Annotated[
        int | None,
        typer.Option("--inferences", "-n", help="Inferences in each window.", metavar="N", show_default=False),
    ] = None,
    instrument: Annotated[
        str,
        typer.Option(
            help="Driver whose specification gives the uncertainty, such as ppk2 or js220; default: as the format "
            "tells.",
            metavar="NAME",
            show_default=False,
        ),
    ] = "",
    columns: Annotated[
        str,
        typer.Option(
            help="Units of columns that do not state them, such as time=ms,current=uA.",
            metavar="NAME=UNIT,...",
            show_default=False,
        ),
    ] = "",
    rate: Annotated[
        float | None,
        typer.Option(help="Samples per second, where FILE states none.", metavar="HZ", show_default=False),
    ] = None,
    benchmark: Annotated[
        str | None,
        typer.Option(
            help="What ran, if it is one of the benchmarks.",
            metavar="BENCHMARK",
            show_default=False,
            autocompletion=complete_benchmark,
        ),
    ] = None,
    samples: Annotated[
        str,
        typer.Option(
            help="What samples are, where FILE does not tell: means over their period, or readings at instants.",
            metavar="means|instants",
            show_default=False,
        ),
    ] = "",
    began: Annotated[
        str,
        typer.Option(
            help="When the first sample was taken, where FILE does not tell, such as 2026-11-30T10:00:00Z.",
            metavar="TIME",
            show_default=False,
        ),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Import a trace of another tool as a session like any other.

    Reads LPM01A CSV and raw streams, PPK2 CSV and .ppk2, Joulescope JLS and CSV,
    Otii CSV, Keysight .dlog and .dlog.xz, CSV of R&S and Keithley buffers, and any
    CSV whose units are stated or told. Status 1 if a rule failed.

    \b
    Examples:
      energy-runner import trace ppk2.csv --edges D0 --voltage 3.0 --inferences 500
      energy-runner import trace run.jls --edges times.csv --inferences 500 --instrument js220
      energy-runner import trace scope.csv --columns time=ms,current=uA --voltage 1.8
    """
    from energy_runner.cli.trace_commands import TraceOptions, import_trace_command

    options = TraceOptions(
        file=file,
        out=out,
        edges=edges,
        edge=edge,
        voltage=voltage,
        inferences=inferences,
        instrument=instrument,
        columns=columns,
        rate=rate,
        benchmark=benchmark,
        samples=samples,
        began=began,
        as_json=as_json,
    )
    raise typer.Exit(import_trace_command(options))

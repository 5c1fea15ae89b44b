# SPDX-License-Identifier: Apache-2.0
"""`sweep table`, `plot`, `compare` and `explain`, with their options and help texts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from energy_runner.cli.sweep_options import CatalogueOption, JsonOption, SweepArgument

if TYPE_CHECKING:
    from energy_runner.sweep.rows import PointRow

reading = typer.Typer(rich_markup_mode=None)

FromOption = Annotated[
    Path, typer.Option("--from", help="Folder of the sweeps, as `sweep run --out` named it.", metavar="DIR")
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option("--where", help="Only points with this value; may be given several times.", metavar="AXIS=VALUE"),
]
InvalidOption = Annotated[bool, typer.Option("--invalid", help="Also points that are not valid.")]


def _rows(sweep: str, catalogue: str, folder: Path) -> "list[PointRow]":
    from energy_runner.api.sweeps import sweep_rows

    return sweep_rows(sweep or None, catalogue=catalogue or None, out=folder)


@reading.command("table")
def table(
    sweep: SweepArgument = "",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="File: .csv, .parquet or .json; default: shown here.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        str, typer.Option("--format", help="csv, parquet or json; default: by the file's name.", metavar="FORM")
    ] = "",
    where: WhereOption = None,
    catalogue: CatalogueOption = "",
    folder: FromOption = Path("sweeps"),
    as_json: JsonOption = False,
) -> None:
    """Show or write the table of a sweep.

    One row a point, with U, verdict and session.

    \b
    Examples:
      energy-runner sweep table
      energy-runner sweep table night --out night.csv
      energy-runner sweep table night --where voltage=1.8 --json
    """
    from energy_runner.cli.sweep_reading import table_command

    raise typer.Exit(table_command(_rows(sweep, catalogue, folder), out, form, where or (), as_json=as_json))


@reading.command("plot")
def plot(
    sweep: SweepArgument = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="HTML page to write.", metavar="FILE", show_default=False),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option("--figures", help="Folder for the figures as files.", metavar="DIR", show_default=False),
    ] = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", help="svg, pdf or png of --figures.", metavar="FORM")
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Axis that colours the points.", metavar="AXIS", show_default=False)
    ] = None,
    over: Annotated[
        list[str] | None, typer.Option("--over", help="Energy over this axis; default: each.", metavar="AXIS")
    ] = None,
    maps: Annotated[
        list[str] | None, typer.Option("--map", help="Heat map of two axes; default: each pair.", metavar="X,Y")
    ] = None,
    where: WhereOption = None,
    catalogue: CatalogueOption = "",
    folder: FromOption = Path("sweeps"),
    as_json: JsonOption = False,
) -> None:
    """Draw a sweep.

    Energy against latency with the Pareto front, the drift of the reference
    point, energy over each axis, maps of two axes.

    \b
    Examples:
      energy-runner sweep plot --out night.html
      energy-runner sweep plot night --figures figures/ --format svg
      energy-runner sweep plot night --out night.html --over clock --map clock,voltage
    """
    from energy_runner.cli.sweep_reading import plot_command

    rows = _rows(sweep, catalogue, folder)
    raise typer.Exit(
        plot_command(rows, out, figures, formats or (), by, over or (), maps or (), where or (), as_json=as_json)
    )


@reading.command("compare")
def compare(
    first: Annotated[str, typer.Argument(help="Id or name of a sweep.", metavar="A")],
    second: Annotated[str, typer.Argument(help="Id or name of another, or of the same.", metavar="B")],
    where: WhereOption = None,
    where_a: Annotated[
        list[str] | None, typer.Option("--where-a", help="Only these points of A.", metavar="AXIS=VALUE")
    ] = None,
    where_b: Annotated[
        list[str] | None, typer.Option("--where-b", help="Only these points of B.", metavar="AXIS=VALUE")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option("--ignore", help="Axis that may differ.", metavar="AXIS")
    ] = None,
    invalid: InvalidOption = False,
    catalogue: CatalogueOption = "",
    folder: FromOption = Path("sweeps"),
    as_json: JsonOption = False,
) -> None:
    """Compare two nights, or two firmware versions, setting by setting.

    States the ratio B : A with its uncertainty, in which errors of one and the
    same monitor cancel, and which differences are significant.

    \b
    Examples:
      energy-runner sweep compare monday tuesday
      energy-runner sweep compare night night --where-a image=v1.elf --where-b image=v2.elf --ignore image
    """
    from energy_runner.cli.sweep_reading import compare_command

    names = (first, second) if first != second else (f"{first} A", f"{second} B")
    raise typer.Exit(
        compare_command(
            _rows(first, catalogue, folder),
            _rows(second, catalogue, folder),
            names,
            where or (),
            where_a or (),
            where_b or (),
            ignore or (),
            invalid=invalid,
            as_json=as_json,
        )
    )


@reading.command("explain")
def explain(
    sweep: SweepArgument = "",
    where: WhereOption = None,
    invalid: InvalidOption = False,
    catalogue: CatalogueOption = "",
    folder: FromOption = Path("sweeps"),
    as_json: JsonOption = False,
) -> None:
    """Say which axis explains how much of the differences (ANOVA).

    \b
    Example:
      energy-runner sweep explain night
    """
    from energy_runner.cli.sweep_reading import explain_command

    rows = _rows(sweep, catalogue, folder)
    raise typer.Exit(explain_command(rows, where or (), invalid=invalid, as_json=as_json))

# SPDX-License-Identifier: Apache-2.0
"""Read a sweep: its table, its figures, two sweeps compared, and which axis explains what.

All of them take the rows of a sweep's points (`PointRow`), in any order, and change nothing.
"""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.session.table import Table
from energy_runner.sweep.rows import PointRow, RowComponent

if TYPE_CHECKING:
    from energy_runner.sweep.reading.anova import Anova
    from energy_runner.sweep.reading.compare import SweepComparison

__all__ = [
    "PointRow",
    "RowComponent",
    "compare_sweeps",
    "explain_sweep",
    "plot_sweep",
    "save_sweep_table",
    "select_points",
    "sweep_table",
]


def select_points(rows: Sequence[PointRow], where: Mapping[str, str]) -> list[PointRow]:
    """Return the points with these values of axes, each given as text: `{"voltage_v": "1.8"}`.

    Raises `ConfigurationError` for an axis that no point has, or a value that none has.
    """
    from energy_runner.sweep.reading.settings import selected

    return selected(rows, where)


def sweep_table(rows: Sequence[PointRow]) -> Table:
    """Return the table of a sweep: one row a point, its settings as columns, figures in SI units with U.

    Raises `ConfigurationError` if there are no points.
    """
    from energy_runner.sweep.reading.table import sweep_table as make_table

    return make_table(rows)


def save_sweep_table(rows: Sequence[PointRow], path: str | PathLike[str], form: str | None = None) -> Path:
    """Write the table of a sweep to a new file and return its path.

    It is CSV, Parquet or JSON, by `form` or else by the ending of the name. Raises `ConfigurationError` for
    another form, a file that exists already, and Parquet without pyarrow; `BenchFault` if it cannot be written.
    """
    from energy_runner.sweep.reading.table import save_sweep_table as save

    save(sweep_table(rows), Path(path), form)
    return Path(path)


def plot_sweep(
    rows: Sequence[PointRow],
    *,
    page: str | PathLike[str] | None = None,
    figures: str | PathLike[str] | None = None,
    formats: Sequence[str] = (),
    by: str | None = None,
    over: Sequence[str] | None = None,
    maps: Sequence[tuple[str, str]] | None = None,
) -> list[Path]:
    """Draw a sweep and return the paths of all that was written.

    `page` is an HTML file that opens offline; `figures` a folder for SVG, PDF and PNG of each figure, or those of
    `formats`. There are energy against latency with the Pareto front (each value of the axis `by` has its own),
    the drift of the reference point, energy over each numeric axis or those named by `over`, and a map of each two
    axes or those of `maps`. Files of the same names are replaced. Raises `ConfigurationError` if no point has an
    energy, or for an axis that cannot be drawn; `BenchFault` if a file cannot be written.
    """
    from energy_runner.sweep.reading.plots.pictures import pictures_of

    found = pictures_of(rows, by=by, over=over, maps=maps)
    written: list[Path] = []
    if page is not None:
        from energy_runner.sweep.reading.plots.page import write_page

        written.append(write_page(rows, found, Path(page)))
    if figures is not None:
        from energy_runner.sweep.reading.plots.files import write_pictures

        written += write_pictures(found.pictures, Path(figures), formats)
    return written


def compare_sweeps(
    a: Sequence[PointRow],
    b: Sequence[PointRow],
    *,
    names: tuple[str, str] = ("A", "B"),
    ignore: Sequence[str] = (),
    invalid: bool = False,
) -> "SweepComparison":
    """Return what changed from A to B, for each setting that both have, and overall.

    Errors that both sides have in common cancel: those of one monitor, by its serial number. Repeats give the
    scatter from run to run. At most 5 % of comparisons in which nothing changed find a significant setting. Axes
    to `ignore` may differ between the sides; `invalid` lets points count that broke a rule. Raises
    `ConfigurationError` if nothing can be compared.
    """
    from energy_runner.sweep.reading.compare import compare_sweeps as compare

    return compare(a, b, names=names, ignore=ignore, invalid=invalid)


def explain_sweep(rows: Sequence[PointRow], *, invalid: bool = False) -> "Anova":
    """Return which axis explains how much of the differences between the points' energies, largest first.

    It is an analysis of variance of the log energy (type II sums of squares) with the drift of the night as a
    covariate. `invalid` lets points count that broke a rule. Raises `ConfigurationError` if no axis varies.
    """
    from energy_runner.sweep.reading.anova import explain

    return explain(rows, invalid=invalid)

# SPDX-License-Identifier: Apache-2.0
"""The figure of a comparison: two results with their uncertainties, and their difference with its own beside zero.

The two intervals may overlap and the difference still be beyond doubt: errors that both have in common cancel.
"""

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from energy_runner.analysis.against.better import Difference, read_as, sentence
from energy_runner.errors import ConfigurationError
from energy_runner.notebook import VIRTUAL
from energy_runner.report.figures.style import EDGE, INK, LINE, MARKERS, WIDTH_IN, label, look
from energy_runner.report.figures.write import FORMATS, saved, write_image

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHT_IN = 2.6
_COLUMNS = 100
_MARGIN = 0.25  # of what is shown, free at either side of the bars
_FOOT = "Each bar is an expanded uncertainty for a coverage of 95 %."


def format_of(path: Path) -> str:
    """Return the format that a file's name asks for; raises `ConfigurationError` for any other."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise ConfigurationError(f"{path}: figures are {', '.join(FORMATS)}. Try: {path.stem}.svg")
    return kind


def write_difference(path: Path, found: Sequence[Difference], names: tuple[str, str], *, virtual: bool) -> Path:
    """Write the figure of the first of some differences and return its path; `names` are those of A and B.

    The same comparison gives the same bytes. Raises `ConfigurationError` for a name of another format, and
    `BenchFault` if the file cannot be written.
    """
    kind = format_of(path)
    with look():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), layout="constrained")
        _draw(figure, found, names, virtual=virtual)
        image = saved(figure, kind)
    write_image(path, image)
    return path


def _draw(figure: "Figure", found: Sequence[Difference], names: tuple[str, str], *, virtual: bool) -> None:
    one = found[0]
    what, unit, factor = read_as(one.quantity)
    each, change = figure.subplots(1, 2, width_ratios=(1.25, 1.0))
    values = [(one.a * factor, one.U_a * factor), (one.b * factor, one.U_b * factor)]
    _bars(each, values, [f"{letter}  {label(name, 24)}" for letter, name in zip("AB", names, strict=True)])
    each.set_xlabel(f"{what}, {unit}" if unit else what)
    scale, of_change = (100.0, "% of A") if one.relative else (factor, unit)
    _bars(change, [(one.change * scale, one.U_change * scale)], [""])
    change.axvline(0.0, color=INK, linewidth=1.2, linestyle=(0, (4, 2)))
    change.set_xlabel(f"B \u2212 A, {of_change}".rstrip(" ,"))
    title = "\n".join(wrap(label(sentence(found), 2 * _COLUMNS), _COLUMNS))
    figure.suptitle(title, x=0.01, ha="left", fontsize=9.5)
    foot = [_FOOT, *([VIRTUAL] if virtual else [])]
    figure.supxlabel("\n".join(foot), x=0.01, ha="left", fontsize=7.5, color=EDGE if virtual else INK)


def _bars(axes: "Axes", rows: Sequence[tuple[float, float]], names: Sequence[str]) -> None:
    """Draw values with their uncertainties, the first on top, each with another marker."""
    style: dict[str, Any] = {"color": LINE, "ecolor": INK, "elinewidth": 1.3, "capsize": 4, "markersize": 6}
    for place, (value, spread) in enumerate(rows):
        axes.errorbar([value], [place], xerr=[spread], fmt=MARKERS[place], **style)
    axes.set_yticks(range(len(rows)), list(names))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.margins(x=_MARGIN)
    axes.tick_params(axis="y", length=0)

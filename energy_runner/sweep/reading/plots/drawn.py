# SPDX-License-Identifier: Apache-2.0
"""Draw the panels and maps of a picture with matplotlib, told apart in grey."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from energy_runner.report.figures.style import BAND, INK, LINE, LOSS, MARKERS, label
from energy_runner.sweep.reading.plots.model import LOOKS, Look, Map, Mark, Picture, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (LINE, "#b35806", "#1b7837", "#762a83", "#5b8fc4", "#e08214", "#7fbf7b", "#af8dc3")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)))
# Face and edge of a mark by its look; None: the colour of its series.
FACES: dict[Look, tuple[str | None, str | None]] = {
    "plain": (None, None),
    "front": (None, INK),
    "near": ("white", None),
    "invalid": (LOSS, LOSS),
    "missing": (LOSS, LOSS),
}
PALE = 0.3  # opacity of a plain mark where looks tell marks apart, so that it steps back
SIZE = 5.0
_PANEL_IN, _FRAME_IN, _LEGEND_IN, _NOTE_IN = 2.7, 1.15, 0.17, 0.14
_COLUMNS = 3  # of maps, and of a legend
_LEGEND_LETTERS = 110  # signs that fit into one line of a legend
_CELL_LETTERS = 8


def height_in(picture: Picture) -> float:
    """Return the height that a picture needs, inches."""
    notes = sum(1 + len(note) // 125 for note in picture.notes) * _NOTE_IN
    if picture.maps:
        rows = -(-len(picture.maps) // _map_columns(picture.maps))
        tallest = max(len(one.y_ticks) for one in picture.maps)
        return _FRAME_IN + notes + rows * max(1.7, 0.55 + 0.42 * tallest)
    sizes = _PANEL_IN + 1.3 * (len(picture.panels) - 1)
    return _FRAME_IN + notes + sizes + _LEGEND_IN * _legend_lines(picture)


def _legend_lines(picture: Picture) -> int:
    names = _named(picture)
    return -(-len(names) // _legend_columns(names)) if names else 0


def _legend_columns(names: Sequence[str]) -> int:
    widest = max(len(name) for name in names) + 6
    return max(1, min(4, _LEGEND_LETTERS // widest))


def _named(picture: Picture) -> list[str]:
    names = [one.name for panel in picture.panels for one in panel.series if _in_legend(one, picture)]
    names += [LOOKS[look] for look in _looks(picture)]
    return names if len(names) > 1 or _looks(picture) else []


def _looks(picture: Picture) -> list[Look]:
    """Return the looks that a legend explains; a plain one needs no words where it is one series among several."""
    return [look for look in picture.seen() if look != "plain" or _by_look(picture)]


def _by_look(picture: Picture) -> bool:
    return "front" in picture.seen()


def _in_legend(series: Series, picture: Picture) -> bool:
    if all(mark.look == "missing" for mark in series.marks):
        return False  # explained by its look
    if series.bare:
        return series.steps  # any other is named by its axis
    return not _by_look(picture) or len(_settings(picture)) > 1


def _settings(picture: Picture) -> list[Series]:
    return [one for panel in picture.panels for one in panel.series if not one.bare]


def draw_panels(figure: "Figure", picture: Picture) -> None:
    """Draw the panels of a picture below each other, with one legend above them."""
    ratios = [2.2] + [1.0] * (len(picture.panels) - 1)
    axes = figure.subplots(len(picture.panels), 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0]
    handles: list[Any] = []
    number = 0
    for one, panel in zip(axes, picture.panels, strict=True):
        for series in panel.series:
            handles += _draw_series(one, series, _style(number), picture)
            number += not series.steps
        one.set_ylabel(panel.y_label)
        one.ticklabel_format(axis="y", useOffset=False)
        _draw_missing(one, panel.series)
    axes[-1].set_xlabel(picture.x_label)
    axes[-1].ticklabel_format(axis="x", useOffset=False)
    handles += [_sample(look, picture) for look in _looks(picture)]
    names = _named(picture)
    if names:
        axes[0].legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=_legend_columns(names),
            fontsize=7.5,
            borderaxespad=0.3,
            handlelength=2.2,
        )


def _style(number: int) -> tuple[str, str, Any]:
    """Return colour, marker and dashes of a series: neighbours differ in all of them, 320 in one of them."""
    colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
    return colour, marker, DASHES[number // len(COLOURS) % len(DASHES)]


def _draw_series(axes: "Axes", series: Series, style: tuple[str, str, Any], picture: Picture) -> list[Any]:
    """Draw one series and return what stands for it in the legend."""
    from matplotlib.lines import Line2D

    colour, marker, dashes = style
    placed = [mark for mark in series.marks if mark.y is not None]
    joined = [mark for mark in placed if mark.look != "invalid"]
    if series.line and joined:
        steps = "steps-post" if series.steps else "default"
        xs, ys = [mark.x for mark in joined], [mark.y or 0.0 for mark in joined]
        axes.plot(xs, ys, color=colour, linestyle=dashes, drawstyle=steps, linewidth=1.0)
    if not series.bare:
        for look in LOOKS:
            _draw_marks(axes, [mark for mark in placed if mark.look == look], style, picture)
    if not _in_legend(series, picture):
        return []
    shown = None if series.bare else marker
    line: Any = dashes if series.line else "none"
    return [
        Line2D([], [], color=colour, marker=shown, markersize=SIZE, linestyle=line, label=label(series.name, 90))
    ]


def _draw_marks(axes: "Axes", marks: Sequence[Mark], style: tuple[str, str, Any], picture: Picture) -> None:
    """Draw marks of one look with their error bars, and the names beside them."""
    if not marks:
        return
    from matplotlib.colors import to_hex, to_rgb

    look = marks[0].look
    face, edge = FACES[look]
    if look == "plain" and _by_look(picture):
        red, green, blue = ((1 - PALE) + PALE * part for part in to_rgb(style[0]))
        face = to_hex((red, green, blue))
    face, edge = face or style[0], edge or style[0]
    axes.errorbar(
        [mark.x for mark in marks],
        [mark.y or 0.0 for mark in marks],
        xerr=[mark.x_error for mark in marks] if any(mark.x_error for mark in marks) else None,
        yerr=[mark.y_error for mark in marks] if any(mark.y_error for mark in marks) else None,
        fmt="x" if look == "invalid" else style[1],
        markersize=SIZE,
        markerfacecolor=face,
        markeredgecolor=edge,
        ecolor=edge,
        elinewidth=0.8,
        capsize=2.0,
        zorder=3 if look == "front" else 2.5,
    )
    for mark in marks:
        if mark.name:
            place = (mark.x, mark.y or 0.0)
            axes.annotate(label(mark.name), place, xytext=(4, 4), textcoords="offset points", fontsize=7.5)


def _draw_missing(axes: "Axes", series: Sequence[Series]) -> None:
    """Draw places without an energy as signs on the lower edge."""
    xs = [mark.x for one in series for mark in one.marks if mark.y is None]
    if xs:
        axes.plot(
            xs,
            [0.025] * len(xs),
            transform=axes.get_xaxis_transform(),
            linestyle="none",
            marker="X",
            markersize=SIZE,
            color=LOSS,
            clip_on=False,
        )


def _sample(look: Look, picture: Picture) -> Any:
    """Return the mark that explains a look in the legend."""
    from matplotlib.lines import Line2D

    face, edge = FACES[look]
    if look == "plain":
        face = BAND
    sign = {"invalid": "x", "missing": "X"}.get(look, "o")
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=sign,
        markersize=SIZE,
        markerfacecolor=face or LINE,
        markeredgecolor=edge or LINE,
        label=LOOKS[look],
    )


# --- maps -----------------------------------------------------------------------------------------------


def _map_columns(maps: Sequence[Map]) -> int:
    widest = max(len(one.x_ticks) for one in maps)
    return min(len(maps), 1 if widest > 8 else 2 if widest > 4 else _COLUMNS)


def draw_maps(figure: "Figure", picture: Picture) -> None:
    """Draw the maps of a picture with one scale of colours; cells that count for nothing are hatched."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    columns = _map_columns(picture.maps)
    rows = -(-len(picture.maps) // columns)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    values = [cell.value for one in picture.maps for row in one.cells for cell in row if cell.value is not None]
    low, high = min(values), max(values)
    scale = Normalize(low, high if high > low else low + max(1e-9, abs(low) * 1e-6))
    colours = colormaps["cividis"]
    widest = max(len(one.x_ticks) for one in picture.maps) * columns
    for place, spot in enumerate(axes):
        if place >= len(picture.maps):
            spot.set_visible(False)
            continue
        _draw_map(spot, picture.maps[place], scale, colours, 6.5 if widest <= 12 else 5.0)
        if place // columns == rows - 1 or place + columns >= len(picture.maps):
            spot.set_xlabel(picture.x_label)
        if place % columns == 0:
            spot.set_ylabel(picture.maps[place].y_label)
    figure.colorbar(ScalarMappable(scale, colours), ax=list(axes), label="µJ", fraction=0.03, pad=0.01)


def _draw_map(axes: "Axes", one: Map, scale: Any, colours: Any, size: float) -> None:
    from matplotlib.patches import Rectangle

    axes.set_title(label(one.title, 60), fontsize=8)
    for y, row in enumerate(one.cells):
        for x, cell in enumerate(row):
            counted = cell.value is not None and cell.look == "plain"
            face = colours(scale(cell.value)) if counted else "white"
            hatch = "" if counted else "////" if cell.shown else "...."
            axes.add_patch(
                Rectangle(
                    (x - 0.5, y - 0.5), 1, 1, facecolor=face, hatch=hatch, edgecolor="#c8c8c8", linewidth=0.5
                )
            )
            dark = counted and sum(w * c for w, c in zip((0.3, 0.59, 0.11), face[:3], strict=True)) < 0.5
            ink = "white" if dark else LOSS if not counted else INK
            box = None if counted else {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
            if cell.shown:
                axes.text(
                    x,
                    y,
                    label(cell.shown.split("\n")[0], 20)
                    + "".join(f"\n{label(more, 20)}" for more in cell.shown.split("\n")[1:]),
                    ha="center",
                    va="center",
                    fontsize=size,
                    color=ink,
                    bbox=box,
                )
    axes.set_xlim(-0.5, len(one.x_ticks) - 0.5)
    axes.set_ylim(-0.5, len(one.y_ticks) - 0.5)
    turned = max(map(len, one.x_ticks)) * len(one.x_ticks) > _CELL_LETTERS * 8
    axes.set_xticks(
        range(len(one.x_ticks)),
        [label(t, 24) for t in one.x_ticks],
        rotation=45 if turned else 0,
        ha="right" if turned else "center",
    )
    axes.set_yticks(range(len(one.y_ticks)), [label(t, 24) for t in one.y_ticks])
    axes.grid(visible=False)

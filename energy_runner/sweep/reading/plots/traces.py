# SPDX-License-Identifier: Apache-2.0
"""A picture as data and layout of plotly.js, for the page's script.

A colour like `@line` is the page's own, by day and by night; the script puts it in.
"""

import html
from collections.abc import Sequence
from typing import Any

from energy_runner.report.units import plain
from energy_runner.sweep.reading.plots.model import LOOKS, Look, Map, Mark, Panel, Picture, Series

COLOURS = ("@line", "#d95f02", "#1b9e77", "#9c6ade", "#e7298a", "#66a61e", "#b58900", "#5b8fc4")
SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "star", "pentagon")
DASHES = ("solid", "dash", "dot", "dashdot")
SIZE = 9
GAP = 0.1  # of the height, between panels
_SIGNS: dict[Look, str] = {"invalid": "x-thin-open", "missing": "x"}
_SHADES = [[0.0, "#00224e"], [0.25, "#434e6c"], [0.5, "#7d7c78"], [0.75, "#bcaf6f"], [1.0, "#fee838"]]
WATERMARK = {
    "text": "VIRTUAL",
    "xref": "paper",
    "yref": "paper",
    "x": 0.5,
    "y": 0.5,
    "showarrow": False,
    "textangle": -20,
    "font": {"size": 72, "color": "rgba(160, 100, 20, 0.16)"},
}


def figure(picture: Picture) -> dict[str, Any]:
    """Return `traces` and `layout` of a picture."""
    drawn = _maps(picture) if picture.maps else _panels(picture)
    if picture.virtual:
        drawn["layout"].setdefault("annotations", []).append(WATERMARK)
    return drawn


def safe_text(text: str) -> str:
    """Return text as plotly shows it: its own markup is escaped, line ends are kept."""
    return "<br>".join(html.escape(plain(line), quote=False) for line in text.split("\n"))


# --- panels ---------------------------------------------------------------------------------------------


def _panels(picture: Picture) -> dict[str, Any]:
    traces: list[dict[str, Any]] = []
    number, by_look = 0, "front" in picture.seen()
    layout: dict[str, Any] = {"xaxis": {"title": {"text": safe_text(picture.x_label)}, "anchor": "y"}}
    for place, (panel, domain) in enumerate(zip(picture.panels, _domains(len(picture.panels)), strict=True)):
        axis = f"y{place + 1}" if place else "y"
        title = {"text": safe_text(panel.y_label), "standoff": 12}
        layout[f"yaxis{place + 1}" if place else "yaxis"] = {"title": title, "domain": domain}
        for series in panel.series:
            traces += _of_series(series, number, axis, by_look=by_look)
            number += not series.steps
        traces += _missing(panel, axis)
    if len(picture.panels) > 1:
        layout["xaxis"]["anchor"] = f"y{len(picture.panels)}"
    shown = {trace["name"] for trace in traces if trace.get("showlegend", True)}
    layout["showlegend"] = len(shown) > 1
    return {"traces": traces, "layout": layout}


def _domains(count: int) -> list[list[float]]:
    """Return the heights of panels below each other, the first twice as high as each other one."""
    if count == 1:
        return [[0.0, 1.0]]
    unit = (1.0 - GAP * (count - 1)) / (count + 1)
    domains, top = [], 1.0
    for place in range(count):
        height = 2 * unit if place == 0 else unit
        domains.append([round(max(0.0, top - height), 6), round(top, 6)])
        top -= height + GAP
    return domains


def _of_series(series: Series, number: int, axis: str, *, by_look: bool) -> list[dict[str, Any]]:
    """Return the line of a series, and its marks by their look."""
    colour, symbol = COLOURS[number % len(COLOURS)], SYMBOLS[number % len(SYMBOLS)]
    placed = [mark for mark in series.marks if mark.y is not None]
    joined = [mark for mark in placed if mark.look != "invalid"]
    common = {"yaxis": axis, "legendgroup": safe_text(series.name), "type": "scatter"}
    traces: list[dict[str, Any]] = []
    if series.line and joined:
        shape = "hv" if series.steps else "linear"
        dash = DASHES[number // len(COLOURS) % len(DASHES)]
        traces.append(
            {
                **common,
                "x": [mark.x for mark in joined],
                "y": [mark.y for mark in joined],
                "mode": "lines",
                "name": safe_text(series.name),
                "showlegend": series.steps,
                "hoverinfo": "skip",
                "line": {"color": colour, "width": 1.4, "dash": dash, "shape": shape},
            }
        )
    if series.bare:
        return traces
    for look in LOOKS:
        marks = [mark for mark in placed if mark.look == look]
        if marks:
            traces.append(common | _marks(marks, look, series.name, (colour, symbol), by_look=by_look))
    return traces


def _marks(
    marks: Sequence[Mark], look: Look, name: str, style: tuple[str, str], *, by_look: bool
) -> dict[str, Any]:
    colour, symbol = style
    words = LOOKS[look] if by_look or look == "invalid" else ""
    full = name if not words else words if name == "settings" else f"{name}: {words}"
    edge = "@loss" if look == "invalid" else colour
    face = {"invalid": "@loss", "near": "@card"}.get(look, colour)
    return {
        "x": [mark.x for mark in marks],
        "y": [mark.y for mark in marks],
        "mode": "markers+text" if any(mark.name for mark in marks) else "markers",
        "name": safe_text(full),
        "text": [safe_text(mark.name) for mark in marks],
        "textposition": "top right",
        "textfont": {"size": 12},
        "hovertext": [safe_text(mark.text) for mark in marks],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "cliponaxis": False,
        "opacity": 0.55 if by_look and look == "plain" else 1.0,
        "marker": {
            "symbol": _SIGNS.get(look, symbol),
            "size": SIZE,
            "color": face,
            "line": {"color": edge, "width": 2.2 if look in {"front", "near", "invalid"} else 1.0},
        },
        "error_x": _bars([mark.x_error for mark in marks], edge),
        "error_y": _bars([mark.y_error for mark in marks], edge),
    }


def _bars(sizes: Sequence[float], colour: str) -> dict[str, Any]:
    return {
        "type": "data",
        "array": list(sizes),
        "color": colour,
        "thickness": 1.1,
        "width": 3,
        "visible": any(sizes),
    }


def _missing(panel: Panel, axis: str) -> list[dict[str, Any]]:
    """Return places without an energy, as signs at the lower edge of the panel."""
    marks = [mark for series in panel.series for mark in series.marks if mark.y is None]
    if not marks:
        return []
    lows = [mark.y - mark.y_error for series in panel.series for mark in series.marks if mark.y is not None]
    highs = [mark.y + mark.y_error for series in panel.series for mark in series.marks if mark.y is not None]
    low = min(lows, default=0.0) - 0.06 * (max(highs, default=1.0) - min(lows, default=0.0))
    return [
        {
            "type": "scatter",
            "yaxis": axis,
            "x": [mark.x for mark in marks],
            "y": [low] * len(marks),
            "mode": "markers",
            "name": LOOKS["missing"],
            "hovertext": [safe_text(mark.text) for mark in marks],
            "hovertemplate": "%{hovertext}<extra></extra>",
            "cliponaxis": False,
            "marker": {"symbol": "x", "size": SIZE, "color": "@loss"},
        }
    ]


# --- maps -----------------------------------------------------------------------------------------------


def _maps(picture: Picture) -> dict[str, Any]:
    columns = min(len(picture.maps), 3 if max(len(one.x_ticks) for one in picture.maps) <= 5 else 2)
    rows = -(-len(picture.maps) // columns)
    counted = [
        cell.value
        for one in picture.maps
        for row in one.cells
        for cell in row
        if cell.value is not None and cell.look == "plain"
    ]
    layout: dict[str, Any] = {
        "grid": {"rows": rows, "columns": columns, "pattern": "independent", "xgap": 0.17, "ygap": 0.28},
        "coloraxis": {"colorscale": _SHADES, "colorbar": {"title": {"text": "µJ"}, "thickness": 14}},
        "annotations": [],
        "showlegend": False,
    }
    if counted and min(counted) < max(counted):
        layout["coloraxis"] |= {"cmin": min(counted), "cmax": max(counted)}
    traces: list[dict[str, Any]] = []
    for place, one in enumerate(picture.maps):
        number = str(place + 1) if place else ""
        traces.append(_heat(one, f"x{number}", f"y{number}"))
        layout[f"xaxis{number}"] = {
            "type": "category",
            "title": {"text": safe_text(picture.x_label)},
            "tickvals": list(range(len(one.x_ticks))),
            "ticktext": [safe_text(tick) for tick in one.x_ticks],
            "range": _whole_cells(one.x_ticks),
            "showgrid": False,
        }
        layout[f"yaxis{number}"] = {
            "type": "category",
            "title": {"text": safe_text(one.y_label)} if place % columns == 0 else {},
            "tickvals": list(range(len(one.y_ticks))),
            "ticktext": [safe_text(tick) for tick in one.y_ticks],
            "range": _whole_cells(one.y_ticks),
            "showticklabels": place % columns == 0,  # all maps have the same rows
            "showgrid": False,
        }
        if one.title:
            layout["annotations"].append(_title(one.title, number))
        layout["annotations"] += _words(one, number)
    return {"traces": traces, "layout": layout, "rows": rows}


def _whole_cells(ticks: Sequence[str]) -> list[float]:
    """Return the range of an axis of cells; left to itself, it would cut off rows that hold no energy."""
    return [-0.5, len(ticks) - 0.5]


def _heat(one: Map, x: str, y: str) -> dict[str, Any]:
    plain_cells = [[cell.value if cell.look == "plain" else None for cell in row] for row in one.cells]
    return {
        "type": "heatmap",
        "xaxis": x,
        "yaxis": y,
        "x": list(range(len(one.x_ticks))),
        "y": list(range(len(one.y_ticks))),
        "z": plain_cells,
        "text": [[safe_text(cell.shown) if cell.look == "plain" else "" for cell in row] for row in one.cells],
        "texttemplate": "%{text}",
        "hovertext": [[safe_text(cell.text) for cell in row] for row in one.cells],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "hoverongaps": True,
        "coloraxis": "coloraxis",
        "xgap": 1,
        "ygap": 1,
    }


def _title(text: str, number: str) -> dict[str, Any]:
    return {
        "text": safe_text(text),
        "xref": f"x{number} domain",
        "yref": f"y{number} domain",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
    }


def _words(one: Map, number: str) -> list[dict[str, Any]]:
    """Return what is written in cells that count for nothing."""
    return [
        {
            "text": safe_text(cell.shown),
            "xref": f"x{number}",
            "yref": f"y{number}",
            "x": x,
            "y": y,
            "showarrow": False,
            "font": {"color": "@loss", "size": 11},
        }
        for y, row in enumerate(one.cells)
        for x, cell in enumerate(row)
        if cell.look != "plain" and cell.shown
    ]

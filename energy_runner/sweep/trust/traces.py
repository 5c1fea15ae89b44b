# SPDX-License-Identifier: Apache-2.0
"""The control chart as data and layout of plotly.js, for the page's script; a colour like `@line` is its own."""

import html
from collections.abc import Sequence
from typing import Any

from energy_runner.report.units import plain
from energy_runner.sweep.trust.baseline import OUTLIER
from energy_runner.sweep.trust.chart import beside_of, is_changed
from energy_runner.sweep.trust.points import Decision
from energy_runner.sweep.trust.series import Night, SeriesTrust
from energy_runner.sweep.trust.state import BenchTrust
from instruments.clock import NS_PER_S, utc_text

_HALF_DAY_S = 43_200.0
_GAP = 0.035
_LOOKS = {
    "night": {"color": "@line", "symbol": "circle", "size": 8},
    "alone far off": {"color": "@edge", "symbol": "diamond-open", "size": 9},
    "since a change": {"color": "@loss", "symbol": "square", "size": 8},
}


def figure(trust: BenchTrust, series: Sequence[SeriesTrust], *, virtual: bool) -> dict[str, Any]:
    """Return `traces` and `layout` of the chart of these series."""
    beside = beside_of(series)
    names: list[tuple[str, float]] = []
    for one in series:
        names += [(f"off the baseline (%){_of(one, series)}", 2.4), ("test / limit", 1.0)]
    names += [(name, 0.8) for name, _, _ in beside]
    traces: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    for place, one in enumerate(series):
        traces += _chart(one, _axis(2 * place), legend=place == 0)
        traces += _tests(one, _axis(2 * place + 1))
        shapes += _zones(one, _axis(2 * place)) + _limits(_axis(2 * place + 1))
    for place, (name, at, values) in enumerate(beside, 2 * len(series)):
        marker = {"color": "@line", "size": 4}
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [_text(one) for one in at],
                "y": values,
                "yaxis": _axis(place),
                "marker": marker,
                "name": name,
                "showlegend": False,
            }
        )
    annotations = [mark for number, one in enumerate(trust.decisions, 1) for mark in _decided(number, one, shapes)]
    if virtual:
        annotations.append(_WATERMARK)
    layout: dict[str, Any] = {"shapes": shapes, "annotations": annotations}
    layout["xaxis"] = {"type": "date", "title": {"text": "day (UTC)"}, "anchor": _axis(len(names) - 1)}
    for place, ((name, _), domain) in enumerate(zip(names, _domains([size for _, size in names]), strict=True)):
        layout[f"yaxis{place + 1}" if place else "yaxis"] = {
            "title": {"text": html.escape(plain(name), quote=False), "font": {"size": 11}},
            "domain": domain,
        }
    for place, one in enumerate(series):
        most = max([1.3, *(1.1 * abs(night.statistic or 0.0) for night in one.nights)])
        layout[f"yaxis{2 * place + 2}"]["range"] = [-most, most]
    return {"traces": traces, "layout": layout}


_WATERMARK = {
    "text": "VIRTUAL",
    "xref": "paper",
    "yref": "paper",
    "x": 0.5,
    "y": 0.5,
    "showarrow": False,
    "textangle": -20,
    "font": {"size": 72, "color": "rgba(160, 100, 20, 0.16)"},
}


def _of(one: SeriesTrust, series: Sequence[SeriesTrust]) -> str:
    return "" if len(series) == 1 else f", {one.series[:40]}"


def _axis(place: int) -> str:
    return f"y{place + 1}" if place else "y"


def _text(utc_s: float) -> str:
    return utc_text(round(utc_s * NS_PER_S)).removesuffix("Z")


def _domains(sizes: Sequence[float]) -> list[list[float]]:
    unit = (1.0 - _GAP * (len(sizes) - 1)) / sum(sizes)
    domains, top = [], 1.0
    for size in sizes:
        domains.append([round(max(0.0, top - size * unit), 6), round(top, 6)])
        top -= size * unit + _GAP
    return domains


def _chart(one: SeriesTrust, axis: str, *, legend: bool) -> list[dict[str, Any]]:
    kinds: dict[str, list[Night]] = {name: [] for name in _LOOKS}
    for night in one.nights:
        name = "since a change" if is_changed(one, night) else "alone far off" if night.outlier else "night"
        kinds[name].append(night)
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [_text(0.5 * (night.first_utc_s + night.last_utc_s)) for night in nights],
            "y": [100 * night.deviation for night in nights],
            "error_y": {"type": "data", "array": [200 * night.u for night in nights], "width": 0, "thickness": 1},
            "yaxis": axis,
            "marker": dict(_LOOKS[name]),
            "name": name,
            "showlegend": legend,
            "text": [_said(night) for night in nights],
            "hoverinfo": "text",
        }
        for name, nights in kinds.items()
        if nights
    ]


def _said(night: Night) -> str:
    points = "1 point" if night.points == 1 else f"{night.points} points"
    test = "" if night.statistic is None else f"<br>test: {night.statistic:+.2f} of the limit"
    return (
        f"night of {_text(night.first_utc_s)[:10]}, {points}<br>{1e6 * night.value_j:.6g} µJ per inference<br>"
        f"{100 * night.deviation:+.3f} % off the baseline{test}"
    )


def _tests(one: SeriesTrust, axis: str) -> list[dict[str, Any]]:
    nights = [night for night in one.nights if night.statistic is not None]
    values = [night.statistic or 0.0 for night in nights]
    return [
        {
            "type": "bar",
            "x": [_text(0.5 * (night.first_utc_s + night.last_utc_s)) for night in nights],
            "y": values,
            "width": [_HALF_DAY_S * 500] * len(nights),  # ms: a quarter of a day
            "yaxis": axis,
            "marker": {"color": "@line"},
            "name": "test / limit",
            "showlegend": False,
            "text": [_said(night) for night in nights],
            "textposition": "none",
            "hoverinfo": "text",
        }
    ]


def _zones(one: SeriesTrust, axis: str) -> list[dict[str, Any]]:
    """Return what lies behind the nights: the baseline of each era and its limits, and the changes."""
    shapes = []
    for number, era in enumerate(one.eras):
        own = [night for night in one.nights if night.era == number]
        if not own or era.scatter is None or era.u_mean is None:
            continue
        across = {
            "x0": _text(own[0].first_utc_s - _HALF_DAY_S),
            "x1": _text(own[-1].last_utc_s + _HALF_DAY_S),
            "yref": axis,
            "layer": "below",
        }
        band, limit = 200 * era.u_mean, 100 * OUTLIER * era.scatter
        shapes.append(
            {"type": "rect", "y0": -band, "y1": band, "fillcolor": "@band", "line": {"width": 0}, **across}
        )
        for y in (-limit, limit):
            line = {"color": "@edge", "width": 1.2, "dash": "dash"}
            shapes.append({"type": "line", "y0": y, "y1": y, "line": line, **across})
    for alarm in one.alarms:
        ends = {
            "x0": _text(alarm.since_utc_s),
            "x1": _text(alarm.utc_s),
            "yref": f"{axis} domain",
            "layer": "below",
        }
        line = {"width": 0}
        shapes.append(
            {"type": "rect", "y0": 0, "y1": 1, "fillcolor": "@loss", "opacity": 0.14, "line": line, **ends}
        )
    return shapes


def _limits(axis: str) -> list[dict[str, Any]]:
    line = {"color": "@loss", "width": 1.2, "dash": "dash"}
    return [
        {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": axis, "y0": y, "y1": y, "line": line}
        for y in (-1, 1)
    ]


def _decided(number: int, decision: Decision, shapes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    at = _text(decision.utc_s)
    line = {"color": "@good", "width": 1.4, "dash": "dot"}
    shapes.append({"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "line": line})
    said = f"{decision.who}: {decision.reason}"
    return [
        {
            "x": at,
            "y": 1,
            "yref": "paper",
            "yanchor": "bottom",
            "text": str(number),
            "hovertext": html.escape(plain(said), quote=False),
            "showarrow": False,
            "font": {"color": "@good"},
        }
    ]

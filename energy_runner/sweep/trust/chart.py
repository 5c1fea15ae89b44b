# SPDX-License-Identifier: Apache-2.0
"""The control chart of a bench as a figure that prints, with temperature, supply and warm-up below it.

The same facts give the same bytes, with the same version of matplotlib.
"""

import math
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from energy_runner.notebook import VIRTUAL
from energy_runner.report.figures.style import BAND, EDGE, INK, LINE, LOSS, WIDTH_IN, label, look
from energy_runner.report.figures.write import saved
from energy_runner.sweep.trust.baseline import OUTLIER
from energy_runner.sweep.trust.points import Decision, ReferencePoint
from energy_runner.sweep.trust.series import Night, SeriesTrust
from energy_runner.sweep.trust.state import BenchTrust

MOST_SERIES = 4
LONGEST = 125  # signs of a line below the figure
# What is drawn below the charts: of a point, what it is called, and with which unit.
BESIDE: tuple[tuple[str, Callable[[ReferencePoint], float | None]], ...] = (
    ("temperature (°C)", lambda point: point.temperature_c),
    ("supply (V)", lambda point: point.voltage_v),
    ("at work for (min)", lambda point: None if point.warm_up_s is None else point.warm_up_s / 60),
)
_CHART_IN, _TEST_IN, _BESIDE_IN, _FRAME_IN = 2.3, 1.0, 0.8, 1.5
_DAY_S = 86400.0


def drawn_series(trust: BenchTrust) -> list[SeriesTrust]:
    """Return the series that a chart shows: the ones that were measured last, in order of their names."""
    latest = sorted(trust.series, key=lambda one: -one.last_utc_s)[:MOST_SERIES]
    return sorted(latest, key=lambda one: one.series)


def beside_of(series: Sequence[SeriesTrust]) -> list[tuple[str, list[float], list[float]]]:
    """Return what is known beside the charts: name, times (s since 1970) and values, without what is not known."""
    points = sorted((point for one in series for point in one.points), key=lambda point: point.utc_s)
    found = []
    for name, value_of in BESIDE:
        known = [(point.utc_s, value) for point in points if (value := value_of(point)) is not None]
        if known:
            found.append((name, [at for at, _ in known], [value for _, value in known]))
    return found


def chart_image(bench: str, trust: BenchTrust, kind: str) -> bytes:
    """Return the chart as the bytes of a file of the format `kind` (svg, pdf, png)."""
    series = drawn_series(trust)
    beside = beside_of(series)
    heights = [*([_CHART_IN, _TEST_IN] * len(series)), *([_BESIDE_IN] * len(beside))]
    foot = notes(trust, series)
    virtual = any(point.virtual for one in series for point in one.points)
    lines = [line for note in foot for line in textwrap.wrap(label(note, 600), LONGEST)]
    with look():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDTH_IN, sum(heights) + _FRAME_IN + 0.13 * len(lines)), layout="constrained")
        panels = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        for place, one in enumerate(series):
            _chart(panels[2 * place], one, trust.decisions, named=len(series) > 1, words=place == 0)
            _tests(panels[2 * place + 1], one, trust.decisions)
        for axes, (name, at, values) in zip(panels[2 * len(series) :], beside, strict=True):
            axes.plot(_times(at), values, "o", markersize=2.4, color=LINE)
            _decided(axes, trust.decisions)
            axes.set_ylabel(name, fontsize=7.5)
            axes.locator_params(axis="y", nbins=4)
            axes.ticklabel_format(axis="y", useOffset=False)
        _dates(panels[-1], series, trust.decisions)
        figure.align_ylabels(list(panels))
        title = f"bench {label(bench)}: {trust.state}\n" + "\n".join(textwrap.wrap(label(trust.reason, 400), 105))
        colour = LOSS if trust.state == "out of control" else INK
        figure.suptitle(title, x=0.01, ha="left", fontsize=9.5, color=colour)
        lines += [VIRTUAL] if virtual else []
        figure.supxlabel(
            "\n".join(lines), x=0.01, ha="left", fontsize=7.0, color=EDGE if virtual else INK, linespacing=1.3
        )
        return saved(figure, kind)


def notes(trust: BenchTrust, series: Sequence[SeriesTrust]) -> list[str]:
    """Return what is to be known of the chart: decisions, remarks, and what its lines are."""
    found = [
        f"decision {number}: {one.who}, {day(one.utc_s)}, baseline {one.baseline}: {one.reason}"
        for number, one in enumerate(trust.decisions, 1)
    ]
    found += [f"remark: {remark}" for one in series for remark in one.remarks]
    left = len(trust.series) - len(series)
    found += [f"{left} more references are not drawn"] if left else []
    found.append(
        "Band: mean of the baseline, ± 2 standard uncertainties. Dashed: 3.5 standard deviations of a night; one "
        "night beyond them is a remark only. A bench is out of control once the test reaches its limit (± 1)."
    )
    return found


def day(utc_s: float) -> str:
    """Return the day (UTC) of a moment in seconds since 1970."""
    return str(np.datetime64(math.floor(utc_s), "s"))[:10]


def _times(at_s: Sequence[float]) -> Any:
    return np.array([round(at * 1e3) for at in at_s], dtype="datetime64[ms]")


def _middle(night: Night) -> float:
    return 0.5 * (night.first_utc_s + night.last_utc_s)


def _chart(axes: Any, one: SeriesTrust, decisions: Sequence[Decision], *, named: bool, words: bool) -> None:
    means = {night.first_utc_s: one.eras[night.era].mean_j for night in one.nights}
    starts = np.array(sorted(means))
    for number, era in enumerate(one.eras):
        own = [night for night in one.nights if night.era == number]
        if not own or era.scatter is None or era.u_mean is None:
            continue
        ends = _times([own[0].first_utc_s - _DAY_S / 2, own[-1].last_utc_s + _DAY_S / 2])
        axes.fill_between(ends, -200 * era.u_mean, 200 * era.u_mean, color=BAND, alpha=0.5, linewidth=0)
        axes.hlines(0.0, *ends, color=LINE, linewidth=0.8)
        for sign in (-1, 1):
            axes.hlines(
                100 * sign * OUTLIER * era.scatter, *ends, color=EDGE, linewidth=0.8, linestyle=(0, (4, 2))
            )
    at = np.array([point.utc_s for point in one.points])
    mean = np.array([means[start] for start in starts[np.searchsorted(starts, at, side="right") - 1]])
    offs = 100 * (np.array([point.value_j for point in one.points]) / mean - 1)
    if len(one.points) > len(one.nights):
        axes.plot(_times(at.tolist()), offs, ".", markersize=2.5, color="#8fa9c4", label="point")
    changed = [night for night in one.nights if is_changed(one, night)]
    looks = (
        ("night", [n for n in one.nights if n not in changed and not n.outlier], "o", LINE, LINE),
        ("alone far off", [n for n in one.nights if n not in changed and n.outlier], "D", EDGE, "white"),
        ("since a change", changed, "s", LOSS, LOSS),
    )
    for name, nights, marker, edge, face in looks:
        if nights:
            style: dict[str, Any] = {"markeredgecolor": edge, "markerfacecolor": face, "markersize": 4.2}
            x, y = _times([_middle(night) for night in nights]), [100 * night.deviation for night in nights]
            errors = [200 * night.u for night in nights]
            axes.errorbar(x, y, yerr=errors, fmt=marker, ecolor=edge, elinewidth=0.7, label=name, **style)
    for alarm in one.alarms:
        ends = _times([alarm.since_utc_s, alarm.utc_s])
        axes.axvspan(*ends, facecolor=LOSS, alpha=0.10, linewidth=0)
        axes.axvline(ends[1], color=LOSS, linewidth=1.0)
        axes.annotate(
            "found ", (ends[1], 1.0), xycoords=("data", "axes fraction"), ha="right", va="top", color=LOSS
        )
    _decided(axes, decisions, words=words)
    axes.set_ylabel("off the baseline (%)", fontsize=7.5)
    axes.margins(y=0.12)
    if named:
        axes.set_title(label(one.series, 90), fontsize=8.5, pad=16)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, fontsize=7.0, borderaxespad=0.1)


def is_changed(one: SeriesTrust, night: Night) -> bool:
    """Return whether a night lies after a change that nobody had decided about."""
    return not night.judged or any(alarm.since_utc_s <= night.first_utc_s <= alarm.utc_s for alarm in one.alarms)


def _tests(axes: Any, one: SeriesTrust, decisions: Sequence[Decision]) -> None:
    known = [night for night in one.nights if night.statistic is not None]
    times = _times([_middle(night) for night in known])
    values = [night.statistic or 0.0 for night in known]
    colours = [LOSS if abs(value) >= 1 else LINE for value in values]
    axes.vlines(times, 0.0, values, colors=colours, linewidth=1.6)
    axes.axhline(0.0, color=INK, linewidth=0.6)
    for limit in (-1.0, 1.0):
        axes.axhline(limit, color=LOSS, linewidth=0.9, linestyle=(0, (4, 2)))
    most = max([1.3, *(1.1 * abs(value) for value in values)])
    axes.set_ylim(-most, most)
    axes.set_ylabel("test / limit", fontsize=7.5)
    _decided(axes, decisions)


def _decided(axes: Any, decisions: Sequence[Decision], *, words: bool = False) -> None:
    for number, decision in enumerate(decisions, 1):
        at = _times([decision.utc_s])[0]
        axes.axvline(at, color="#2d7a3a", linewidth=1.1, linestyle=(0, (1, 1)))
        if words:
            style: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": 7.5, "color": "#2d7a3a"}
            axes.annotate(f"{number}", (at, 1.0), xycoords=("data", "axes fraction"), **style)


def _dates(axes: Any, series: Sequence[SeriesTrust], decisions: Sequence[Decision]) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    ends = [night.first_utc_s for one in series for night in one.nights] + [one.utc_s for one in decisions]
    margin = max(_DAY_S, 0.02 * (max(ends) - min(ends)))
    axes.set_xlim(*_times([min(ends) - margin, max(ends) + margin]))
    locator: Any = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz="UTC"))  # type: ignore[no-untyped-call]
    axes.set_xlabel("day (UTC)", fontsize=7.5)

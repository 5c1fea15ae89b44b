# SPDX-License-Identifier: Apache-2.0
"""The pictures that stand in the page itself, for paper and for viewers that run no script.

They are drawn at the end of every run, so they are cheap: one figure object, fixed places instead of a layout that
is searched for, and no more columns than can be seen.
"""

import re
from typing import TYPE_CHECKING, Any

from energy_runner.notebook import VIRTUAL
from energy_runner.report.charts.power import Picture
from energy_runner.report.figures.columns import thinned
from energy_runner.report.figures.power import draw_power, legend_above, mark_windows, placed
from energy_runner.report.figures.style import EDGE, WIDTH_IN, WINDOW, look
from energy_runner.report.figures.write import saved
from energy_runner.report.markup import Html, safe
from energy_runner.report.story import Detail, Story
from energy_runner.session.result import WindowResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RUN_COLUMNS, WINDOW_COLUMNS, DETAIL_COLUMNS = 600, 110, 600
MOST_WINDOWS = 5  # below the whole run, side by side
_RUN_IN, _DETAIL_IN = 4.3, 2.5
_MARGIN = 0.04
_FILL = 0.92  # of the room for a window; the rest is between windows
_UNUSED = re.compile(
    r"<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>|\sxmlns(?::\w+)?=\"[^\"]*\"", re.DOTALL
)
_ID = re.compile(r'\sid="([^"]+)"')
_REFERENCE = re.compile(r'(href="#|url\(#)')
_REFERRED = re.compile(r'(?:href="#|url\(#)([^")]+)')


def stills(story: Story) -> tuple[Html, Html]:
    """Return SVGs of the whole run with its windows, and of the beginning of a window; empty without a trace."""
    if story.picture is None:
        return Html(""), Html("")
    detail = Html("")
    with look():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDTH_IN, _RUN_IN))
        _run(figure, story)
        run = embedded(
            saved(figure, "svg").decode("utf-8"), "run", "Power over the whole run and over each window"
        )
        if story.detail is not None:
            figure.clear()
            figure.set_size_inches(WIDTH_IN, _DETAIL_IN)
            _detail(figure, story, story.detail, story.picture.period_s)
            label = f"Power over the first inferences of window {story.detail.index + 1}"
            detail = embedded(saved(figure, "svg").decode("utf-8"), "detail", label)
    return run, detail


def embedded(svg: str, name: str, label: str) -> Html:
    """Return an SVG document as an element of a page; its ids begin with `name`, so that two do not meet."""
    text = _UNUSED.sub("", svg[svg.index("<svg") :]).replace("xlink:href", "href")
    referred = set(_REFERRED.findall(text))
    text = _ID.sub(lambda found: f' id="{name}-{found[1]}"' if found[1] in referred else "", text)
    text = _REFERENCE.sub(lambda found: f"{found[1]}{name}-", text)
    size = re.search(r'viewBox="[^"]*"', text)
    root = f'<svg class="still" role="img" aria-label="{safe(label)}" {size[0] if size else ""}>'
    text = re.sub(r"^<svg[^>]*>", lambda _: root, text, count=1)
    return Html(re.sub(r">\s+<", "><", text).strip())


def _run(figure: "Figure", story: Story) -> None:
    picture = story.picture
    envelope = None if picture is None else thinned(picture.fine, 0, picture.samples, RUN_COLUMNS)
    if picture is None or envelope is None:
        return
    windows = placed(story.result.windows)[:MOST_WINDOWS]
    bottom = 0.47 if windows else 0.16
    axes = figure.add_axes((0.075, bottom, 0.91, 0.89 - bottom))
    draw_power(axes, envelope, picture.period_s)
    mark_windows(axes, story.result.windows)
    axes.set_xlabel("time since the first sample of the power monitor (s)")
    legend_above(axes)
    if windows:
        low, high = axes.get_ylim()
        _windows(figure.add_axes((0.075, 0.115, 0.91, 0.21)), picture, windows, (low, high))
    _virtual(figure, story)


def _windows(axes: Any, picture: Picture, windows: list[WindowResult], height: tuple[float, float]) -> None:
    """Draw the windows side by side, equally wide, on one pair of axes: several would cost far more."""
    ticks: dict[float, str] = {}
    for place, window in enumerate(windows):
        if window.start_s is None or window.stop_s is None:
            continue
        length_s = window.stop_s - window.start_s
        margin_s = _MARGIN * length_s
        start, stop = (window.start_s - margin_s) / picture.period_s, (window.stop_s + margin_s) / picture.period_s
        part = thinned(picture.fine, start, stop, WINDOW_COLUMNS)
        if part is None:
            continue
        # Window k lies from k to k + _FILL on the axis.
        scale = _FILL / (length_s + 2 * margin_s)
        origin_s = window.start_s - margin_s - place / scale
        draw_power(axes, part, picture.period_s, origin_s=origin_s, scale=scale)
        edges = [(edge_s - origin_s) * scale for edge_s in (window.start_s, window.stop_s)]
        axes.axvspan(*edges, facecolor=WINDOW, linewidth=0, zorder=0)
        for edge, edge_s in zip(edges, (window.start_s, window.stop_s), strict=True):
            axes.axvline(edge, color=EDGE, linewidth=0.8, linestyle=(0, (4, 2)))
            ticks[edge] = f"{edge_s:.1f}"
        axes.annotate(
            f"window {window.index + 1}",
            (sum(edges) / 2, 1.0),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
        )
    axes.set_xlim(-(1 - _FILL), len(windows))
    axes.set_ylim(*height)
    axes.set_xticks(list(ticks), list(ticks.values()))
    for place, text in enumerate(axes.get_xticklabels()):
        text.set_horizontalalignment("right" if place % 2 else "left")
    axes.grid(visible=False, axis="x")
    axes.locator_params(axis="y", nbins=4)
    axes.set_xlabel("time of the windows' edges (s)")


def _detail(figure: "Figure", story: Story, detail: Detail, period_s: float) -> None:
    power = detail.power
    envelope = thinned(power, power.first, power.first + power.samples, DETAIL_COLUMNS)
    if envelope is None:
        return
    axes = figure.add_axes((0.075, 0.2, 0.91, 0.72))
    draw_power(axes, envelope, period_s, origin_s=detail.start_s, scale=1e3)
    for count in range(min(detail.inferences, 60) + 1):
        style: dict[str, Any] = (
            {"linestyle": ":", "linewidth": 0.8} if count else {"linestyle": (0, (4, 2)), "linewidth": 0.9}
        )
        axes.axvline(count * detail.inference_s * 1e3, color=EDGE, **style)
    axes.set_xlabel("time since the window's first edge (ms)")
    _virtual(figure, story)


def _virtual(figure: "Figure", story: Story) -> None:
    if story.result.virtual or story.record.virtual:
        figure.text(0.005, 0.985, VIRTUAL, ha="left", va="top", fontsize=7.5, color=EDGE)

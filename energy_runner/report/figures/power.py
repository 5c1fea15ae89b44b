# SPDX-License-Identifier: Apache-2.0
"""Draw power over time: the mean as a line in front of the band from lowest to highest sample."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from energy_runner.report.charts.decimate import Envelope
from energy_runner.report.figures.style import BAND, EDGE, LINE, LOSS, WINDOW
from energy_runner.session.result import WindowResult

COLUMNS = 900
_MOST_MARKED = 100  # windows with edges and numbers of their own; of more nobody could tell these apart
NARROWEST = 1 / 500  # of the axis: even one lost sample must be seen


def draw_power(
    axes: Any, envelope: Envelope, period_s: float, *, origin_s: float = 0.0, scale: float = 1.0
) -> None:
    """Draw an envelope in mW over (time - `origin_s`) · `scale`; a missing sample is a gap, marked."""
    at = (envelope.starts + (envelope.width / 2 if envelope.width > 1 else 0)) * period_s
    if envelope.width > 1:
        x = (at - origin_s) * scale
        # Lines and not an area alone: a spike in one column stays visible.
        axes.fill_between(
            x, envelope.low, envelope.high, color=BAND, linewidth=0.5, label="lowest to highest sample"
        )
        axes.plot(x, envelope.mean, color=LINE, label="mean")
    else:
        x = (np.append(at, at[-1] + period_s) - origin_s) * scale
        mean = np.append(envelope.mean, envelope.mean[-1])
        axes.plot(x, mean, color=LINE, drawstyle="steps-post", label="each sample")
    begin_s, end_s = envelope.first * period_s, (envelope.first + envelope.samples) * period_s
    axes.set_xlim((begin_s - origin_s) * scale, (end_s - origin_s) * scale)
    least = NARROWEST * (end_s - begin_s)
    for place, (begin, end) in enumerate(envelope.gaps()):
        middle, half = (begin + end) / 2 * period_s, max(least, (end - begin) * period_s) / 2
        left, right = ((middle + sign * half - origin_s) * scale for sign in (-1, 1))
        style: dict[str, Any] = {
            "facecolor": "white",
            "edgecolor": LOSS,
            "hatch": "xxxx",
            "linewidth": 0.8,
            "zorder": 3,
        }
        axes.axvspan(left, right, label=None if place else "samples lost", **style)
    axes.set_ylabel("power (mW)")
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))


def mark_windows(axes: Any, windows: Iterable[WindowResult], *, numbered: bool = True) -> None:
    """Shade the timed windows and draw their edges as dashed lines; very many are shaded in one piece."""
    label: str | None = "timed window, between two edges"
    there = [window for window in windows if window.start_s is not None and window.stop_s is not None]
    if len(there) > _MOST_MARKED:
        spans = [((w.start_s or 0.0), (w.stop_s or 0.0) - (w.start_s or 0.0)) for w in there]
        whole = axes.get_xaxis_transform()
        axes.broken_barh(spans, (0, 1), facecolor=WINDOW, linewidth=0, zorder=0, label=label, transform=whole)
        return
    for window in there:
        if window.start_s is None or window.stop_s is None:
            continue
        axes.axvspan(window.start_s, window.stop_s, facecolor=WINDOW, linewidth=0, zorder=0, label=label)
        label = None
        for edge_s in (window.start_s, window.stop_s):
            axes.axvline(edge_s, color=EDGE, linewidth=0.8, linestyle=(0, (4, 2)))
        if numbered:
            middle = (window.start_s + window.stop_s) / 2
            place: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "ha": "center", "va": "bottom"}
            axes.annotate(str(window.index + 1), (middle, 1.0), **place)


def placed(windows: Sequence[WindowResult]) -> list[WindowResult]:
    """Return the windows that have a place in the trace."""
    return [w for w in windows if w.start_s is not None and w.stop_s is not None and w.duration_s]


def legend_above(axes: Any) -> None:
    """Put the legend in a row above the axes, where it hides nothing."""
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.045), ncols=4, borderaxespad=0.0, handlelength=1.6)

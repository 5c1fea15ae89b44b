# SPDX-License-Identifier: Apache-2.0
"""Small drawings that are part of the page itself: the spread of the windows, and the ROC curve."""

import math
import statistics
from collections.abc import Sequence

from energy_runner.report.markup import Html, join, tag
from energy_runner.report.units import THIN, fixed, shares
from energy_runner.session.result import Result

WIDTH, LEFT, RIGHT, ROW = 420, 84, 70, 22
ROC = 260


def spread_chart(result: Result) -> Html:
    """Return the energy per inference of each window as a dot, against the median of all windows."""
    values = [
        (window.index + 1, window.energy_per_inference_j)
        for window in result.windows
        if window.energy_per_inference_j is not None
    ]
    if len(values) < 2:
        return Html("")
    energies = [value for _, value in values]
    middle = statistics.median(energies)
    reach = max(max(abs(value - middle) for value in energies) * 1.25, abs(middle) * 1e-6, 1e-15)
    inner = WIDTH - LEFT - RIGHT
    height = ROW * len(values) + 30

    def x(value: float) -> float:
        return LEFT + inner * (value - middle + reach) / (2 * reach)

    decimals = min(9, max(0, 1 - math.floor(math.log10(reach * 1e6))))
    ends = [f"{fixed((middle + sign * reach) * 1e6, decimals)}{THIN}µJ" for sign in (-1, 1)]
    line = "stroke:var(--plot-edge);stroke-width:1.5"
    parts: list[object] = [
        tag("line", x1=f"{x(middle):.1f}", x2=f"{x(middle):.1f}", y1="4", y2=str(height - 24), style=line),
        tag("text", "median", x=f"{x(middle):.1f}", y=str(height - 8), text_anchor="middle"),
        tag("text", ends[0], x=str(LEFT), y=str(height - 8), text_anchor="middle"),
        tag("text", ends[1], x=str(LEFT + inner), y=str(height - 8), text_anchor="middle"),
    ]
    unit, offs = shares([(value - middle) / middle if middle else None for _, value in values], 2)
    for row, ((index, value), number) in enumerate(zip(values, offs, strict=True)):
        y = 16 + ROW * row
        off = f"{number}{THIN}{unit}" if middle else ""
        track = "stroke:var(--plot-grid);stroke-width:1"
        parts += [
            tag("line", x1=str(LEFT), x2=str(LEFT + inner), y1=str(y), y2=str(y), style=track),
            tag("text", f"Window {index}", x="0", y=str(y + 4)),
            tag("circle", cx=f"{x(value):.1f}", cy=str(y), r="5", style="fill:var(--plot-line)"),
            tag("text", f"+{off}" if value > middle else off, x=str(WIDTH), y=str(y + 4), text_anchor="end"),
        ]
    return drawing("How the windows differ from their median", WIDTH, height, parts)


def roc_chart(points: Sequence[tuple[float, float]]) -> Html:
    """Return the ROC curve through (false positive rate, true positive rate) points."""
    edge = 44

    def place(point: tuple[float, float]) -> str:
        return f"{edge + point[0] * ROC:.1f},{8 + (1 - point[1]) * ROC:.1f}"

    line = "fill:none;stroke:var(--plot-line);stroke-width:2"
    chance = "fill:none;stroke:var(--plot-edge);stroke-dasharray:4 4"
    frame = "fill:none;stroke:var(--plot-grid)"
    parts: list[object] = [
        tag("rect", x=str(edge), y="8", width=str(ROC), height=str(ROC), style=frame),
        tag("polyline", points=" ".join(place(p) for p in ((0.0, 0.0), (1.0, 1.0))), style=chance),
        tag("polyline", points=" ".join(place(p) for p in points), style=line),
        tag("text", "normal files taken for anomalies", x=str(edge), y=str(ROC + 40)),
        tag("text", "0", x=str(edge - 12), y=str(ROC + 12)),
        tag("text", "1", x=str(edge - 12), y="16"),
        tag("text", "1", x=str(edge + ROC - 4), y=str(ROC + 24)),
        tag("text", "anomalies found", transform=f"translate(16 {ROC // 2 + 60}) rotate(-90)"),
    ]
    return drawing("ROC curve; dashed: random guessing", ROC + edge + 60, ROC + 48, parts)


def drawing(label: str, width: int, height: int, parts: Sequence[object]) -> Html:
    """Return a figure with these parts as an SVG and the label as its caption."""
    drawing = tag(
        "svg",
        join(parts),
        class_="chart",
        viewBox=f"0 0 {width} {height}",
        width=str(width),
        height=str(height),
        role="img",
        aria_label=label,
    )
    return tag("figure", drawing, tag("figcaption", label))

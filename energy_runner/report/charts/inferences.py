# SPDX-License-Identifier: Apache-2.0
"""Small drawings of how the energies of single inferences spread and drift inside the windows."""

from collections.abc import Sequence

import numpy as np

from energy_runner.analysis.inferences.segment import SegmentationSummary
from energy_runner.report.charts.spread import drawing
from energy_runner.report.markup import Html, tag
from energy_runner.report.units import THIN, fixed

WIDTH, LEFT, RIGHT, ROW, GAP = 640, 84, 12, 46, 8
_MOST_DOTS = 400


def histogram_chart(summary: SegmentationSummary) -> Html:
    """Return a histogram of the energies of single inferences for each window, all on one axis."""
    edges_uj = summary.histogram_edges_j * 1e6
    most = max((int(np.max(row)) for row in summary.histogram_counts), default=0)
    if most == 0:
        return Html("")
    inner = WIDTH - LEFT - RIGHT
    width = inner / (len(edges_uj) - 1)
    parts: list[object] = []
    for row, (index, counts) in enumerate(zip(summary.window_indices, summary.histogram_counts, strict=True)):
        base = (row + 1) * (ROW + GAP)
        parts += [_name(index, base - ROW / 2), _line(base)]
        parts += [
            tag(
                "rect",
                x=f"{LEFT + place * width + 0.5:.1f}",
                y=f"{base - ROW * count / most:.1f}",
                width=f"{max(1.0, width - 1):.1f}",
                height=f"{ROW * count / most:.1f}",
                style="fill:var(--plot-line)",
            )
            for place, count in enumerate(counts.tolist())
            if count
        ]
    height = len(summary.window_indices) * (ROW + GAP) + 28
    parts += _axis(height, float(edges_uj[0]), float(edges_uj[-1]), "µJ")
    label = "Energy of single inferences; all bars have the same scale. Values far out are in the outermost bars"
    return drawing(label, WIDTH, height, parts)


def drift_chart(summary: SegmentationSummary) -> Html:
    """Return the energy of the inferences over the time since their window began, one row of dots per window."""
    rows = list(zip(summary.window_indices, summary.drift_at_s, summary.drift_energy_j, strict=True))
    rows = [row for row in rows if np.count_nonzero(np.isfinite(row[2])) > 1]
    if not rows:
        return Html("")
    known = [energy[np.isfinite(energy)] for _, _, energy in rows]
    longest_s = max(float(at_s[-1]) for _, at_s, _ in rows if len(at_s))
    # The scale covers 98 % of the values and a margin; values beyond it are drawn at the border.
    reach = max(
        float(np.quantile(np.abs(energy / np.median(energy) - 1), 0.98)) for energy in known if len(energy)
    )
    reach = max(1.25 * reach, 1e-6)
    inner = WIDTH - LEFT - RIGHT
    parts: list[object] = []
    for row, (index, at_s, energy) in enumerate(rows):
        middle = (row + 0.5) * (ROW + GAP) + GAP
        parts += [_name(index, middle), _line(middle)]
        step = max(1, len(at_s) // _MOST_DOTS)
        off = np.clip((energy / np.nanmedian(energy) - 1) / reach, -1, 1)
        parts += [
            tag(
                "circle",
                cx=f"{LEFT + inner * float(at) / longest_s:.1f}",
                cy=f"{middle - 0.5 * ROW * float(part):.1f}",
                r="1.8",
                style="fill:var(--plot-line)",
            )
            for at, part in zip(at_s[::step], off[::step], strict=True)
            if np.isfinite(part)
        ]
    height = len(rows) * (ROW + GAP) + 36
    parts += _axis(height, 0.0, longest_s, "s")
    label = (
        "Energy of each inference over the time since its window began; a row is "
        f"± {fixed(100 * reach, 3)}{THIN}% high, around the window's median"
    )
    return drawing(label, WIDTH, height, parts)


def _name(index: int, y: float) -> Html:
    return tag("text", f"Window {index + 1}", x="0", y=f"{y + 4:.1f}")


def _line(y: float) -> Html:
    style = "stroke:var(--plot-grid);stroke-width:1"
    return tag("line", x1=str(LEFT), x2=str(WIDTH - RIGHT), y1=f"{y:.1f}", y2=f"{y:.1f}", style=style)


def _axis(height: int, low: float, high: float, unit: str) -> Sequence[Html]:
    decimals = 0 if high >= 10_000 else 2
    texts = [f"{fixed(value, decimals)}{THIN}{unit}" for value in (low, high)]
    return [
        tag("text", texts[0], x=str(LEFT), y=str(height - 6), text_anchor="start"),
        tag("text", texts[1], x=str(WIDTH - RIGHT), y=str(height - 6), text_anchor="end"),
    ]

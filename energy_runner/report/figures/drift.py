# SPDX-License-Identifier: Apache-2.0
"""The figure of the drift: the energy of single inferences over the time since their window began."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from energy_runner.analysis.inferences.segment import SegmentationSummary
from energy_runner.report.charts.decimate import FloatArray
from energy_runner.report.figures.style import EDGE, LINE, MARKERS
from energy_runner.report.figures.subject import Drawing, Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_DOTS = 400
ROW_IN, FRAME_IN = 0.95, 1.1
COVERED = (0.01, 0.99)  # of the energies are inside the scale, and a margin; the rest is drawn at the border


def drift(subject: Subject) -> list[Drawing]:
    """Return the energy of single inferences in each window; nothing where they were not found."""
    found = subject.story.inferences
    rows = [] if found is None else _rows(found)
    if not rows:
        return []
    title = "Energy of single inferences inside each window"
    return [Drawing("drift", title, FRAME_IN + ROW_IN * len(rows), partial(_draw, rows=rows))]


def _rows(found: SegmentationSummary) -> list[tuple[int, FloatArray, FloatArray]]:
    rows = []
    for index, at_s, energy_j in zip(found.window_indices, found.drift_at_s, found.drift_energy_j, strict=True):
        known = np.isfinite(energy_j)
        if np.count_nonzero(known) > 1:
            rows.append((index, at_s[known], 1e6 * energy_j[known]))
    return rows


def _draw(figure: "Figure", rows: list[tuple[int, FloatArray, FloatArray]]) -> None:
    panels = figure.subplots(len(rows), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    low, high = np.quantile(np.concatenate([energy for _, _, energy in rows]), COVERED)
    reach = max(0.15 * float(high - low), 1e-9 * abs(float(high)))
    low, high = low - reach, high + reach
    for axes, (index, at_s, energy_uj) in zip(panels, rows, strict=True):
        step = max(1, -(-len(at_s) // MOST_DOTS))
        shown = np.clip(energy_uj[::step], low, high)
        marker = MARKERS[index % len(MARKERS)]
        axes.plot(at_s[::step], shown, marker, markersize=2.2, color=LINE, linestyle="none", clip_on=False)
        axes.axhline(float(np.median(energy_uj)), color=EDGE, linewidth=0.9, linestyle=(0, (4, 2)))
        axes.annotate(f"window {index + 1}", (1.0, 1.0), xycoords="axes fraction", ha="right", va="bottom")
    panels[0].set_ylim(low, high)
    panels[0].ticklabel_format(axis="y", useOffset=False)
    panels[-1].set_xlabel("time since the window's first inference began (s); dashed: the window's median")
    figure.supylabel("energy of one inference (µJ)", fontsize=8.5)

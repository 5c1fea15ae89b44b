# SPDX-License-Identifier: Apache-2.0
"""The figure of one mean inference, and of the levels inside it."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from energy_runner.report.figures.fold import HIGH, LOW, MeanInference
from energy_runner.report.figures.style import BAND, EDGE, LINE
from energy_runner.report.figures.subject import Drawing, Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def mean_inference(subject: Subject) -> list[Drawing]:
    """Return one mean inference with the spread of the single ones; nothing where none were found."""
    mean = subject.mean
    if mean is None:
        return []
    title = f"One mean inference: {mean.inferences} inferences of window {mean.index + 1}"
    return [Drawing("inference", title, 3.3, partial(_draw, mean=mean))]


def phases(subject: Subject) -> list[Drawing]:
    """Return the constant levels that were found inside the mean inference; nothing where layers are known."""
    mean, found = subject.mean, subject.story.inferences
    if mean is None or found is None or subject.story.result.layers is not None:
        return []
    window = next((w for w in found.segmentation.windows if w.index == mean.index), None)
    levels = [] if window is None else [(p.start_s, p.duration_s, p.power_w) for p in window.estimated_phases]
    if len(levels) < 2:
        return []
    title = f"Levels inside an inference, estimated from window {mean.index + 1}"
    return [Drawing("phases", title, 3.3, partial(_levels, mean=mean, levels=levels))]


def _draw(figure: "Figure", mean: MeanInference) -> None:
    axes = figure.subplots()
    at_ms = mean.at_s * 1e3
    low, high, middle = (np.append(part, part[-1]) for part in (mean.low_mw, mean.high_mw, mean.mean_mw))
    spread = f"{LOW:.0f} % to {HIGH:.0f} % of the samples"
    axes.fill_between(at_ms, low, high, step="post", color=BAND, linewidth=0, label=spread)
    axes.plot(at_ms, middle, drawstyle="steps-post", color=LINE, label="mean")
    axes.set_xlim(at_ms[0], at_ms[-1])
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.set_xlabel("time since the inference began (ms)")
    axes.set_ylabel("power (mW)")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, borderaxespad=0.2)


def _levels(figure: "Figure", mean: MeanInference, levels: list[tuple[float, float, float]]) -> None:
    _draw(figure, mean)
    axes = figure.axes[0]
    for place, (start_s, duration_s, power_w) in enumerate(levels):
        ends_ms = [start_s * 1e3, (start_s + duration_s) * 1e3]
        name = None if place else "estimated level"
        axes.plot(ends_ms, [power_w * 1e3] * 2, color=EDGE, linewidth=1.8, linestyle=(0, (3, 1.2)), label=name)
        axes.axvline(ends_ms[1], color=EDGE, linewidth=0.6, linestyle=":")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, borderaxespad=0.2)

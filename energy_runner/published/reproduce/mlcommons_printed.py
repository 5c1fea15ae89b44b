# SPDX-License-Identifier: Apache-2.0
"""Figures as the MLCommons runner prints them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from energy_runner.published.model import Figure
from energy_runner.published.reproduce.accuracy import Accuracy
from energy_runner.published.reproduce.mlcommons_windows import MlcommonsWindow
from energy_runner.published.reproduce.wake_words import WakeWords

REQUIREMENT_MET = "Runtime requirements have been met."
_MIN_WINDOW_S = 10.0


@dataclass(frozen=True)
class Computed:
    """What the runner computes, unrounded; empty or None for what a session of this mode does not have.

    `runtimes` are (inferences, elapsed microseconds) of windows without a trace; after an error that `stopped` the
    run they have no median.
    """

    windows: Sequence[MlcommonsWindow] = ()
    runtimes: Sequence[tuple[int, int]] = ()
    accuracy: Accuracy | None = None
    words: WakeWords | None = None
    stopped: bool = False


def print_figures(computed: Computed) -> list[Figure]:
    """Return the figures as they are printed, in their order."""
    speed = performance_figures(computed.runtimes)
    if computed.stopped:
        speed = [figure for figure in speed if figure.field != "Median throughput"]
    figures = [*energy_figures(computed.windows), *speed]
    if computed.accuracy is not None:
        figures += accuracy_figures(computed.accuracy)
    return figures if computed.words is None else [*figures, *wake_word_figures(computed.words)]


def energy_figures(windows: Sequence[MlcommonsWindow]) -> list[Figure]:
    """Return the figures of an energy session as they are printed."""
    figures: list[Figure] = []
    for window in windows:
        texts = {
            "Elapsed time": f"{window.elapsed_s}",
            "Inferences": str(window.inferences),
            "Power": f"{window.power_mw:5.4f}",
            "Total Energy": f"{window.energy_j * 1e6:.3f}",
            "Energy/Inf": f"{window.per_inference_uj:.3f}",
        }
        figures += [Figure(name, window.number, text.strip()) for name, text in texts.items()]
    if windows:
        each_j = [w.energy_j / w.inferences if w.inferences else math.nan for w in windows]
        figures.append(Figure("Median energy cost", None, f"{1e6 * float(np.median(each_j)):5.4f}".strip()))
    return figures


def performance_figures(windows: Sequence[tuple[int, int]]) -> list[Figure]:
    """Return the figures of windows given as (inferences, elapsed microseconds) as they are printed."""
    figures: list[Figure] = []
    rates: list[float] = []
    for number, (inferences, elapsed_us) in enumerate(windows, start=1):
        rates.append(inferences / (elapsed_us / 1_000_000) if elapsed_us > 0 else 0.0)
        texts = {
            "# Inferences": str(inferences),
            "Runtime": f"{elapsed_us / 1_000_000}",
            "Throughput": f"{rates[-1]}",
        }
        if elapsed_us >= _MIN_WINDOW_S * 1e6:
            texts["requirement"] = REQUIREMENT_MET
        figures += [Figure(name, number, text) for name, text in texts.items()]
    if windows:
        figures.append(Figure("Median throughput", None, f"{float(np.median(rates)):.3f}"))
    return figures


def accuracy_figures(accuracy: Accuracy) -> list[Figure]:
    """Return the two figures of an accuracy session as they are printed."""
    top1, area = f"{accuracy.top1_percent:2.1f}".strip(), f"{accuracy.area:.3f}"
    return [Figure("Top 1%", None, top1), Figure("AUC", None, area)]


def wake_word_figures(found: WakeWords) -> list[Figure]:
    """Return the figures of a streaming wake word session as they are printed."""
    texts = {
        "True positives": str(found.true_positives),
        "False negatives": str(found.false_negatives),
        "False positives": str(found.false_positives),
    }
    starts, stops = (np.array(times_s) for times_s in found.at_work_s)
    if len(starts) == len(stops) and len(starts) > 1:
        at_work_s, period_s = float(np.mean(stops - starts)), float(np.mean(np.diff(starts)))
        if at_work_s > 0 and period_s > 0:
            texts |= {
                "duty cycle": f"{at_work_s / period_s:1.5}",
                "period": f"{period_s:1.5}",
                "Estimated throughput": f"{1 / at_work_s:1.5}",
            }
    return [Figure(name, None, text) for name, text in texts.items()]

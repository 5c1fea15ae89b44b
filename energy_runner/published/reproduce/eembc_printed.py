# SPDX-License-Identifier: Apache-2.0
"""Figures as the EEMBC runner prints them."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from energy_runner.published.model import Figure
from energy_runner.published.reproduce.accuracy import Accuracy
from energy_runner.published.reproduce.eembc_windows import EembcWindow

REQUIREMENT_MET = "Runtime requirements have been met."
REQUIREMENT_FAILED = "e-[The run must take at least 10 seconds and 10 iterations to be valid]"
_MIN_WINDOW_S = 10.0
_MIN_INFERENCES = 10
_ENDLESS = {math.inf: "Infinity", -math.inf: "-Infinity"}


@dataclass(frozen=True)
class Computed:
    """What the runner computes, unrounded; empty or None for what a session of this mode does not have.

    `runtimes` are (number, inferences, duration in s) of windows without a trace.
    """

    windows: Sequence[EembcWindow] = ()
    runtimes: Sequence[tuple[int, int, float]] = ()
    accuracy: Accuracy | None = None


def print_figures(computed: Computed) -> list[Figure]:
    """Return the figures as they are printed, in their order."""
    figures = [*energy_figures(computed.windows), *throughput_figures(computed.runtimes)]
    if computed.accuracy is not None:
        figures += accuracy_figures(computed.accuracy)
    return figures


def energy_figures(windows: Sequence[EembcWindow]) -> list[Figure]:
    """Return the figures of an energy session as they are printed."""
    figures: list[Figure] = []
    for window in windows:
        texts = {
            "at time": to_fixed(window.at_s, 2),
            "for": to_fixed(window.for_s, 2),
            "Energy": to_fixed(window.energy_uj, 3),
            "Power": to_fixed(window.power_uw, 3),
            "Energy/Inf.": to_fixed(window.per_inference_uj, 3),
        }
        figures += [Figure(name, window.number, text) for name, text in texts.items()]
    if windows:
        median = statistics.median(window.per_inference_uj for window in windows)
        figures.append(Figure("Median energy cost", None, to_fixed(median, 3)))
    return figures + throughput_figures([(w.number, w.inferences, w.runtime_s) for w in windows])


def throughput_figures(windows: Sequence[tuple[int, int, float]]) -> list[Figure]:
    """Return the figures of windows given as (number, inferences, runtime in seconds) as they are printed."""
    figures: list[Figure] = []
    rates: list[float] = []
    for number, inferences, runtime_s in windows:
        rates.append(inferences / runtime_s if runtime_s else math.nan)
        met = runtime_s >= _MIN_WINDOW_S and inferences >= _MIN_INFERENCES
        texts = {
            "# Inferences": str(inferences),
            "Runtime": to_fixed(runtime_s, 3),
            "Throughput": to_fixed(rates[-1], 3),
            "requirement": REQUIREMENT_MET if met else REQUIREMENT_FAILED,
        }
        figures += [Figure(name, number, text) for name, text in texts.items()]
    if windows:
        figures.append(Figure("Median throughput", None, to_fixed(statistics.median(rates), 3)))
    return figures


def accuracy_figures(accuracy: Accuracy) -> list[Figure]:
    """Return the two figures of an accuracy session as they are printed."""
    top1, area = to_fixed(accuracy.top1_percent, 1), to_fixed(accuracy.area, 2)
    return [Figure("Top-1", None, top1), Figure("AUC", None, area)]


def to_fixed(value: float, digits: int) -> str:
    """Return `value` as JavaScript's `toFixed` prints it: exact ties are rounded away from zero."""
    if not math.isfinite(value):
        return _ENDLESS.get(value, "NaN")
    step = Decimal(1).scaleb(-digits)
    return f"{Decimal(value).quantize(step, rounding=ROUND_HALF_UP):f}" if abs(value) < 1e21 else repr(value)

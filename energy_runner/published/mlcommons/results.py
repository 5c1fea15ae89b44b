"""`results.txt` of the MLCommons runner: its lines, and the same lines from the raw data."""

import math
import re
from collections.abc import Sequence

import numpy as np

from energy_runner.published.figures import NUMBER, Figure, Pattern
from energy_runner.published.reproduce import eembc as original
from energy_runner.published.reproduce.eembc import MlcommonsWindow

REQUIREMENT_MET = "Runtime requirements have been met."


def _line(regex: str, *fields: str, section: bool = False, whole: bool = False) -> Pattern:
    return Pattern(re.compile(regex), fields, section, whole)


PATTERNS = (
    _line(r"Energy data for trial (\d{1,6})", section=True),
    _line(rf"Elapsed time\s*:\s*{NUMBER}", "Elapsed time"),
    _line(rf"Total Energy\s*:\s*{NUMBER} uJ", "Total Energy"),
    _line(rf"Energy/Inf\s*:\s*{NUMBER} uJ", "Energy/Inf"),
    _line(rf"^\s*Power\s*:\s*{NUMBER} mW", "Power"),
    _line(rf"Median energy cost is\s+{NUMBER} uJ/inf", "Median energy cost", whole=True),
    _line(r"Performance results for window (\d{1,6})", section=True),
    _line(r"# Inferences\s*:\s*(\d{1,12})", "# Inferences"),
    _line(r"^Inferences\s*:\s*(\d{1,12})", "Inferences"),
    _line(rf"Runtime\s*:\s*{NUMBER} sec", "Runtime"),
    _line(rf"Throughput\s*:\s*{NUMBER} inf", "Throughput"),
    _line(r"(Runtime requirements have been met\.)", "requirement"),
    _line(rf"Median throughput is\s+{NUMBER} inf", "Median throughput", whole=True),
    _line(rf"Top 1%\s*=\s*{NUMBER}", "Top 1%", whole=True),
    _line(rf"AUC\s*=\s*{NUMBER}", "AUC", whole=True),
    _line(
        r"Accuracy: (\d{1,9}) True positives, (\d{1,9}) False negatives, (\d{1,9}) False positives",
        "True positives",
        "False negatives",
        "False positives",
        whole=True,
    ),
    _line(rf"Average duty cycle:\s*{NUMBER}", "duty cycle", whole=True),
    _line(rf"Average period:\s*{NUMBER} s", "period", whole=True),
    _line(rf"Estimated throughput:\s*{NUMBER} inf", "Estimated throughput", whole=True),
    _line(r"(ERROR.{0,200})", "error", whole=True),
    # What says nothing in figures.
    _line(r"^Power Edition Output$"),
    _line(r"^(?:\d{4}\.\d{6} )?(?:[\w-]+: )?-+$"),
    _line(r"^(?:True positives|False negatives|False positives): \["),
    _line(r"^== File "),
)


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
        rates.append(original.mlcommons_throughput(inferences, elapsed_us))
        texts = {
            "# Inferences": str(inferences),
            "Runtime": f"{elapsed_us / 1_000_000}",
            "Throughput": f"{rates[-1]}",
        }
        if elapsed_us >= original.MIN_WINDOW_S * 1e6:
            texts["requirement"] = REQUIREMENT_MET
        figures += [Figure(name, number, text) for name, text in texts.items()]
    if windows:
        figures.append(Figure("Median throughput", None, f"{float(np.median(rates)):.3f}"))
    return figures


def accuracy_figures(top1: float, auc: float) -> list[Figure]:
    """Return the two figures of an accuracy session as they are printed."""
    return [Figure("Top 1%", None, f"{top1:2.1f}".strip()), Figure("AUC", None, f"{auc:.3f}")]


def wake_word_figures(
    found: original.WakeWords, starts_s: Sequence[float], stops_s: Sequence[float]
) -> list[Figure]:
    """Return the figures of a streaming wake word session as they are printed."""
    texts = {
        "True positives": str(found.true_positives),
        "False negatives": str(found.false_negatives),
        "False positives": str(found.false_positives),
    }
    starts, stops = np.array(starts_s), np.array(stops_s)
    if len(starts) == len(stops) and len(starts) > 1:
        at_work_s, period_s = float(np.mean(stops - starts)), float(np.mean(np.diff(starts)))
        if at_work_s > 0 and period_s > 0:
            texts |= {
                "duty cycle": f"{at_work_s / period_s:1.5}",
                "period": f"{period_s:1.5}",
                "Estimated throughput": f"{1 / at_work_s:1.5}",
            }
    return [Figure(name, None, text) for name, text in texts.items()]

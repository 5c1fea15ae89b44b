"""`results.txt` of the EEMBC runner: the lines of its plug-ins `ulp-ml` and `ulp-mlperf`."""

import re

from energy_runner.published.figures import NUMBER, Figure, Pattern
from energy_runner.published.reproduce.eembc import EembcWindow, middle, requirement_met, to_fixed

REQUIREMENT_MET = "Runtime requirements have been met."
REQUIREMENT_FAILED = "e-[The run must take at least 10 seconds and 10 iterations to be valid]"


def _line(regex: str, *fields: str, section: bool = False, whole: bool = False) -> Pattern:
    return Pattern(re.compile(regex), fields, section, whole)


PATTERNS = (
    _line(
        rf"Energy data for window (\d{{1,6}}) at time {NUMBER} for {NUMBER} sec", "at time", "for", section=True
    ),
    _line(rf"Energy/Inf\.\s*:\s+{NUMBER} uJ/inf", "Energy/Inf."),
    _line(rf"Energy\s*:\s+{NUMBER} uJ", "Energy"),
    _line(rf"Power\s*:\s+{NUMBER} uW", "Power"),
    _line(rf"Median energy cost is\s+{NUMBER} uJ/inf", "Median energy cost", whole=True),
    _line(r"Performance results for window (\d{1,6})", section=True),
    _line(r"# Inferences\s*:\s+(\d{1,12})", "# Inferences"),
    _line(rf"Runtime\s*:\s+{NUMBER} sec", "Runtime"),
    _line(rf"Throughput\s*:\s+{NUMBER} inf", "Throughput"),
    _line(r"(Runtime requirements have been met\.|e-\[[^\]]*\])", "requirement"),
    _line(rf"Median throughput is\s+{NUMBER} inf", "Median throughput", whole=True),
    _line(rf"Top-1:\s*{NUMBER}%", "Top-1", whole=True),
    _line(rf"AUC:\s*{NUMBER}", "AUC", whole=True),
    # What says nothing in figures.
    _line(r"Cannot compute accuracy metrics in single-run mode"),
    _line(r"^(?:\d{5,}\.\d{3} )?(?:[\w-]+: )?-+$"),
    _line(r"^\d{5,}\.\d{3} (?:session|parser|sequencer): "),
)


def energy_figures(windows: list[EembcWindow]) -> list[Figure]:
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
        median = middle([window.per_inference_uj for window in windows])
        figures.append(Figure("Median energy cost", None, to_fixed(median, 3)))
    return figures + throughput_figures([(w.number, w.inferences, w.runtime_s) for w in windows])


def throughput_figures(windows: list[tuple[int, int, float]]) -> list[Figure]:
    """Return the figures of windows given as (number, inferences, runtime in seconds) as they are printed."""
    figures: list[Figure] = []
    rates: list[float] = []
    for number, inferences, runtime_s in windows:
        rates.append(inferences / runtime_s if runtime_s else float("nan"))
        met = requirement_met(runtime_s, inferences)
        texts = {
            "# Inferences": str(inferences),
            "Runtime": to_fixed(runtime_s, 3),
            "Throughput": to_fixed(rates[-1], 3),
            "requirement": REQUIREMENT_MET if met else REQUIREMENT_FAILED,
        }
        figures += [Figure(name, number, text) for name, text in texts.items()]
    if windows:
        figures.append(Figure("Median throughput", None, to_fixed(middle(rates), 3)))
    return figures


def accuracy_figures(top1: float, auc: float) -> list[Figure]:
    """Return the two figures of an accuracy session as they are printed."""
    return [Figure("Top-1", None, to_fixed(top1, 1)), Figure("AUC", None, to_fixed(auc, 2))]

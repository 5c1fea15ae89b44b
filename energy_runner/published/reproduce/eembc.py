"""The arithmetic of the two earlier runners, digit by digit; pure functions.

The figures that these runners printed follow from their raw data only by their own rules, some of them odd: a
time axis that is added up sample by sample, a ROC curve of 101 points, windows told apart by the order of their
edges alone. They are kept here as they are and used for nothing but to reproduce what was published; our own
figures come from `energy_runner.analysis`. Each rule was found by experiment on published sessions.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.accuracy import auc as exact_auc

FloatArray = npt.NDArray[np.float64]
Samples = npt.NDArray[np.float32] | FloatArray

MIN_WINDOW_S = 10.0
MIN_INFERENCES = 10
_THRESHOLDS: FloatArray = np.arange(101, dtype=np.float64) * 0.01
_LEAST = 1e-8


def to_fixed(value: float, digits: int) -> str:
    """Return `value` as JavaScript's `toFixed` prints it: exact ties are rounded away from zero."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    step = Decimal(1).scaleb(-digits)
    return f"{Decimal(value).quantize(step, rounding=ROUND_HALF_UP):f}" if abs(value) < 1e21 else repr(value)


def middle(values: Sequence[float]) -> float:
    """Return the median as both runners take it: of an even number of values the mean of the two middle ones."""
    return statistics.median(values)


# --- the EEMBC runner -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class EembcWindow:
    """What the EEMBC runner computes for one window, unrounded. Energies in microjoule, times in seconds."""

    number: int
    inferences: int
    at_s: float
    for_s: float
    energy_uj: float
    runtime_s: float

    @property
    def power_uw(self) -> float:
        """Return the mean power over the samples of the window."""
        return _ratio(self.energy_uj, self.for_s)

    @property
    def per_inference_uj(self) -> float:
        """Return the energy of one inference."""
        return _ratio(self.energy_uj, self.inferences)

    @property
    def throughput(self) -> float:
        """Return inferences per second, by the timestamps and not by the samples."""
        return _ratio(self.inferences, self.runtime_s)


def eembc_windows(
    samples_uj: Samples, rate_hz: float, timestamps_s: Sequence[float], inferences: Sequence[int]
) -> list[EembcWindow]:
    """Return the windows as the EEMBC runner cuts them: between the timestamps 1 and 2, 3 and 4, and so on.

    The time of a sample is the sum of as many periods, added one by one in double precision. A window holds
    the samples from the first one at or after its start to the last one before its stop. Nothing checks the
    timestamps against the commands: a lost edge shifts every later window, exactly as it did there.
    A window that the trace does not hold is left out.
    """
    axis = np.zeros(len(samples_uj) + 1)
    axis[1:] = np.add.accumulate(np.full(len(samples_uj), 1.0 / rate_hz))
    windows: list[EembcWindow] = []
    for index in range(1, len(timestamps_s) - 1, 2):
        start_s, stop_s = timestamps_s[index], timestamps_s[index + 1]
        if not (math.isfinite(start_s) and math.isfinite(stop_s)):
            continue
        first, beyond = (int(np.searchsorted(axis, time_s, side="left")) for time_s in (start_s, stop_s))
        if not 0 < first < beyond < len(axis):
            continue
        count = inferences[min(len(windows), len(inferences) - 1)] if inferences else 0
        # One after the other, as a loop adds them; numpy's pairwise sum may differ in the last digit.
        energy = np.add.accumulate(samples_uj[first:beyond], dtype=np.float64)[-1]
        windows.append(
            EembcWindow(
                number=index + 1,
                inferences=count,
                at_s=float(axis[first - 1]),
                for_s=float(axis[beyond] - axis[first]),
                energy_uj=float(energy),
                runtime_s=stop_s - start_s,
            )
        )
    return windows


def eembc_runtime_s(start_us: int, stop_us: int) -> float:
    """Return a window's duration from two laps: each is turned into seconds first, then subtracted."""
    return stop_us / 1e6 - start_us / 1e6


def requirement_met(runtime_s: float, inferences: int) -> bool:
    """Return what the EEMBC runner says about one window: long enough, and enough inferences."""
    return runtime_s >= MIN_WINDOW_S and inferences >= MIN_INFERENCES


def top1_percent(results: FloatArray, labels: npt.NDArray[np.int_]) -> float:
    """Return the share of rows of `results` (stimuli by classes) whose first maximum is the label, in percent."""
    if not len(labels):
        return math.nan
    return float(100 * np.count_nonzero(np.argmax(results, axis=1) == labels) / len(labels))


def auc_101(results: FloatArray, labels: npt.NDArray[np.int_], classes: int) -> float:
    """Return the mean over the classes of the area under a ROC curve of 101 points, one against the rest.

    The points are the thresholds 0.00, 0.01 … 1.00; a score counts if it is above its threshold, and the
    first point is put at (1, 1). This is not the area under the true curve.
    """
    areas = [_area(results[:, k], labels == k, _THRESHOLDS) for k in range(min(classes, results.shape[1]))]
    return float(np.mean(areas)) if areas else math.nan


def anomaly_auc_101(errors: FloatArray, anomalous: npt.NDArray[np.bool_]) -> float:
    """Return the area of the 101-point curve for reconstruction errors, its thresholds spread over their range."""
    if not len(errors):
        return math.nan
    low, high = float(np.min(errors)), float(np.max(errors))
    return _area(errors, anomalous, low + _THRESHOLDS * (high - low))


def anomaly_accuracy_percent(errors: FloatArray, anomalous: npt.NDArray[np.bool_], least: float = 0.0) -> float:
    """Return the largest mean of precision and recall over 100 thresholds, in percent; it is called Top-1.

    `least` is added to the denominators (the MLCommons runner does so to avoid a division by zero).
    """
    if not len(errors):
        return math.nan
    low, high = float(np.min(errors)), float(np.max(errors))
    best = 0.0
    for threshold in low + _THRESHOLDS[:100] * (high - low):
        above = errors > threshold
        hits = float(np.count_nonzero(above & anomalous))
        precision = _ratio(hits, float(np.count_nonzero(above)) + least)
        recall = _ratio(hits, float(np.count_nonzero(anomalous)) + least)
        best = max(best, 100 * (precision + recall) / 2)
    return best


def _area(scores: FloatArray, positive: npt.NDArray[np.bool_], thresholds: FloatArray) -> float:
    positives, negatives = int(np.count_nonzero(positive)), int(np.count_nonzero(~positive))
    if not positives or not negatives:
        return math.nan
    above = np.sort(scores[positive]), np.sort(scores[~positive])
    true = 1 - np.searchsorted(above[0], thresholds, side="right") / positives
    false = 1 - np.searchsorted(above[1], thresholds, side="right") / negatives
    true[0], false[0] = 1.0, 1.0
    return float(np.sum(0.5 * (true[:-1] + true[1:]) * (false[:-1] - false[1:])))


# --- the MLCommons runner -------------------------------------------------------------------------------


@dataclass(frozen=True)
class MlcommonsWindow:
    """What the MLCommons runner computes for one pass, unrounded. Energies in joule, times in seconds."""

    number: int
    inferences: int
    elapsed_s: float
    energy_j: float

    @property
    def power_mw(self) -> float:
        """Return the mean power in milliwatt."""
        return _ratio(1e3 * self.energy_j, self.elapsed_s)

    @property
    def per_inference_uj(self) -> float:
        """Return the energy of one inference in microjoule, scaled as it is for printing."""
        return _ratio(self.energy_j, self.inferences) * 1e6


def mlcommons_window(
    number: int, samples_j: FloatArray, edges: Sequence[int], inferences: int
) -> MlcommonsWindow | None:
    """Return the window between the last two of `edges`, counted in samples of 1 ms; None if it has no two.

    Time is the number of samples: lost ones make the window shorter, and a spurious edge after the stop moves it.
    """
    if len(edges) < 2:
        return None
    start, stop = edges[-2], edges[-1]
    energy = float(np.sum(samples_j[start:stop])) if 0 <= start <= stop else math.nan
    return MlcommonsWindow(number, inferences, stop / 1000 - start / 1000, energy)


def mlcommons_throughput(inferences: int, elapsed_us: int) -> float:
    """Return inferences per second from the DUT's laps; 0 where they do not rise."""
    return inferences / (elapsed_us / 1_000_000) if elapsed_us > 0 else 0.0


def mlcommons_accuracy(results: FloatArray, labels: npt.NDArray[np.int_]) -> tuple[float, float]:
    """Return Top-1 in percent and the exact AUC of `results`, the mean output of each file.

    With two outputs the AUC is that of the second one, with more it is the mean over the classes, one against
    the rest; NaN where a class has no file (the runner then stopped with an error).
    """
    if results.shape[1] == 1:
        errors, anomalous = results[:, 0], labels == 1
        area = exact_auc(errors, labels)
        return anomaly_accuracy_percent(errors, anomalous, _LEAST), math.nan if area is None else area
    accuracy = top1_percent(results, labels)
    if results.shape[1] == 2:
        area = exact_auc(results[:, 1], labels)
        return accuracy, math.nan if area is None else area
    areas = [exact_auc(results[:, k], (labels == k).astype(np.int_)) for k in range(results.shape[1])]
    known = [area for area in areas if area is not None]
    return accuracy, float(np.mean(known)) if len(known) == len(areas) else math.nan


@dataclass(frozen=True)
class WakeWords:
    """Detections of a streaming wake word run against the truth."""

    true_positives: int
    false_negatives: int
    false_positives: int


def wake_words(detections_ms: Sequence[float], windows_s: Sequence[tuple[float, float]]) -> WakeWords:
    """Return hits, misses and false alarms as the MLCommons runner counts them.

    The first detection marks the start of the run. A word counts as found by any detection from its beginning
    to two seconds after its end (its documentation says one); false alarms within a second are one.
    """
    times = np.asarray(detections_ms[1:], dtype=np.float64) - (detections_ms[0] if len(detections_ms) else 0.0)
    hits = 0
    for start_s, stop_s in windows_s:
        inside = (times / 1000 >= start_s) & (times / 1000 <= stop_s + 2.0)
        hits += bool(np.any(inside))
        times = times[~inside]
    alarms = 0
    while len(times):
        alarms += 1
        times = times[1:][~((times[1:] > times[0]) & (times[1:] <= times[0] + 1000))]
    return WakeWords(hits, len(windows_s) - hits, alarms)


def _ratio(dividend: float, divisor: float) -> float:
    return dividend / divisor if divisor else math.nan

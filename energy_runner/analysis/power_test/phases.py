# SPDX-License-Identifier: Apache-2.0
"""Divide a recorded current into phases at its peaks, as twister's power harness is documented to; take the RMS.

The first samples are left out; the first `num_of_transitions` peaks that are high and far enough from each other
divide what is left; on either side of a peak, and at both ends, a padding belongs to no phase.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from energy_runner.analysis.energy.calibration import configured_source
from energy_runner.analysis.energy.source import EnergySource
from energy_runner.analysis.facts import Facts
from energy_runner.analysis.power_test.cases import Measurements
from energy_runner.analysis.recording.figures import (
    Figure,
    Span,
    body_span,
    current_source,
    of_parts,
    span_budget,
)
from energy_runner.analysis.uncertainty.combine import ROOT3
from energy_runner.analysis.uncertainty.coverage import Part
from energy_runner.errors import Argument, SessionError
from energy_runner.session.recording import Recording
from energy_runner.session.trace import TraceReader

FloatArray = npt.NDArray[np.float64]
COUNT_HZ = 1000.0  # at which the shield of the published cases samples, and their counts are meant
_SLOWER = 0.01  # two rates count as equal that differ by less
LEAST = 2  # samples of a phase


@dataclass(frozen=True)
class Phase:
    """One phase: which samples of the divided current it has, and its RMS current in A."""

    number: int
    start: int
    stop: int
    start_s: float
    stop_s: float
    rms_a: Figure


@dataclass(frozen=True)
class Divided:
    """The phases of a recording, the peaks between them (s from its beginning, A), and the rate of the counts.

    `found` counts all peaks that are high and far enough from each other, also those that divide nothing.
    """

    phases: tuple[Phase, ...]
    peaks: tuple[tuple[float, float], ...]
    found: int
    count_hz: float
    incomplete: tuple[str, ...] = ()


class TooFewPeaksError(SessionError):
    """The current has fewer peaks than the case has transitions."""


def divide(current_a: FloatArray, asked: Measurements) -> tuple[list[tuple[int, int]], list[int], int]:
    """Return the samples [start, stop) of each phase, the peaks between them, and how many peaks there are at all.

    Raises `TooFewPeaksError`, and `SessionError` where a phase has no samples between its paddings.
    """
    from scipy.signal import find_peaks

    trim, padding, wanted = asked.elements_to_trim, asked.peak_padding, asked.num_of_transitions
    if len(current_a) - trim < LEAST:
        raise SessionError(f"{len(current_a)} samples are fewer than elements_to_trim = {trim} leaves")
    there = np.where(np.isfinite(current_a), current_a, -math.inf)[trim:]
    peaks = find_peaks(there, height=asked.min_peak_height, distance=asked.min_peak_distance)[0]
    if len(peaks) < wanted:
        raise TooFewPeaksError(
            f"the current has {len(peaks)} peaks of at least {asked.min_peak_height:g} A, and the case "
            f"{wanted} transitions; the largest sample is {float(np.max(there)):.4g} A"
        )
    at = [int(peak) + trim for peak in peaks[:wanted]]
    spans = [(start + padding, stop - padding) for start, stop in pairwise([trim, *at, len(current_a)])]
    for number, (start, stop) in enumerate(spans, start=1):
        if stop - start < LEAST:
            raise SessionError(
                f"phase {number} has {max(0, stop - start)} samples between its paddings of {padding}: "
                "the peaks are too close to each other"
            )
    return spans, at, len(peaks)


def divide_recording(
    recording: Recording, facts: Facts, trace: TraceReader, asked: Measurements, count_hz: float = COUNT_HZ
) -> Divided:
    """Return the phases of a recording with the RMS current and its uncertainty.

    The counts of a case are of samples at `count_hz`; a faster monitor's are averaged to that rate. Raises
    `SessionError` for a slower one, and as `divide` does.
    """
    if facts.monitor is None:
        raise SessionError("no sampler was configured, so there is nothing to measure")
    source = configured_source(trace, facts.monitor)
    span = body_span(recording, facts, source)
    current = current_source(source, facts.monitor.voltage_set_v)
    each = _samples_of_one(1.0 / source.period_s, count_hz)
    first = math.ceil(span.start)
    read = current.read(first, min(source.length, math.floor(span.stop)))
    samples = averaged(np.asarray(read, dtype=np.float64), each)
    spans, peaks, found = divide(samples, asked)
    step_s = each * source.step_s
    phases, doubts = [], dict[str, None]()
    for number, (start, stop) in enumerate(spans, start=1):
        part = samples[start:stop]
        here = Span(first + start * each, first + stop * each, 0.0, 0.0)
        rms_a, lacks = _rms(part, source, facts, here, each, virtual=recording.virtual)
        doubts |= dict.fromkeys(lacks)
        phases.append(Phase(number, start, stop, start * step_s, stop * step_s, rms_a))
    return Divided(
        phases=tuple(phases),
        peaks=tuple((peak * step_s, float(samples[peak])) for peak in peaks),
        found=found,
        count_hz=1.0 / step_s,
        incomplete=tuple(doubts),
    )


def averaged(samples: FloatArray, each: float) -> FloatArray:
    """Return the mean over every `each` samples, which need not be a whole number: it is 1 or more.

    A sample that straddles two of them counts in both by its shares, so that no charge is lost. A missing one
    makes NaN of what it is part of.
    """
    if each == 1:
        return samples
    count = math.floor(len(samples) / each + 1e-9)
    places = np.minimum(np.arange(count + 1) * each, len(samples))
    bounds = np.arange(len(samples) + 1)

    def sums(values: FloatArray) -> FloatArray:
        return np.diff(np.interp(places, bounds, np.concatenate(([0.0], np.cumsum(values)))))

    there = np.isfinite(samples)
    means = sums(np.where(there, samples, 0.0)) / each
    return means if there.all() else np.where(sums((~there).astype(np.float64)) > 0, np.nan, means)


def _samples_of_one(rate_hz: float, count_hz: float) -> float:
    """Return how many samples of the monitor make one of those that a case counts."""
    each = rate_hz / count_hz
    if each < 1 - _SLOWER:
        raise SessionError(
            f"the monitor took {rate_hz:.6g} samples a second, and the case counts at {count_hz:g}. Try: a "
            "higher sample rate, or for counts at the monitor's own rate ",
            Argument("count_hz", f"{rate_hz:.6g}"),
        )
    return 1.0 if abs(each - 1) <= _SLOWER else each


def _rms(
    part: FloatArray, source: EnergySource, facts: Facts, span: Span, each: float, *, virtual: bool
) -> tuple[Figure, Sequence[str]]:
    """Return the RMS of a phase's samples with its uncertainty, and what that lacks.

    An error in proportion to the reading is one in proportion to the RMS. An offset d adds d · mean/RMS, at most
    d, which is counted. Noise of the monitor adds its variance to the mean square, an effect of second order
    (JCGM 100:2008, 5.1.2, note).
    """
    there = part[np.isfinite(part)]
    if len(there) < 0.9 * len(part) or len(there) < LEAST:
        raise SessionError(f"{len(part) - len(there)} of {len(part)} samples of a phase are missing")
    rms_a = math.sqrt(float(np.mean(there * there)))
    voltage_v = facts.monitor.voltage_set_v if facts.monitor is not None else 0.0
    # What a steady current as large would draw: its errors in joule are those of the RMS times this factor.
    joule = (voltage_v if voltage_v > 0 else 1.0) * (span.stop - span.start) * source.step_s
    if not rms_a > 0:
        raise SessionError("all samples of a phase are exactly zero. Try: the wires of the monitor")
    budget = span_budget(source, facts, span, rms_a * joule, virtual=virtual)
    causes = [cause for cause in budget.counted if not cause.voltage]
    rows = [(cause.name, cause.contribution_j(0) / joule) for cause in causes]
    parts = [Part(cause.distribution, u, cause.dof) for cause, (_, u) in zip(causes, rows, strict=True)]
    # The noise of one sample of the monitor, from that of the mean of all; averaged `each` to one that is counted.
    noise_a = math.hypot(*(u for name, u in rows if name == "noise of the samples"))
    one_a = noise_a * math.sqrt(max(1.0, span.stop - span.start) / each)
    lifted = one_a**2 / (2 * rms_a) / ROOT3
    rows.append(("noise in the mean square", lifted))
    parts.append(Part("rectangular", lifted))
    return of_parts(rms_a, "A", parts, rows), budget.doubts

# SPDX-License-Identifier: Apache-2.0
"""Integrating samples costs little more than adding them up."""

import math
import resource
import time
from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import trapezoid

from energy_runner.analysis.energy.bounds import Bounds
from energy_runner.analysis.energy.impossible import Span, find_impossible
from energy_runner.analysis.energy.integrate import integrate
from tests.support.hand_made import fake

SAMPLES = 10**8


def fastest_s(work: Callable[[], object], repeats: int = 5) -> float:
    """Return the shortest of some times: the one least disturbed by the rest of the machine."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def at_best(ratio: Callable[[], float], most: float) -> float:
    """Return a ratio of at most `most`, or the least of eighty: a neighbour may slow either side for long."""
    least = math.inf
    for _ in range(80):
        least = min(least, ratio())
        if least <= most:
            break
    return least


def test_integrating_takes_at_most_twice_the_time_of_numpy_sum() -> None:
    samples = np.full(SAMPLES, 1.579e-5, dtype=np.float32)
    samples[::7] *= np.float32(1.03)

    def total() -> float:
        return integrate(lambda a, b: samples[a:b], SAMPLES, 0.25, SAMPLES - 0.25).total

    ratio = at_best(lambda: fastest_s(total) / fastest_s(lambda: np.sum(samples)), 2.0)
    exact = sum(float(np.sum(part, dtype=np.float64)) for part in np.split(samples, 100))
    exact -= 0.25 * (float(samples[0]) + float(samples[-1]))
    print(f"integration of 10^8 samples: {ratio:.2f} times numpy.sum")
    assert ratio <= 2.0
    assert total() == pytest.approx(exact, rel=1e-7)


def test_integrating_readings_takes_at_most_twice_the_time_of_the_trapezoidal_rule() -> None:
    """Simpson's rule for comparison included; on a tenth of the samples, as scipy needs 4 GB for them all."""
    samples = np.full(SAMPLES // 10, 1.579e-5)
    samples[::7] *= 1.03

    def total() -> float:
        return integrate(lambda a, b: samples[a:b], len(samples), 0.25, len(samples) - 1.25, "instant").total

    ratio = at_best(lambda: fastest_s(total) / fastest_s(lambda: trapezoid(samples)), 2.0)
    print(f"integration of {len(samples)} readings: {ratio:.2f} times scipy.integrate.trapezoid")
    assert ratio <= 2.0
    assert total() == pytest.approx(float(np.mean(samples)) * (len(samples) - 1.5), rel=1e-6)


def test_integrating_needs_no_memory_for_the_samples() -> None:
    """A window of 400 MB is read block by block; the samples are made up on reading."""
    ramp = np.arange(1 << 19, dtype=np.float32)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    total = integrate(lambda a, b: ramp[: b - a], SAMPLES, 0, SAMPLES)
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert total.expected == SAMPLES
    assert grown_kb < 50_000


def test_the_search_for_impossible_samples_takes_a_few_times_as_long_as_numpy_sum() -> None:
    """One more pass over each signal of a trace; reading it takes longer than that."""
    samples = np.full(SAMPLES // 4, 1.579e-5, dtype=np.float32)
    samples[::7] *= np.float32(1.03)
    bounds, facts = Bounds(-1e-8, 1e-3, 1e-4), fake(over_range=[])

    def search() -> int:
        signals = {"energy": (lambda a, b: samples[a:b], bounds)}
        return find_impossible(signals, len(samples), 1e-3, [Span(0, len(samples), 100)], facts)[0].count

    ratio = at_best(lambda: fastest_s(search) / fastest_s(lambda: np.sum(samples)), 10.0)
    print(f"search for impossible samples in {len(samples)}: {ratio:.2f} times numpy.sum")
    assert ratio <= 10.0
    samples[12_345_678] = 1.0
    assert search() == 1

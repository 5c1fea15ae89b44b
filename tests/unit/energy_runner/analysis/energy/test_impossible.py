# SPDX-License-Identifier: Apache-2.0
"""Samples that cannot be: beyond the bounds, above what lasts, or one alone; and what only looks like it."""

from collections.abc import Iterable, Sequence
from types import SimpleNamespace

import numpy as np
import pytest

from energy_runner.analysis.energy import alone as alone_room
from energy_runner.analysis.energy import impossible as room
from energy_runner.analysis.energy.bounds import Bounds
from energy_runner.analysis.energy.impossible import Impossible, Span, find_impossible
from tests.support.hand_made import fake

PERIOD_S = 1e-3  # ten samples in SHORT_S
FREE = Bounds(-1.0)
LENGTH = 400


def level() -> np.ndarray:
    """A load of 11 and 12 mA in turn."""
    return np.tile([0.011, 0.012], LENGTH // 2)


def search(
    samples: np.ndarray,
    bounds: Bounds = FREE,
    spans: Iterable[tuple[int, int]] = ((100, 200), (200, 300)),
    *,
    inferences: int = 20,
    over: Iterable[tuple[int, int]] = (),
    **others: tuple[np.ndarray, Bounds],
) -> list[Impossible]:
    facts = fake(over_range=[SimpleNamespace(at=at, count=count) for at, count in over])
    signals = {"current": (samples, bounds)} | others
    given = {name: (lambda a, b, x=x: x[a:b], limits) for name, (x, limits) in signals.items()}
    return find_impossible(
        given, len(samples), PERIOD_S, [Span(first, stop, inferences) for first, stop in spans], facts
    )


@pytest.fixture(autouse=True, params=[1 << 19, 7])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found does not depend on where blocks end."""
    monkeypatch.setattr(room, "BLOCK", request.param)


def counts(found: list[Impossible]) -> list[int]:
    return [one.count for one in found]


# --- beyond the bounds ----------------------------------------------------------------------------------


def test_an_ordinary_trace_has_none() -> None:
    assert search(level(), Bounds(-1e-5, 0.2, 0.1)) == [Impossible(), Impossible()]


def test_a_sample_above_the_largest_reading_is_counted_in_its_window_only() -> None:
    samples = level()
    samples[[99, 150, 151, 300]] = 4.0
    first, second = search(samples, Bounds(-1e-5, 3.4))
    assert (first.count, first.index, second.count) == (2, 150, 0)
    assert first.why == "a reading of current of 4 A, where 3.4 A is the most there can be"


@pytest.mark.parametrize(("value", "count"), [(3.4, 0), (3.41, 2), (-1.9e-5, 0), (-2.1e-5, 2)])
def test_what_is_within_the_bounds_is_left(value: float, count: int) -> None:
    samples = level()
    samples[150:152] = value
    assert counts(search(samples, Bounds(-2e-5, 3.4))) == [count, 0]


def test_a_flipped_sign_is_told_as_such() -> None:
    samples = level()
    samples[[120, 250]] *= -1
    first, second = search(samples, Bounds(-2e-5))
    assert (first.count, second.count) == (1, 1)
    assert first.why == "a reading of current of -0.011 A, which is below zero by more than offset and noise"


def test_a_sample_that_is_over_range_by_the_facts_is_not_counted_twice() -> None:
    samples = level()
    samples[[150, 250]] = 4.0
    assert counts(search(samples, Bounds(-2e-5, 3.4), over=[(150, 1)])) == [0, 1]


def test_a_sample_that_is_impossible_in_two_signals_is_counted_once() -> None:
    samples, voltage = level(), np.full(LENGTH, 3.0)
    samples[150] = 4.0
    voltage[[150, 260]] = -3.0
    assert counts(search(samples, Bounds(-2e-5, 3.4), voltage=(voltage, Bounds(-0.1, 5.0)))) == [1, 1]


def test_missing_samples_are_no_reading() -> None:
    samples = level()
    samples[100:140] = np.nan
    samples[141:160] = np.nan
    assert counts(search(samples, Bounds(-2e-5, 3.4, 0.1))) == [0, 0]


# --- above what lasts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("lasts", "count"), [(10, 0), (11, 11)])
def test_above_the_current_limit_is_only_an_inrush_that_a_limiter_lets_through(lasts: int, count: int) -> None:
    samples = level()
    samples[150 : 150 + lasts] = 0.25
    found = search(samples, Bounds(-2e-5, 3.4, 0.22))
    assert counts(found) == [count, 0]
    if count:
        assert "for 11 samples above the 0.22 A that can last" in found[0].why


def test_a_run_counts_in_each_window_that_it_touches_and_to_the_end_of_the_trace() -> None:
    samples = level()
    samples[190:] = 0.25
    assert counts(search(samples, Bounds(-2e-5, 3.4, 0.22), [(100, 200), (200, 300), (390, 400)])) == [10, 100, 10]


# --- one alone ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "count"), [(0.119, 0), (0.121, 1)])
def test_a_single_sample_ten_times_both_its_neighbours_is_impossible(value: float, count: int) -> None:
    samples = level()
    samples[150] = value
    found = search(samples)
    assert counts(found) == [count, 0]
    if count:
        assert found[0].why.endswith("ten times the samples beside it and far above all others")


def test_two_in_a_row_are_a_load() -> None:
    samples = level()
    samples[150:152] = 0.5
    assert counts(search(samples)) == [0, 0]


@pytest.mark.parametrize(("value", "found"), [(0.0219, [0, 0]), (0.0221, [2, 1])])
def test_a_wake_up_up_to_twice_the_load_elsewhere_is_one(value: float, found: list[int]) -> None:
    samples = level()
    samples[100:300] = 5e-6  # asleep
    samples[[120, 180, 250]] = value
    assert counts(search(samples)) == found


def asleep(*pulses: Iterable[int]) -> np.ndarray:
    """A DUT that sleeps at 5 µA, but for pulses of 50 mA."""
    samples = np.full(LENGTH, 5e-6)
    for places in pulses:
        samples[list(places)] = 0.05
    return samples


def test_pulses_that_come_with_the_inferences_are_theirs() -> None:
    once, twice = range(102, 200, 5), [place for place in range(202, 300, 5) for place in (place, place + 2)]
    assert counts(search(asleep(once, twice), inferences=20)) == [0, 0]


@pytest.mark.parametrize(
    ("pulses", "inferences"),
    [
        (range(102, 200, 5), 14),  # 20 of them are no whole number with each
        (range(102, 200, 5), 4),  # 5 with each are too many
        (range(102, 200, 20), 5),  # so few may be chance
        (range(102, 152, 5), 20),
        ([*range(102, 162, 6), *range(171, 200, 3)], 20),  # not evenly
    ],
)
def test_pulses_that_do_not_are_impossible(pulses: Sequence[int], inferences: int) -> None:
    assert counts(search(asleep(pulses), inferences=inferences)) == [len(pulses), 0]


def test_noise_about_zero_is_no_pulse() -> None:
    noise = np.random.default_rng(1).normal(0.0, 1e-5, LENGTH)
    noise[:50] += 0.011
    assert counts(search(noise)) == [0, 0]


def test_a_sample_beside_a_gap_has_not_two_neighbours() -> None:
    samples = level()
    samples[149], samples[150] = np.nan, 0.5
    assert counts(search(samples)) == [0, 0]


def test_another_impossible_sample_beside_it_excuses_none() -> None:
    samples = level()
    samples[149], samples[150], samples[250] = -4.0, 0.5, 0.5
    assert counts(search(samples, Bounds(-2e-5, 3.4))) == [2, 1]


def test_many_candidates_take_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alone_room, "MOST", 3)
    samples = np.full(LENGTH, 1e-6)
    samples[101:300:2] = 0.05
    assert sum(counts(search(samples))) == 3
    samples[350:361] = 0.06  # after which they are usual
    assert counts(search(samples)) == [0, 0]

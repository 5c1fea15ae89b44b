# SPDX-License-Identifier: Apache-2.0
"""Samples that may be a load or a misreading count as uncertainty; readings that stand still are none."""

import numpy as np
import pytest

from energy_runner.analysis.energy import impossible as room
from energy_runner.analysis.energy.bounds import Bounds
from energy_runner.analysis.energy.impossible import Impossible, Span, find_impossible
from tests.support.hand_made import fake

LENGTH, PERIOD_S = 4000, 1e-3
WINDOW = Span(1000, 3000, 20)
ACTIVE, IDLE = 0.013, 0.006
FREE = Bounds(-1e-4)  # ten times the noise


@pytest.fixture(autouse=True, params=[1 << 19, 13])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found does not depend on where blocks end."""
    monkeypatch.setattr(room, "BLOCK", request.param)


def load(noise: float = 3e-4) -> np.ndarray:
    """A DUT that idles, and is active in its window, read with noise."""
    samples = np.full(LENGTH, IDLE)
    samples[WINDOW.first : WINDOW.stop] = ACTIVE
    return (samples * np.random.default_rng(1).normal(1.0, noise, LENGTH)).astype(np.float32)


def found(samples: np.ndarray, bounds: Bounds = FREE, inferences: int = 20) -> Impossible:
    spans = [Span(WINDOW.first, WINDOW.stop, inferences)]
    read = lambda a, b: samples[a:b]  # noqa: E731
    (one,) = find_impossible({"current": (read, bounds)}, LENGTH, PERIOD_S, spans, fake(over_range=[]))
    return one


def doubt(one: Impossible) -> float:
    return one.doubtful.get("current", 0.0)


def test_an_ordinary_window_leaves_no_doubt() -> None:
    assert found(load()) == Impossible()


# --- alone ----------------------------------------------------------------------------------------------

PLACES = np.array([1200, 1333, 1700, 2010, 2500, 2777])


@pytest.mark.parametrize(("reads", "by"), [(0.0, 1.0), (-0.0, 1.0), (1e-41, 1.0), (-1e-5, 1.0), (0.2, 0.8)])
def test_a_reading_alone_below_all_others_is_in_doubt_by_what_it_lacks(reads: float, by: float) -> None:
    samples = load()
    samples[PLACES] = reads * ACTIVE if reads > 0.1 else reads
    one = found(samples)
    assert (one.count, one.doubts) == (0, len(PLACES))
    assert doubt(one) == pytest.approx(by * ACTIVE * len(PLACES), rel=2e-3)
    assert one.doubt.endswith("alone and less than half of any other")


def test_a_reading_alone_above_all_others_is_in_doubt_by_what_it_adds() -> None:
    samples = load()
    samples[PLACES] *= 5
    one = found(samples)
    assert (one.count, one.doubts) == (0, len(PLACES))
    assert doubt(one) == pytest.approx(4 * ACTIVE * len(PLACES), rel=2e-3)


def test_one_burst_elsewhere_excuses_no_reading_alone() -> None:
    samples = load()
    samples[100:104] = 4.0
    samples[PLACES] = 3.3
    assert found(samples).count == len(PLACES)


def test_what_many_pairs_reach_is_usual() -> None:
    samples = load()
    samples[100:112] = 0.035
    samples[200:212] = 0.0005
    samples[PLACES] = 0.06
    samples[PLACES + 5] = 0.0003
    assert found(samples) != Impossible()  # the DUT's sleep before the first window says nothing of it
    samples[1100:1112] = 0.0005
    assert found(samples) == Impossible()


def test_pulses_and_pauses_that_come_with_the_inferences_are_theirs() -> None:
    each = np.arange(WINDOW.first + 30, WINDOW.stop, 100)
    samples = load()
    samples[each] *= 5
    samples[each + 40] /= 20
    assert found(samples) == Impossible()
    assert found(samples, inferences=33).doubts == 2 * len(each)


def test_noise_about_zero_leaves_no_doubt() -> None:
    samples = np.random.default_rng(1).normal(0.0, 1e-5, LENGTH).astype(np.float32)
    assert found(samples) == Impossible()


def test_what_is_missing_or_over_range_is_no_reading_below_others() -> None:
    samples = load()
    samples[PLACES[:3]] = np.nan
    samples[PLACES[3:]] = 4.0
    one = found(samples, Bounds(-1e-4, 3.4))
    assert (one.count, one.doubts) == (3, 0)


# --- above the limit for a moment ------------------------------------------------------------------------


@pytest.mark.parametrize("lasts", [2, 3, 10])
def test_what_is_above_the_limit_for_a_moment_is_in_doubt(lasts: int) -> None:
    samples = load()
    samples[2000 : 2000 + lasts] = 3.3
    one = found(samples, Bounds(-1e-4, 3.4, 0.22))
    assert (one.count, one.doubts) == (0, lasts)
    assert doubt(one) == pytest.approx(lasts * (3.3 - ACTIVE), rel=1e-3)
    assert f"for {lasts} samples above the 0.22 A that can last" in one.doubt


# --- readings that stand still ---------------------------------------------------------------------------


def test_readings_that_stand_still_are_no_measurement() -> None:
    samples = load()
    samples[1500:1800] = samples[1500]
    one = found(samples)
    assert (one.count, one.index, one.doubts) == (300, 1500, 0)
    assert one.why.endswith("300 times in a row")


def test_a_window_beyond_the_end_of_the_trace_says_nothing_of_scatter() -> None:
    samples = load()
    samples[1500:1800] = samples[1500]
    spans = [WINDOW, Span(LENGTH - 5, LENGTH + 5, 20), Span(LENGTH + 1, LENGTH + 9, 20)]

    def read(start: int, stop: int) -> np.ndarray:
        assert 0 <= start <= stop <= LENGTH
        return samples[start:stop]

    first, *others = find_impossible({"current": (read, FREE)}, LENGTH, PERIOD_S, spans, fake(over_range=[]))
    assert (first.count, [one.count for one in others]) == (300, [0, 0])


def test_a_few_equal_readings_are_chance() -> None:
    samples = load()
    samples[1500:1519] = samples[1500]
    assert found(samples) == Impossible()


def test_where_equal_readings_are_usual_nothing_is_said() -> None:
    assert found(load(noise=0.0)) == Impossible()
    asleep = load()
    asleep[1500:1700] = asleep[2000:2300] = np.float32(2e-6)  # below the resolution
    assert found(asleep) == Impossible()
    coarse = np.round(load(noise=2e-5), 5)
    coarse[1500:1530] = coarse[1500]
    assert found(coarse) == Impossible()
    held = np.repeat(load()[::25], 25)  # read more often than measured
    assert found(held) == Impossible()


def test_a_voltage_may_stand_still_while_the_dut_sleeps() -> None:
    volts = load() * np.float32(1e-3) + np.float32(3.0)  # it falls with the current, whose scatter it has
    volts[: WINDOW.first + 300] = volts[0]
    spans = [WINDOW]
    for signal, count in (("voltage", 0), ("power", 300)):
        read = lambda a, b: volts[a:b]  # noqa: E731
        (one,) = find_impossible({signal: (read, FREE)}, LENGTH, PERIOD_S, spans, fake(over_range=[]))
        assert one.count == count

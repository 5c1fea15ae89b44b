# SPDX-License-Identifier: Apache-2.0
"""Whether the trace repeats as often as inferences are stated, and the structures that only look otherwise."""

import numpy as np
import pytest

from energy_runner.analysis.inferences.repeated import count_by_trace
from energy_runner.analysis.placing.alignment import BY_MONITOR, Alignment, Placed
from energy_runner.session.result import TraceCount
from tests.unit.energy_runner.analysis.inferences.test_window_length import (
    COUNT,
    EACH,
    SOUND,
    STEADY,
    inferences,
    source_of,
)

GAPS = (1234, 1571, 1003)  # samples of nothing before each window, so that no tick keeps step with all of them


def counted(
    window_w: np.ndarray, stated: int, tick_w: float = 0.0, windows: int = 3, late: int = 0
) -> TraceCount | None:
    """Count in windows of one trace, with a tick that goes on through all of it, and starts that are late."""
    power_w = np.concatenate([part for gap in GAPS[:windows] for part in (np.full(gap, 0.01), window_w)])
    power_w = power_w + np.where(np.arange(len(power_w)) % 70 < 9, tick_w, 0.0)
    stops = np.cumsum([gap + len(window_w) for gap in GAPS[:windows]])
    placed: list[Placed | None] = [Placed(float(stop - len(window_w) + late), float(stop), 0.5) for stop in stops]
    return count_by_trace(source_of(power_w), Alignment(BY_MONITOR, placed), [stated] * windows)


def agrees(window_w: np.ndarray, stated: int, **known: float) -> bool | None:
    found = counted(window_w, stated, **known)  # type: ignore[arg-type]
    return None if found is None else found.agrees


@pytest.mark.parametrize("durations", SOUND.values(), ids=SOUND)
@pytest.mark.parametrize("noise", [0.01, 0.3])
def test_what_a_dut_may_do_contradicts_nothing(durations: np.ndarray, noise: float) -> None:
    assert agrees(inferences(durations, noise), COUNT) is not False


def test_steady_inferences_are_as_many_as_stated() -> None:
    found = counted(inferences(STEADY), COUNT)
    assert found is not None
    assert found.agrees is True
    assert (found.windows, found.stated) == (3, COUNT)
    assert found.found == pytest.approx(COUNT, abs=0.05)
    assert found.least < found.found < found.most


@pytest.mark.parametrize("stated", [2 * COUNT, 3 * COUNT, round(1.3 * COUNT), COUNT + 3, COUNT - 4])
def test_another_number_than_stated_is_a_contradiction(stated: int) -> None:
    found = counted(inferences(STEADY), stated)
    assert found is not None
    assert (found.agrees, found.stated, found.note) == (False, stated, "")
    assert found.found == pytest.approx(COUNT, abs=0.05)
    assert not found.least <= found.found <= found.most


def test_one_more_may_be_a_first_inference_that_takes_longer() -> None:
    assert agrees(inferences(STEADY), COUNT - 1) is True


def test_starts_that_are_late_within_what_is_usual_are_counted_elsewhere() -> None:
    assert agrees(inferences(STEADY), COUNT, late=85) is True
    assert agrees(inferences(STEADY), COUNT, late=200) is False


def test_two_equal_halves_are_one_inference_or_not_judged() -> None:
    """As many pulses as two in each inference stated: both are possible, and neither is told."""
    found = counted(inferences(STEADY), COUNT // 2)
    assert found is None or found.agrees is not False


def test_inferences_that_come_in_turns_of_two_kinds_are_not_judged() -> None:
    """The second of each pair is a little higher: the clearest period is that of a pair."""
    alike = np.concatenate([inferences(np.full(1, EACH), 0.001), 1.1 * inferences(np.full(1, EACH), 0.001)])
    window_w = np.tile(alike, COUNT // 2) + np.random.default_rng(3).normal(0, 1e-4, len(alike) * COUNT // 2)
    assert agrees(window_w, COUNT) is not False
    assert agrees(window_w, 2 * COUNT) is False


def test_a_tick_is_not_held_against_the_inferences() -> None:
    flat = 0.03 + np.random.default_rng(2).normal(0, 3e-4, COUNT * int(EACH))
    assert agrees(flat, COUNT, tick_w=0.01) is None
    assert agrees(flat, COUNT) is None
    assert agrees(inferences(STEADY), COUNT, tick_w=0.1) is not False


def test_one_window_alone_contradicts_nothing() -> None:
    assert agrees(inferences(STEADY), 2 * COUNT, windows=1) is None
    assert agrees(inferences(STEADY), COUNT, windows=1) is True


def test_what_is_far_slower_is_no_inference() -> None:
    found = counted(inferences(STEADY), 10 * COUNT)
    assert found is not None
    assert found.agrees is None
    assert "far faster or slower" in found.note


def test_windows_that_are_not_placed_tell_nothing() -> None:
    assert count_by_trace(source_of(np.ones(9)), Alignment(BY_MONITOR, [None]), [5]) is None


def pulses(count: int, period: float, duty: float) -> np.ndarray:
    """Return the power of a window of `count` inferences that begin with more power, with hardly any noise."""
    at = np.arange(int(count * period) + 2)
    noise = np.random.default_rng(1).normal(0, 1e-4, len(at))
    return np.where(at / period % 1 < duty, 0.04, 0.02) + noise


@pytest.mark.parametrize("made", [16, 18, 19])
@pytest.mark.parametrize(("period", "duty"), [(96.99, 0.5), (97.0, 0.93), (61.6, 0.5)])
def test_what_is_left_of_clear_inferences_does_not_stand_for_others_that_were_not_made(
    made: int, period: float, duty: float
) -> None:
    assert agrees(pulses(made, period, duty), 24) is False


def steep(made: int, third_parts: int) -> np.ndarray:
    """Return inferences of `third_parts` thirds of a sample, with steep edges between their layers, as means."""
    fine = np.full(10 * third_parts, 34.2e-3)  # thirtieths of a sample
    for at in (0.1, 0.24, 0.42, 0.6):
        fine[round(at * len(fine)) :][:50] = 36.5e-3
    fine[round(0.92 * len(fine)) :][:50] = 9e-3
    whole = np.tile(fine, made)
    return whole[: len(whole) // 30 * 30].reshape(-1, 30).mean(axis=1)


@pytest.mark.parametrize(("made", "stated"), [(18, 24), (24, 32), (24, 18), (18, 30), (30, 24)])
@pytest.mark.parametrize("third_parts", [130, 131, 128])
def test_edges_that_fall_on_the_same_parts_of_samples_now_and_then_are_nothing_beside_the_inferences(
    made: int, stated: int, third_parts: int
) -> None:
    assert agrees(steep(made, third_parts), stated) is False


@pytest.mark.parametrize("ticks", [16, 18, 32, 36])
@pytest.mark.parametrize("tick_w", [0.02, 0.2])
def test_inferences_as_stated_are_seen_beside_a_clearer_tick_at_a_ratio_of_small_numbers(
    ticks: int, tick_w: float
) -> None:
    window_w = pulses(24, 70 * ticks / 24, 0.5)  # the tick comes every 70 samples
    assert agrees(window_w, 24, tick_w=tick_w) is not False

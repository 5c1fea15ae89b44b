# SPDX-License-Identifier: Apache-2.0
"""Which detections are hits, and which alarms are one: at the limits and a millisecond beyond them."""

import pytest

from energy_runner.published.reproduce.wake_words import WakeWords, count_detections

BEGUN_MS = 500.0  # the first detection marks the start of the run
WORD_S = (10.0, 10.6)


def counted(*after_ms: float, words: list[tuple[float, float]] | None = None) -> WakeWords:
    return count_detections([BEGUN_MS, *(BEGUN_MS + ms for ms in after_ms)], [WORD_S] if words is None else words)


@pytest.mark.parametrize(
    ("at_ms", "hit"), [(9_999.0, False), (10_000.0, True), (10_300.0, True), (12_600.0, True), (12_601.0, False)]
)
def test_a_word_is_found_from_its_beginning_to_two_seconds_after_its_end(at_ms: float, hit: bool) -> None:
    assert counted(at_ms) == WakeWords(int(hit), int(not hit), int(not hit))


@pytest.mark.parametrize(("later_ms", "alarms"), [(1.0, 1), (999.0, 1), (1_000.0, 1), (1_001.0, 2)])
def test_alarms_within_a_second_are_one(later_ms: float, alarms: int) -> None:
    assert counted(30_000.0, 30_000.0 + later_ms) == WakeWords(0, 1, alarms)


def test_a_second_counts_from_the_alarm_that_was_counted() -> None:
    assert counted(30_000.0, 30_600.0, 31_200.0).false_positives == 2


def test_detections_of_a_word_that_was_found_serve_no_other() -> None:
    assert counted(10_100.0, words=[WORD_S, (11.0, 11.5)]) == WakeWords(1, 1, 0)
    assert counted(10_100.0, 13_100.0, words=[WORD_S, (11.0, 11.5)]) == WakeWords(2, 0, 0)
    assert count_detections([], [WORD_S]) == WakeWords(0, 1, 0)

# SPDX-License-Identifier: Apache-2.0
"""Which detections are hits, and which alarms are one: at the limits and a millisecond beyond them."""

from pathlib import Path

import numpy as np
import pytest

from energy_runner.published.model import (
    MLCOMMONS,
    WAKE_WORDS,
    MlcommonsPass,
    Mode,
    PublishedSession,
    Recording,
)
from energy_runner.published.reproduce.wake_words import WakeWords, count_detections, count_wake_words

BEGUN_MS = 500.0  # the first detection marks the start of the run
WORD_S = (10.0, 10.6)


def counted(*after_ms: float, words: list[tuple[float, float]] | None = None) -> WakeWords:
    return count_detections([BEGUN_MS, *(BEGUN_MS + ms for ms in after_ms)], [WORD_S] if words is None else words)


@pytest.mark.parametrize(
    ("at_ms", "hit"), [(9_999.0, False), (10_000.0, True), (10_300.0, True), (12_600.0, True), (12_601.0, False)]
)
def test_a_word_is_found_from_its_beginning_to_two_seconds_after_its_end(at_ms: float, hit: bool) -> None:
    assert counted(at_ms) == WakeWords(int(hit), int(not hit), int(not hit))


@pytest.mark.parametrize(("later_ms", "alarms"), [(0.0, 2), (1.0, 1), (999.0, 1), (1_000.0, 1), (1_001.0, 2)])
def test_alarms_within_a_second_are_one(later_ms: float, alarms: int) -> None:
    assert counted(30_000.0, 30_000.0 + later_ms) == WakeWords(0, 1, alarms)


def test_a_second_counts_from_the_alarm_that_was_counted() -> None:
    assert counted(30_000.0, 30_600.0, 31_200.0).false_positives == 2
    assert counted(30_600.0, 31_200.0, 30_000.0).false_positives == 1
    assert counted(30_600.0, 32_200.0, 30_000.0).false_positives == 2


PASS = MlcommonsPass(1, detections_ms=(0.0, 10_300.0, 30_000.0), words_s=(WORD_S,), at_work_s=((1.0,), (2.0,)))
RECORDING = Recording("made up", 1000.0, np.zeros(3, dtype=np.float32), [], 0, 3)


@pytest.mark.parametrize(
    ("mode", "network", "recording", "known"),
    [
        ("performance", WAKE_WORDS, None, True),
        ("energy", WAKE_WORDS, RECORDING, True),
        ("energy", WAKE_WORDS, None, False),
        ("performance", "kws01", None, False),
        ("energy", "kws01", RECORDING, False),
    ],
)
def test_words_are_counted_in_a_wake_word_run_that_got_so_far(
    mode: Mode, network: str, recording: Recording | None, known: bool
) -> None:
    session = PublishedSession(Path("x"), MLCOMMONS, mode, network, recording=recording, passes=[PASS])
    found = WakeWords(1, 0, 1, ((1.0,), (2.0,)))
    assert count_wake_words(session) == (found if known else None)


def test_a_pass_without_detections_or_without_the_truth_is_passed_over() -> None:
    bare = [MlcommonsPass(1, words_s=(WORD_S,)), MlcommonsPass(1, detections_ms=(0.0,))]
    session = PublishedSession(Path("x"), MLCOMMONS, "performance", WAKE_WORDS, passes=bare)
    assert count_wake_words(session) is None
    session.passes.append(PASS)
    found = count_wake_words(session)
    assert found is not None
    assert (found.true_positives, found.false_negatives, found.false_positives) == (1, 0, 1)


def test_detections_of_a_word_that_was_found_serve_no_other() -> None:
    assert counted(10_100.0, words=[WORD_S, (11.0, 11.5)]) == WakeWords(1, 1, 0)
    assert counted(10_100.0, 13_100.0, words=[WORD_S, (11.0, 11.5)]) == WakeWords(2, 0, 0)
    assert count_detections([], [WORD_S]) == WakeWords(0, 1, 0)

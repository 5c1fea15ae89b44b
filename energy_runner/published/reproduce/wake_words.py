# SPDX-License-Identifier: Apache-2.0
"""Detections of a streaming wake word run against the truth, as the MLCommons runner counts them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from energy_runner.published.model import WAKE_WORDS, PublishedSession


@dataclass(frozen=True)
class WakeWords:
    """Detections of a streaming wake word run against the truth.

    `at_work_s` are the times at which the DUT's processing pin rose, and those at which it fell.
    """

    true_positives: int
    false_negatives: int
    false_positives: int
    at_work_s: tuple[Sequence[float], Sequence[float]] = ((), ())


def count_wake_words(session: PublishedSession) -> WakeWords | None:
    """Return the counts of the first pass that recorded detections; None if there is none.

    An energy session without samples gives None, because its runner stops before it counts.
    """
    if session.benchmark != WAKE_WORDS or (session.mode == "energy" and session.recording is None):
        return None
    for one in session.passes:
        if one.detections_ms and one.words_s is not None:
            return replace(count_detections(one.detections_ms, one.words_s), at_work_s=one.at_work_s)
    return None


def count_detections(detections_ms: Sequence[float], windows_s: Sequence[tuple[float, float]]) -> WakeWords:
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
    while alarms < len(times):  # each that is left silences those within a second after it, wherever they stand
        times = times[~((times > times[alarms]) & (times <= times[alarms] + 1000))]
        alarms += 1
    return WakeWords(hits, len(windows_s) - hits, len(times))

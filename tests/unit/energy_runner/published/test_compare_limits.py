# SPDX-License-Identifier: Apache-2.0
"""Comparisons of published figures on their limits, and the mean power of a wake word run in closed form."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from energy_runner.published.compare import (
    AuditLimits,
    Beyond,
    _beside,
    _differ,
    _mean_power_mw,
    _printed,
    _rates,
    compare,
)
from energy_runner.published.measure import Measured
from energy_runner.published.model import (
    MLCOMMONS,
    WAKE_WORDS,
    Figure,
    Mode,
    MonitorEdge,
    PublishedSession,
    Recording,
)
from energy_runner.rules import DEFAULT, load_rule_set

LIMITS = AuditLimits.of(load_rule_set(DEFAULT))


def session(*figures: Figure, mode: Mode = "energy", **more: object) -> PublishedSession:
    made = PublishedSession(Path("x"), MLCOMMONS, mode, "kws01", figures=list(figures), score_field="Power")
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "other", "differ"),
    [(1.5, 1.0, False), (1.5000001, 1.0, True), (0.5, 1.0, False), (0.4999999, 1.0, True), (None, 1.0, False)],
)
def test_figures_differ_beyond_the_share_that_is_allowed(value: float | None, other: float, differ: bool) -> None:
    assert _differ(value, other, 0.5) is differ
    assert not _differ(value, None, 0.5)
    assert not _differ(value, 0.0, 0.5)


def test_rates_follow_from_counts_and_times_of_the_same_window() -> None:
    figures = [
        *(Figure("Elapsed time", window, "10.0") for window in (0, 1, 3)),
        *(Figure("Inferences", window, text) for window, text in ((0, "100"), (1, "160"), (2, "900"))),
        *(Figure("Other", window, "7") for window in (0, 1, 2, 3)),
    ]
    assert _rates(session(), figures, 0.5) == (10.0, 16.0)
    assert _rates(session(), figures[:1] + figures[3:4], 0.5) is None


def test_rates_on_the_limit_agree() -> None:
    for fastest, rates in (("1.5", None), ("1.5001", (1.0, 1.5001)), ("1.6", (1.0, 1.6))):
        figures = [Figure("Throughput", 1, "1.0"), Figure("Throughput", 2, fastest)]
        assert _rates(session(), figures, 0.5) == rates
        assert _rates(session(*figures), [], 0.5) == rates
    assert _rates(session(Figure("Throughput", 1, "1.0")), [], -1.0) is None


def test_printed_figures_on_their_limits_break_no_rule() -> None:
    figures = [Figure("Runtime", 2 * k, "10.0") for k in range(5)]
    assert _printed(session(*figures), LIMITS) == []
    assert _printed(session(*figures[:4], Figure("Runtime", 8, "9.9")), LIMITS) == [Beyond("Runtime", 9.9, 10.0)]
    assert _printed(session(*figures[:4], mode="accuracy"), LIMITS) == []
    assert _printed(session(*figures[:4]), LIMITS) == [Beyond("windows", 4, 5)]


@pytest.mark.parametrize(("mode", "told"), [("energy", 1.0), ("performance", None)])
def test_only_an_energy_session_is_held_against_performance_mode(mode: Mode, told: float | None) -> None:
    beside = [[Figure("Median throughput", None, "1.0")]]
    assert _beside(session(mode=mode, beside=beside)) == told


# --- wake words -----------------------------------------------------------------------------------------


def recording(*positions: float) -> Recording:
    samples_j = np.arange(1.0, 11.0, dtype=np.float32)
    return Recording("m", 100.0, samples_j, [MonitorEdge(position, 0.5) for position in positions], 0, 1)


@pytest.mark.parametrize(
    ("positions", "samples"),
    [
        ((4.1, 6.6), [6.0, 7.0]),  # from the first whole sample after each edge, by halves
        ((-0.5, 2.5), [1.0, 2.0, 3.0]),
        ((0.0, 4.1, 6.6), [6.0, 7.0]),
        ((4.1,), []),
        ((), []),
        ((4.1, 4.2), []),
    ],
)
def test_the_mean_power_is_that_between_the_last_two_edges(
    positions: tuple[float, ...], samples: list[float]
) -> None:
    power_mw = _mean_power_mw(recording(*positions))
    assert power_mw == (pytest.approx(sum(samples) / len(samples) * 100.0 * 1e3) if samples else None)


@pytest.mark.parametrize(
    ("one", "value", "basis"),
    [(recording(4.1, 6.6), 650_000.0, "measured"), (recording(4.1), 5.0, ""), (None, 5.0, "")],
)
def test_without_two_edges_the_reproduced_power_stands_in(one: Recording | None, value: float, basis: str) -> None:
    words = session(Figure("Power", None, "5.0"), benchmark=WAKE_WORDS, recording=one)
    ours = compare(words, words.figures, Measured(), None, LIMITS).ours
    assert (ours.value, ours.basis) == (pytest.approx(value), basis)


@pytest.mark.parametrize(("count", "mistakes"), [("8", ()), ("9", (Beyond("False positives", 9.0, 8.0),))])
def test_eight_mistakes_are_allowed(count: str, mistakes: tuple[Beyond, ...]) -> None:
    words = session(Figure("False positives", None, count), Figure("Power", None, "1"), benchmark=WAKE_WORDS)
    ours = compare(words, words.figures, Measured(), None, LIMITS).ours
    assert ours.mistakes == mistakes

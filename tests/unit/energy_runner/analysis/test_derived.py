# SPDX-License-Identifier: Apache-2.0
"""Throughput and energy-delay product with their uncertainty: closed forms, coverage of drawn errors, sessions."""

import math
from pathlib import Path

import numpy as np
import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.analysis.derived import Timed, TimedBy, energy_delay_product, throughput
from energy_runner.analysis.placing.clock import HOST_CLOCK_LIMIT
from energy_runner.analysis.uncertainty.combine import median_factor
from energy_runner.session.result import Derived, Score
from tests.support.report_sessions import performance_session
from tests.support.synthetic import Setup, make_run

FIVE = [Timed(100, 10.0, 0.0)] * 5
NO_ERROR = TimedBy()


def found(windows: list[Timed], clock: TimedBy = NO_ERROR) -> Derived:
    figure = throughput(windows, clock)
    assert figure is not None
    return figure


def test_without_any_error_there_is_none() -> None:
    assert (found(FIVE).value, found(FIVE).u, found(FIVE).unit) == (10.0, 0.0, "1/s")
    assert throughput([], TimedBy()) is None


def test_a_clock_counts_in_full_however_many_windows_there_are() -> None:
    for windows in (FIVE, FIVE[:1]):
        limited = found(windows, TimedBy(relative_limit=1e-3))
        assert limited.u == pytest.approx(10.0 * 1e-3 / math.sqrt(3))
        assert pytest.approx(0.0095, rel=1e-3) == limited.U  # rectangular
        normal = found(windows, TimedBy(relative_u=1e-3))
        assert (normal.u, normal.U) == (pytest.approx(0.01), pytest.approx(0.0196))


def test_edges_count_as_much_as_they_move_the_median() -> None:
    windows = [Timed(100, 10.0, 0.02)] * 5
    one = 100 / 10.0**2 * 0.02 / math.sqrt(3) * math.sqrt(2)
    assert found(windows).u == pytest.approx(median_factor(5) * one)


def test_starts_that_are_late_alike_count_in_full_however_many_windows_there_are() -> None:
    for windows in (5, 1):
        late = found([Timed(100, 10.0, 0.0, 0.02)] * windows)
        assert late.u == pytest.approx(100 / 10.0**2 * 0.02 / math.sqrt(3))


def test_scatter_beyond_the_edges_is_repeatability() -> None:
    lengths = [10.0, 10.1, 9.9, 10.05, 9.95]
    scatter = np.std([100 / s for s in lengths], ddof=1)
    assert found([Timed(100, s, 0.0) for s in lengths]).u == pytest.approx(median_factor(5) * scatter)


def test_what_is_not_known_is_named() -> None:
    doubtful = found(FIVE[:1], TimedBy(doubts=("clock of the DUT",)))
    assert doubtful.incomplete == ["clock of the DUT", "repeatability unknown: there is only one window"]


def test_the_interval_covers_drawn_clocks_and_edges() -> None:
    rng = np.random.default_rng(5)
    held, trials, true_s = 0, 400, 10.0
    for _ in range(trials):
        clock = 1 + rng.uniform(-2e-5, 2e-5)
        edges = rng.uniform(-1e-4, 1e-4, (5, 2))
        windows = [Timed(100, clock * true_s + stop - start, 1e-4) for start, stop in edges]
        figure = found(windows, TimedBy(relative_limit=2e-5))
        held += abs(figure.value - 100 / true_s) <= figure.U
    assert 0.93 <= held / trials <= 1.0


def test_the_product_is_energy_times_time_and_adds_relative_uncertainties() -> None:
    score = Score(median=2e-3, u=2e-5, U=4e-5, k=2.0, complete=True)
    rate = Derived(value=50.0, u=0.5, U=1.5, k=3.0, unit="1/s", incomplete=["clock of the DUT"])
    product = energy_delay_product(score, rate)
    assert (product.value, product.unit) == (pytest.approx(4e-5), "J·s")
    assert (product.u, product.U) == (pytest.approx(4e-5 * 0.02), pytest.approx(4e-5 * 0.05))
    assert (product.k, product.incomplete) == (pytest.approx(2.5), ["clock of the DUT"])
    sure = energy_delay_product(
        score.model_copy(update={"u": 0.0, "U": 0.0}), Derived(**{**rate.model_dump(), "u": 0, "U": 0})
    )
    assert (sure.u, sure.U, sure.k) == (0.0, 0.0, 2.0)


def test_an_energy_session_has_both(tmp_path: Path) -> None:
    result = analyze(make_run(Setup()).write(tmp_path / "run"))
    score, rate, product = result.energy_per_inference_j, result.throughput, result.energy_delay_product
    assert score is not None
    assert rate is not None
    assert product is not None
    assert rate.value == result.throughput_per_s
    assert product.value == pytest.approx(score.median / rate.value)
    assert product.U / product.value >= score.U / score.median * (1 - 1e-9)


def test_laps_say_how_well_their_clock_is_known(tmp_path: Path) -> None:
    result = analyze(make_run(Setup(by_laps=True)).write(tmp_path / "run"))
    assert result.throughput is not None
    assert result.alignment is not None
    assert result.throughput.u / result.throughput.value >= (result.alignment.rate_u or 1.0)


def test_a_performance_session_counts_the_duts_clock(tmp_path: Path) -> None:
    result = analyze(performance_session(tmp_path))
    assert result.throughput is not None
    assert result.energy_delay_product is None
    assert result.throughput.value == result.throughput_per_s
    assert result.throughput.u / result.throughput.value >= HOST_CLOCK_LIMIT / math.sqrt(3)

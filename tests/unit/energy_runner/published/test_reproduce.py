"""The arithmetic of the earlier runners, by cases that plain arithmetic would get wrong."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.published.eembc.results import PATTERNS, energy_figures
from energy_runner.published.figures import Figure, compare, last, read_figures
from energy_runner.published.mlcommons.results import performance_figures
from energy_runner.published.reproduce import eembc as original


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.125, 2, "0.13"),  # an exact tie goes up, where Python would go to the even digit
        (2.5, 0, "3"),
        (1.005, 2, "1.00"),  # not a tie: the double lies below
        (85.0, 1, "85.0"),
        (0.0, 3, "0.000"),
        (-0.125, 2, "-0.13"),
        (float("nan"), 2, "NaN"),
        (float("inf"), 2, "Infinity"),
    ],
)
def test_to_fixed_rounds_as_javascript_does(value: float, digits: int, text: str) -> None:
    assert original.to_fixed(value, digits) == text


def test_a_window_follows_the_time_axis_that_is_added_up() -> None:
    # 1/1000 added up 10000 times is above 10, so that sample 9999 is the first at or after 9.999.
    axis = [0.0]
    for _ in range(21_000):
        axis.append(axis[-1] + 1 / 1000)
    stamps = [0.01, 2.878, 14.532]
    first = next(i for i, t in enumerate(axis) if t >= stamps[1])
    beyond = next(i for i, t in enumerate(axis) if t >= stamps[2])
    samples = np.arange(21_000, dtype=np.float32)
    (window,) = original.eembc_windows(samples, 1000.0, stamps, [120])
    assert window.energy_uj == float(sum(range(first, beyond)))
    assert window.for_s == axis[beyond] - axis[first]
    assert window.at_s == axis[first - 1]
    assert window.runtime_s == stamps[2] - stamps[1]
    assert window.number == 2


def test_windows_are_paired_by_order_whatever_the_edges_mean() -> None:
    samples = np.ones(1000, dtype=np.float32)
    lost = [0.01, 0.1, 0.2, 0.4, 0.5, 0.6]  # the start of the second of three is missing
    windows = original.eembc_windows(samples, 1000.0, lost, [10, 10, 10])
    assert [window.number for window in windows] == [2, 4]
    assert windows[1].runtime_s == 0.5 - 0.4


def test_a_window_that_the_trace_does_not_hold_is_left_out() -> None:
    samples = np.ones(100, dtype=np.float32)
    assert original.eembc_windows(samples, 1000.0, [0.0, 0.05, 0.5], [1]) == []
    assert original.eembc_windows(samples, 1000.0, [0.0, math.nan, 0.05], [1]) == []
    assert original.eembc_windows(samples, 1000.0, [0.05], [1]) == []


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=12))
def test_any_timestamps_give_windows_inside_the_trace(stamps: list[float]) -> None:
    for window in original.eembc_windows(np.ones(50, dtype=np.float32), 1000.0, stamps, [3]):
        assert 0 < window.for_s <= 0.051
        assert window.energy_uj >= 1


def test_an_even_number_of_windows_has_the_mean_of_the_two_middle_ones() -> None:
    assert original.middle([4.0, 1.0, 3.0, 2.0]) == 2.5


def test_laps_become_seconds_before_they_are_subtracted() -> None:
    start_us, stop_us = 138_038_819, 150_676_994
    assert original.eembc_runtime_s(start_us, stop_us) == stop_us / 1e6 - start_us / 1e6


def test_the_first_of_equal_outputs_is_the_answer() -> None:
    results = np.array([[0.473, 0.0, 0.473], [0.1, 0.8, 0.1]])
    assert original.top1_percent(results, np.array([0, 1])) == 100.0
    assert original.top1_percent(results, np.array([2, 1])) == 50.0


def test_the_curve_of_101_points_is_not_the_true_one() -> None:
    # Two scores between neighbouring thresholds cannot be told apart: half of the area is lost.
    results = np.array([[0.995, 0.005], [0.991, 0.009]])
    labels = np.array([0, 1])
    assert original.auc_101(results, labels, 2) == pytest.approx(0.5)


def test_the_curve_counts_scores_above_the_threshold_only() -> None:
    results = np.array([[1.0, 0.0], [0.0, 1.0]])
    # At 1.00 nothing is above, at 0.99 everything right: the area is whole.
    assert original.auc_101(results, np.array([0, 1]), 2) == pytest.approx(1.0)


def test_a_class_without_stimuli_has_no_area() -> None:
    assert math.isnan(original.auc_101(np.array([[1.0, 0.0]]), np.array([0]), 2))


def test_anomalies_are_told_by_thresholds_over_the_range_of_errors() -> None:
    errors = np.array([1.0, 2.0, 10.0, 11.0])
    anomalous = np.array([False, False, True, True])
    assert original.anomaly_auc_101(errors, anomalous) == pytest.approx(1.0)
    assert original.anomaly_accuracy_percent(errors, anomalous) == pytest.approx(100.0)
    assert original.anomaly_accuracy_percent(errors, anomalous, 1e-8) < 100.0


def test_the_mlcommons_runner_takes_the_last_two_edges() -> None:
    samples = np.full(100, 2e-6)
    window = original.mlcommons_window(0, samples, [3, 10, 30], 10)
    assert window is not None
    assert window.elapsed_s == 30 / 1000 - 10 / 1000
    assert window.energy_j == pytest.approx(40e-6)
    assert original.mlcommons_window(0, samples, [3], 10) is None


def test_two_outputs_are_judged_by_the_second_one() -> None:
    results = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]])
    assert original.mlcommons_accuracy(results, np.array([0, 1, 1])) == (pytest.approx(200 / 3), 1.0)


def test_a_wake_word_is_found_up_to_two_seconds_after_its_end() -> None:
    words = [(10.0, 11.0), (20.0, 21.0)]
    marks = [500.0, 500 + 12_900.0, 500 + 23_100.0, 500 + 23_900.0, 500 + 24_200.0]
    assert original.wake_words(marks, words) == original.WakeWords(1, 1, 2)


def test_a_requirement_is_said_only_if_it_is_met() -> None:
    figures = performance_figures([(100, 9_999_999), (100, 10_000_000)])
    assert [f.window for f in figures if f.field == "requirement"] == [2]


def test_results_are_read_whatever_stands_around_them() -> None:
    lines = [
        "junk 00098.529 ulp-ml: Energy data for window 2 at time 2.88 for 11.65 sec.:\r",
        "  Energy       :   556281.710 uJ",
        "  Energy/Inf.  :     4635.681 uJ/inf.",
        "Median energy cost is 1.000 uJ/inf.",
        "Median energy cost is 4635.681 uJ/inf.",
        "ulp-ml: Enrgy/Inf : 12 uJ",
    ]
    read = read_figures(lines, PATTERNS)
    assert read.figures[:3] == [
        Figure("at time", 2, "2.88"),
        Figure("for", 2, "11.65"),
        Figure("Energy", 2, "556281.710"),
    ]
    assert last(read.figures, "Median energy cost") == Figure("Median energy cost", None, "4635.681")
    assert read.unknown == ["ulp-ml: Enrgy/Inf : 12 uJ"]


def test_a_single_digit_is_a_difference() -> None:
    windows = original.eembc_windows(np.full(30_000, 45.0, dtype=np.float32), 1000.0, [0.0, 1.0, 12.0], [100])
    figures = energy_figures(windows)
    assert compare(figures, figures).exact
    bent = [Figure(f.field, f.window, f.text[:-1] + "9") if f.field == "Power" else f for f in figures]
    compared = compare(bent, figures)
    assert not compared.exact
    assert compared.equal == compared.compared - 1
    assert "Power of window 2 is published as" in compared.phrases("the trace")[0]

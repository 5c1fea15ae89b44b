# SPDX-License-Identifier: Apache-2.0
"""Phases by peaks: which samples are whose, means that lose no charge, and verdicts."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.analysis.power_test.cases import Measurements
from energy_runner.analysis.power_test.phases import Divided, Phase, TooFewPeaksError, averaged, divide
from energy_runner.analysis.power_test.verdict import judge, remarks
from energy_runner.analysis.recording.figures import Figure
from energy_runner.errors import SessionError


def asked(**changes: Any) -> Measurements:
    keys = {
        "elements_to_trim": 10,
        "min_peak_distance": 20,
        "min_peak_height": 0.5,
        "peak_padding": 5,
        "measurement_duration": 1,
        "num_of_transitions": 2,
        "expected_rms_values": [10.0, 20.0, 30.0],
        "tolerance_percentage": 10,
    }
    return Measurements.model_validate(keys | changes)


def with_peaks(*places: int, length: int = 200, height: float = 1.0) -> "np.ndarray[Any, Any]":
    current = np.full(length, 0.1)
    current[list(places)] = height
    return current


def test_the_first_peaks_divide_and_paddings_belong_to_no_phase() -> None:
    spans, peaks, found = divide(with_peaks(60, 120, 180), asked())
    assert (peaks, found) == ([60, 120], 3)
    assert spans == [(15, 55), (65, 115), (125, 195)]


def test_what_is_trimmed_too_low_or_too_close_is_no_peak() -> None:
    current = with_peaks(5, 60, 70, 120)
    current[70], current[90] = 0.9, 0.4  # lower than its neighbour, and below the least height
    assert divide(current, asked())[1] == [60, 120]


def test_without_transitions_all_is_one_phase() -> None:
    assert divide(with_peaks(60), asked(num_of_transitions=0))[0] == [(15, 195)]


@pytest.mark.parametrize(
    ("current", "changes", "error", "words"),
    [
        (with_peaks(60), {}, TooFewPeaksError, "1 peaks of at least 0.5 A, and the case 2 transitions"),
        (with_peaks(60, 81), {"peak_padding": 10}, SessionError, "phase 2 has 1 samples"),
        (with_peaks(60, length=100), {"elements_to_trim": 99}, SessionError, "elements_to_trim"),
        (np.full(200, math.nan), {}, TooFewPeaksError, "0 peaks"),
    ],
)
def test_what_cannot_be_divided_says_why(current: Any, changes: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        divide(current, asked(**changes))


@given(st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=300), st.floats(1.0, 30.0))
def test_means_lose_no_charge(samples: list[float], each: float) -> None:
    given_a = np.array(samples)
    means = averaged(given_a, each)
    covered = len(means) * each
    whole = np.interp(covered, np.arange(len(given_a) + 1), np.concatenate(([0.0], np.cumsum(given_a))))
    assert float(np.sum(means)) * each == pytest.approx(float(whole), abs=1e-9)
    assert len(given_a) - covered < each + 1e-6
    if len(means):
        assert given_a.min() - 1e-9 <= means.min() <= means.max() <= given_a.max() + 1e-9


def test_means_of_whole_numbers_are_those_of_blocks() -> None:
    samples = np.random.default_rng(1).normal(size=1003)
    assert averaged(samples, 10.0) == pytest.approx(samples[:1000].reshape(100, 10).mean(axis=1))
    samples[55] = math.nan
    assert list(np.flatnonzero(np.isnan(averaged(samples, 10.0)))) == [5]


def divided(*values_ma: float, expanded_ma: float = 0.1) -> Divided:
    phases = tuple(
        Phase(number, 0, 10, 0.0, 1.0, Figure(value * 1e-3, expanded_ma * 5e-4, expanded_ma * 1e-3, 2.0, "A"))
        for number, value in enumerate(values_ma, start=1)
    )
    return Divided(phases, (), 2, 1000.0)


def test_only_what_is_beyond_the_uncertainty_is_outside() -> None:
    found = judge(divided(10.85, 22.05, 33.15), asked())
    assert [one.verdict for one in found] == ["within", "cannot be told", "outside"]
    found = judge(divided(8.85, 18.05, 26.85), asked())
    assert [one.verdict for one in found] == ["outside", "cannot be told", "outside"]
    assert str(found[0]) == "phase 1: 8.85 ± 0.10 mA RMS, expected 10 mA (9 to 11 mA): outside"


def test_phases_and_expectations_that_do_not_match_are_said() -> None:
    few = asked(expected_rms_values=[10.0])
    found = judge(divided(10.0, 20.0, 30.0), few)
    assert [one.verdict for one in found] == ["within", "not judged", "not judged"]
    assert any("3 phases" in text for text in remarks(found, divided(10.0, 20.0, 30.0), few, "mA"))


def test_tenths_of_a_milliampere_are_recognised() -> None:
    tenth = divided(1.0, 2.0, 3.0, expanded_ma=0.01)
    found = judge(tenth, asked())
    assert {one.verdict for one in found} == {"outside"}
    assert any("Try: the unit 0.1mA" in text for text in remarks(found, tenth, asked(), "mA"))
    assert {one.verdict for one in judge(tenth, asked(), "0.1mA")} == {"within"}
    other = divided(1.0, 2.0, 4.0, expanded_ma=0.01)
    assert not any("0.1mA" in text for text in remarks(judge(other, asked()), other, asked(), "mA"))

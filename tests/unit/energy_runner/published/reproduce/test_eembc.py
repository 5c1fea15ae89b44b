# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of the EEMBC runner, by cases that plain arithmetic would get wrong."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.published.model import EEMBC, EembcTrace, Figure, InferCommand, PublishedSession
from energy_runner.published.reproduce.eembc_printed import (
    REQUIREMENT_FAILED,
    REQUIREMENT_MET,
    throughput_figures,
    to_fixed,
)
from energy_runner.published.reproduce.eembc_windows import cut_windows, energy_windows
from energy_runner.published.reproduce.session import reproduce


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
        (float("-inf"), 2, "-Infinity"),
    ],
)
def test_to_fixed_rounds_as_javascript_does(value: float, digits: int, text: str) -> None:
    assert to_fixed(value, digits) == text


def test_a_window_follows_the_time_axis_that_is_added_up() -> None:
    # 1/1000 added up 10000 times is above 10, so that sample 9999 is the first at or after 9.999.
    axis = [0.0]
    for _ in range(21_000):
        axis.append(axis[-1] + 1 / 1000)
    stamps = [0.01, 2.878, 14.532]
    first = next(i for i, t in enumerate(axis) if t >= stamps[1])
    beyond = next(i for i, t in enumerate(axis) if t >= stamps[2])
    samples = np.arange(21_000, dtype=np.float32)
    (window,) = cut_windows(samples, 1000.0, stamps, [120])
    assert window.energy_uj == float(sum(range(first, beyond)))
    assert window.for_s == axis[beyond] - axis[first]
    assert window.at_s == axis[first - 1]
    assert window.runtime_s == stamps[2] - stamps[1]
    assert window.number == 2


def test_windows_are_paired_by_order_whatever_the_edges_mean() -> None:
    samples = np.ones(1000, dtype=np.float32)
    lost = [0.01, 0.1, 0.2, 0.4, 0.5, 0.6]  # the start of the second of three is missing
    windows = cut_windows(samples, 1000.0, lost, [10, 10, 10])
    assert [window.number for window in windows] == [2, 4]
    assert windows[1].runtime_s == 0.5 - 0.4


def test_a_window_that_the_trace_does_not_hold_is_left_out() -> None:
    samples = np.ones(100, dtype=np.float32)
    assert cut_windows(samples, 1000.0, [0.0, 0.05, 0.5], [1]) == []
    for odd in (math.nan, math.inf, -math.inf):
        assert cut_windows(samples, 1000.0, [0.0, odd, 0.05], [1]) == []
        assert cut_windows(samples, 1000.0, [0.0, 0.05, odd], [1]) == []
        assert cut_windows(samples, 1000.0, [0.0, odd, odd], [1]) == []
    assert cut_windows(samples, 1000.0, [0.05], [1]) == []


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=12))
def test_any_timestamps_give_windows_inside_the_trace(stamps: list[float]) -> None:
    for window in cut_windows(np.ones(50, dtype=np.float32), 1000.0, stamps, [3]):
        assert 0 < window.for_s <= 0.051
        assert window.energy_uj >= 1


def test_an_even_number_of_windows_has_the_mean_of_the_two_middle_ones() -> None:
    figures = throughput_figures([(number, 10, 10 / rate) for number, rate in enumerate((4.0, 1.0, 3.0, 2.0))])
    assert figures[-1] == Figure("Median throughput", None, "2.500")


@pytest.mark.parametrize(
    ("inferences", "runtime_s", "met"),
    [(10, 10.0, True), (10, 9.999, False), (9, 10.0, False), (11, 10.001, True), (9, 9.999, False)],
)
def test_ten_seconds_and_ten_inferences_are_required(inferences: int, runtime_s: float, met: bool) -> None:
    texts = {figure.field: figure.text for figure in throughput_figures([(2, inferences, runtime_s)])}
    assert texts["requirement"] == (REQUIREMENT_MET if met else REQUIREMENT_FAILED)


def test_without_commands_the_published_inferences_count() -> None:
    trace = EembcTrace(np.ones(1000, dtype=np.float32), 1000.0, [0.01, 0.1, 0.2, 0.4, 0.5])
    published = [Figure("Power", 2, "7"), Figure("# Inferences", 2, "5"), Figure("# Inferences", 4, "4")]
    session = PublishedSession(Path("x"), EEMBC, "energy", "kws01", figures=published, trace=trace)
    assert [window.inferences for window in energy_windows(session)] == [5, 4]
    session.commands.append(InferCommand("a.bin", 0, 490, 120, 1, sent_ms=0))
    assert [window.inferences for window in energy_windows(session)] == [120, 120]
    assert energy_windows(replace(session, trace=replace(trace, timestamps_s=[]))) == []


def test_laps_become_seconds_before_they_are_subtracted() -> None:
    start_us, stop_us = 138_038_819, 150_676_994
    command = InferCommand("a.bin", 0, 490, 120, 1, sent_ms=0, laps_us=[start_us, stop_us])
    session = PublishedSession(Path("x"), EEMBC, "performance", "kws01", commands=[command])
    texts = {figure.field: figure.text for figure in reproduce(session)}
    assert texts["Runtime"] == f"{stop_us / 1e6 - start_us / 1e6:.3f}"
    assert texts["Throughput"] == f"{120 / (stop_us / 1e6 - start_us / 1e6):.3f}"


@pytest.mark.parametrize("mode", ["energy", "performance", "accuracy"])
def test_without_data_nothing_is_reproduced(mode: str) -> None:
    assert reproduce(PublishedSession(Path("x"), EEMBC, mode, "kws01")) == []  # type: ignore[arg-type]

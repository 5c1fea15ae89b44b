# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of the MLCommons runner, by cases that plain arithmetic would get wrong."""

from pathlib import Path

import numpy as np
import pytest

from energy_runner.published.model import MLCOMMONS, WAKE_WORDS, MlcommonsPass, PublishedSession
from energy_runner.published.reproduce.mlcommons_printed import Computed, performance_figures, print_figures
from energy_runner.published.reproduce.mlcommons_windows import cut_window
from energy_runner.published.reproduce.session import reproduce
from energy_runner.published.reproduce.wake_words import WakeWords, count_detections


def test_the_mlcommons_runner_takes_the_last_two_edges() -> None:
    samples = np.full(100, 2e-6)
    window = cut_window(0, samples, [3, 10, 30], 10)
    assert window is not None
    assert window.elapsed_s == 30 / 1000 - 10 / 1000
    assert window.energy_j == pytest.approx(40e-6)
    assert cut_window(0, samples, [3], 10) is None


def test_a_wake_word_is_found_up_to_two_seconds_after_its_end() -> None:
    words = [(10.0, 11.0), (20.0, 21.0)]
    marks = [500.0, 500 + 12_900.0, 500 + 23_100.0, 500 + 23_900.0, 500 + 24_200.0]
    assert count_detections(marks, words) == WakeWords(1, 1, 2)


def test_a_requirement_is_said_only_if_it_is_met() -> None:
    figures = performance_figures([(100, 9_999_999), (100, 10_000_000)])
    assert [f.window for f in figures if f.field == "requirement"] == [2]


def test_a_run_that_an_error_stopped_has_no_median() -> None:
    assert print_figures(Computed(runtimes=[(100, 10_000_000)]))[-1].field == "Median throughput"
    passes = [MlcommonsPass(100, elapsed_us=11_000_000)]
    whole = PublishedSession(Path("x"), MLCOMMONS, "performance", "kws01", passes=passes)
    stopped = PublishedSession(Path("x"), MLCOMMONS, "performance", "kws01", passes=passes, errors=["boom"])
    assert [figure.field for figure in reproduce(whole)][-1] == "Median throughput"
    assert "Median throughput" not in [figure.field for figure in reproduce(stopped)]


def test_the_first_pass_with_detections_counts() -> None:
    words = ((10.0, 11.0),)
    passes = [MlcommonsPass(1), MlcommonsPass(1, detections_ms=(0.0, 10_500.0), words_s=words)]
    passes.append(MlcommonsPass(1, detections_ms=(0.0,), words_s=words))
    session = PublishedSession(Path("x"), MLCOMMONS, "performance", WAKE_WORDS, passes=passes)
    assert [(figure.field, figure.text) for figure in reproduce(session)] == [
        ("True positives", "1"),
        ("False negatives", "0"),
        ("False positives", "0"),
    ]


@pytest.mark.parametrize("network", ["kws01", WAKE_WORDS])
@pytest.mark.parametrize("mode", ["energy", "performance", "accuracy"])
def test_without_data_nothing_is_reproduced(mode: str, network: str) -> None:
    assert reproduce(PublishedSession(Path("x"), MLCOMMONS, mode, network)) == []  # type: ignore[arg-type]

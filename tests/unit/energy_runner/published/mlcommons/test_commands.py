# SPDX-License-Identifier: Apache-2.0
"""Commands of the MLCommons runner, their times by the log or by the samples, and figures as it prints them."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.published.mlcommons.commands import Commands, make_commands
from energy_runner.published.mlcommons.document import Document, Pass
from energy_runner.published.mlcommons.log import Loading, MlcommonsLog
from energy_runner.published.model import MLCOMMONS, WAKE_WORDS, MlcommonsPass, PublishedSession
from energy_runner.published.reproduce.eembc_printed import to_fixed
from energy_runner.published.reproduce.mlcommons_printed import performance_figures, wake_word_figures
from energy_runner.published.reproduce.mlcommons_windows import cut_window, runtimes
from energy_runner.published.reproduce.wake_words import WakeWords


def document(*passes: dict[str, Any]) -> Document:
    read = [Pass.model_validate({"infer": {"iterations": 5}} | one) for one in passes]
    return Document(read, [(one, one.infer) for one in read if one.infer is not None])


def made(passes: Document, log: MlcommonsLog, mode: str = "accuracy", name: str | None = "ad01") -> Commands:
    definition = None if name is None else load_benchmark(name)
    identity: Any = SimpleNamespace(mode=mode, definition=definition)
    return make_commands(passes, log, identity)


def loading(begun_ms: int, done_ms: int | None = None) -> Loading:
    return Loading("f", 0, begun_ms, done_ms)


# --- commands -------------------------------------------------------------------------------------------


def test_the_segments_of_a_file_follow_each_other_by_the_stride() -> None:
    passes = document({"file": "a"}, {"file": "b"}, {"file": "a"}, {"file": "a", "stride": 7})
    stride = load_benchmark("ad01").stride_bytes
    assert stride
    assert [one.offset for one in made(passes, MlcommonsLog()).commands] == [0, 0, stride, 14]
    assert [one.offset for one in made(passes, MlcommonsLog(), "energy").commands] == [0, 0, 0, 0]
    assert [one.offset for one in made(passes, MlcommonsLog(), name=None).commands] == [0, 0, 0, 14]
    sized = made(document({"bytes_to_send": 9}, {}), MlcommonsLog())
    assert [one.size for one in sized.commands] == [9, load_benchmark("ad01").input_bytes]
    assert made(document({}), MlcommonsLog(), name=None).commands[0].size is None


def test_laps_are_those_that_the_dut_told() -> None:
    passes = document(
        {"infer": {"iterations": 5, "start_time": 3, "end_time": 8, "warmups": 2, "results": [1.0]}, "class": 4},
        {"infer": {"iterations": 5, "end_time": 8}},
    )
    first, second = made(passes, MlcommonsLog(), "performance", "kws01").commands
    assert (first.laps_us, first.warmups, first.results, first.label) == ([3, 8], 2, [1.0], 4)
    assert (second.laps_us, second.label) == ([8], None)


def test_a_command_lasts_from_its_loading_to_the_next_one_and_a_second() -> None:
    log = MlcommonsLog(
        loadings=[loading(1_000, 2_000), loading(9_000), loading(20_000, 21_000)], last_ms=35_000, complete=True
    )
    found = made(document({}, {}, {}), log)
    assert found.timed
    assert [(one.load_begun_ms, one.sent_ms, one.end_ms) for one in found.commands] == [
        (1_000, 2_000, 10_000),
        (9_000, 9_000, 21_000),
        (20_000, 21_000, 36_000),
    ]
    assert [one.finished_ms for one in found.commands] == [10_000, 21_000, 36_000]
    assert found.ended_ms == 36_000


@pytest.mark.parametrize(
    ("last_ms", "samples", "end_ms"),
    [(None, 0, 22_000), (20_000, 0, 22_000), (30_000, 0, 31_000), (21_500, 3_000, 24_000)],
)
def test_the_last_command_ends_with_the_log_or_with_its_samples(
    last_ms: int | None, samples: int, end_ms: int
) -> None:
    power = {"samples": [0.0] * samples, "timestamps": []}
    log = MlcommonsLog(
        loadings=[loading(0, 1_000), loading(10_000, 11_000), loading(20_000, 21_000)], last_ms=last_ms
    )
    long = {"power": {"samples": [0.0] * 90_000, "timestamps": []}}
    found = made(document({}, long, {"power": power} if samples else {}), log)
    assert found.commands[-1].end_ms == end_ms
    assert found.ended_ms is None


def test_a_last_command_of_which_nothing_more_is_known_lasts_a_second() -> None:
    found = made(document({}), MlcommonsLog(loadings=[loading(20_000)]))
    assert [(one.sent_ms, one.end_ms) for one in found.commands] == [(20_000, 21_000)]


@pytest.mark.parametrize(
    ("loadings", "timed"),
    [
        ([loading(0, 1_000), loading(1_000)], True),
        ([loading(0, 1_001), loading(1_000)], False),
        ([loading(0, 5_000), loading(1_000), loading(9_000)], False),
        ([loading(0, 1_000)], False),
        ([], False),
        ([loading(0), loading(1_000), loading(2_000)], False),
    ],
)
def test_a_log_that_does_not_fit_the_passes_dates_nothing(loadings: list[Loading], timed: bool) -> None:
    powers = [{"power": {"samples": [0.0] * count, "timestamps": []}} for count in (10, 20)]
    found = made(document(*powers), MlcommonsLog(loadings=loadings))
    assert found.timed is timed
    if not timed:
        assert [(one.sent_ms, one.end_ms, one.load_begun_ms) for one in found.commands] == [
            (0, 10, None),
            (11, 31, None),
        ]
        bare = made(document({}, {}), MlcommonsLog(loadings=loadings))
        assert [(one.sent_ms, one.end_ms) for one in bare.commands] == [(0, 0), (1, 1)]


def test_a_session_without_commands_ends_with_its_log() -> None:
    assert made(document(), MlcommonsLog(last_ms=7, complete=True)).ended_ms == 7
    assert made(document(), MlcommonsLog(last_ms=7)).ended_ms is None


# --- figures --------------------------------------------------------------------------------------------


def test_throughput_is_printed_as_a_whole_float() -> None:
    figures = {
        (one.field, one.window): one.text
        for one in performance_figures([(30, 12_000_000), (5, 9_999_999), (1, 0)])
    }
    (_, _, fastest, *_) = performance_figures([(3, 1)])
    assert (fastest.field, fastest.text) == ("Throughput", "3000000.0")
    assert figures["Throughput", 1] == "2.5"
    assert figures["Runtime", 1] == "12.0"
    assert ("requirement", 1) in figures
    assert ("requirement", 2) not in figures
    assert figures["Throughput", 2] == str(5 / 9.999999)
    assert (figures["Throughput", 3], figures["Median throughput", None]) == ("0.0", "0.500")
    assert ("requirement", 1) in {(one.field, one.window) for one in performance_figures([(1, 10_000_000)])}
    assert performance_figures([]) == []


@pytest.mark.parametrize(
    ("starts", "stops", "printed"),
    [
        ((0.0, 2.0), (0.5, 2.5), ["0.25", "2.0", "2.0"]),
        ((0.0,), (0.5,), []),
        ((0.0, 2.0), (0.5,), []),
        ((0.0, 2.0), (0.0, 2.0), []),
        ((2.0, 0.0), (2.5, 0.5), []),
        ((0.0, 0.0), (0.5, 0.5), []),
        ((), (), []),
    ],
)
def test_a_duty_cycle_needs_two_periods_of_work(
    starts: tuple[float, ...], stops: tuple[float, ...], printed: list[str]
) -> None:
    figures = wake_word_figures(WakeWords(3, 2, 1, (starts, stops)))
    assert [one.text for one in figures] == ["3", "2", "1", *printed]


@pytest.mark.parametrize(
    ("edges", "energy_j", "elapsed_s"),
    [
        ((0, 2), 3.0, 0.002),
        ((1, 1), 0.0, 0.0),
        ((9, 1, 3), 5.0, 0.002),
        ((3, 1), None, -0.002),
        ((-1, 2), None, 0.003),
    ],
)
def test_a_window_lies_between_the_last_two_edges(
    edges: tuple[int, ...], energy_j: float | None, elapsed_s: float
) -> None:
    window = cut_window(4, np.array([1.0, 2.0, 3.0, 4.0]), edges, 5)
    assert window is not None
    assert window.elapsed_s == pytest.approx(elapsed_s)
    assert window.energy_j == pytest.approx(energy_j if energy_j is not None else np.nan, nan_ok=True)
    assert cut_window(4, np.array([1.0]), (1,), 5) is None


def test_runtimes_are_those_of_performance_sessions() -> None:
    passes = [MlcommonsPass(5, 7), MlcommonsPass(6)]
    for mode, name, found in (
        ("performance", "kws01", [(5, 7), (6, 0)]),
        ("energy", "kws01", []),
        ("performance", WAKE_WORDS, []),
    ):
        session = PublishedSession(Path("x"), MLCOMMONS, mode, name, passes=passes)  # type: ignore[arg-type]
        assert runtimes(session) == found


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.125, 2, "0.13"),
        (-0.125, 2, "-0.13"),
        (1.0, 0, "1"),
        (0.0, 3, "0.000"),
        (float("nan"), 1, "NaN"),
        (float("inf"), 1, "Infinity"),
        (-float("inf"), 1, "-Infinity"),
        (9e20, 1, "900000000000000000000.0"),
        (1e21, 1, "1e+21"),
        (-1e21, 1, "-1e+21"),
    ],
)
def test_numbers_are_printed_as_by_to_fixed(value: float, digits: int, text: str) -> None:
    assert to_fixed(value, digits) == text

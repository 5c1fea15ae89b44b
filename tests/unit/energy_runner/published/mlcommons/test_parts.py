# SPDX-License-Identifier: Apache-2.0
"""Answers, identity and oddities of a session of the MLCommons runner, part by part."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.errors import SessionError
from energy_runner.published.discover import Found
from energy_runner.published.mlcommons.answers import read_answers
from energy_runner.published.mlcommons.checks import _check_against_log, _check_laps
from energy_runner.published.mlcommons.document import Document, Infer, Pass
from energy_runner.published.mlcommons.identity import identify
from energy_runner.published.mlcommons.log import MlcommonsLog, read_log
from energy_runner.published.mlcommons.results import MlcommonsResults
from energy_runner.published.model import WAKE_WORDS, Figure, InferCommand

KWS = load_benchmark("kws01")


def command(file: str, results: list[float], label: int | None = 1) -> InferCommand:
    return InferCommand(file, 0, None, 1, None, 0, results=results, label=label)


# --- answers --------------------------------------------------------------------------------------------


def test_several_outputs_are_scaled_to_one_and_averaged_over_a_file() -> None:
    read = read_answers([command("a", [1.0, 3.0]), command("b", [2.0, 2.0], 0), command("a", [3.0, 1.0])], KWS)
    assert read.answers is not None
    assert read.answers.outputs.tolist() == [[0.5, 0.5], [0.5, 0.5]]
    assert read.answers.labels.tolist() == [1, 0]
    assert (read.labels_from, read.notes) == ("results.json", ())


def test_a_single_output_is_taken_as_it_is() -> None:
    read = read_answers([command("a", [4.0]), command("a", [6.0])], KWS)
    assert read.answers is not None
    assert read.answers.outputs.tolist() == [[5.0]]


@pytest.mark.parametrize(
    ("commands", "detail"),
    [
        ([command("a", [1.0]), command("b", [1.0], None)], "no answer or no class for 'b'"),
        ([command("a", [1.0]), command("c", [])], "no answer or no class for 'c'"),
        ([command("a", [1.0]), command("b", [1.0, 2.0])], "answers of different lengths, so nothing can be"),
        ([command("a", [1.0, -1.0])], "1 of 1 answers are not numbers, so nothing can be"),
        ([command("a", [math.inf])], "1 of 1 answers are not numbers, so nothing can be"),
    ],
)
def test_answers_that_give_no_figures_say_why(commands: list[InferCommand], detail: str) -> None:
    read = read_answers(commands, KWS)
    assert read.answers is None
    (note,) = read.notes
    assert (note.id, note.wrong) == ("answers-not-numbers" if "numbers," in detail else "answers-missing", True)
    assert note.detail.startswith(detail)


def test_without_answers_or_without_a_benchmark_of_ours_there_is_nothing_to_say() -> None:
    for read in (read_answers([], KWS), read_answers([command("a", [1.0])], None)):
        assert (read.answers, read.notes, read.labels_from) == (None, (), "")


# --- identity -------------------------------------------------------------------------------------------


def results(*names: str, **more: Any) -> MlcommonsResults:
    figures = [Figure(name, None, "1") for name in names]
    return MlcommonsResults(**({"figures": figures, "errors": [], "unknown": [], "in_log": []} | more))


def found(mode: str | None = None, benchmark: str | None = None) -> Found:
    return Found(Path("x"), Path("x"), "x", mode=mode, benchmark=benchmark)


def document(*passes: dict[str, Any], errors: tuple[str, ...] = ()) -> Document:
    read = [Pass.model_validate(one) for one in passes]
    return Document(read, [(one, one.infer) for one in read if one.infer is not None], list(errors))


@pytest.mark.parametrize(
    ("stated", "printed", "folder", "mode", "score"),
    [
        ("e", "Median throughput", "accuracy", "energy", ("Median energy cost", "uJ/inf.")),
        ("p", "Median energy cost", None, "performance", ("Median throughput", "inf./sec.")),
        ("", "Median throughput", "energy", "performance", ("Median throughput", "inf./sec.")),
        ("", "Top 1%", None, "accuracy", ("Top 1%", "%")),
        ("x", "Power", "energy", "energy", ("Median energy cost", "uJ/inf.")),
        ("", "Power", "accuracy", "accuracy", ("Top 1%", "%")),
    ],
)
def test_the_mode_is_the_one_stated_then_the_one_printed_then_the_folders(
    stated: str, printed: str, folder: str | None, mode: str, score: tuple[str, str]
) -> None:
    log = MlcommonsLog(model="kws01")
    identity = identify(found(folder), document({"mode": stated}), log, results(printed), [])
    assert (identity.mode, identity.score_field, identity.unit) == (mode, *score)
    assert identity.benchmark == "kws01"
    assert identity.definition is not None


def test_the_benchmark_is_the_duts_word_then_what_it_detected_then_the_folders() -> None:
    words = {"mode": "e", "infer": {"iterations": 1, "detections": [1.0]}}
    plain = {"mode": "e", "infer": {"iterations": 1}}
    for log, passes, folder, benchmark in (
        (MlcommonsLog(model="ic01"), [words], "kws01", "ic01"),
        (MlcommonsLog(), [plain, words], "kws01", WAKE_WORDS),
        (MlcommonsLog(), [plain], "kws01", "kws01"),
        (MlcommonsLog(), [plain], "odd01", "odd01"),
    ):
        assert identify(found(None, folder), document(*passes), log, results(), []).benchmark == benchmark
    of_words = identify(found(), document(words), MlcommonsLog(), results(), [])
    assert (of_words.score_field, of_words.unit, of_words.definition) == ("Power", "mW", None)
    timed = identify(found(), document(words | {"mode": "p"}), MlcommonsLog(), results(), [])
    assert (timed.score_field, timed.unit) == ("Estimated throughput", "inf./sec.")
    anomalies = identify(found("accuracy", "ad01"), document({"mode": "a"}), MlcommonsLog(), results(), [])
    assert (anomalies.score_field, anomalies.unit) == ("AUC", "AUC")


@pytest.mark.parametrize(
    ("mode", "filed", "printed", "refusals", "why"),
    [
        (None, "kws01", (), [], "neither its files nor its folders tell the benchmark and the mode"),
        ("energy", None, ("Power",), [], "neither its files nor its folders tell the benchmark and the mode"),
        ("energy", "kws01", (), ["log.txt: is empty", "b"], "no session can be read: log.txt: is empty; b"),
    ],
)
def test_a_session_that_cannot_be_identified_says_why(
    mode: str | None, filed: str | None, printed: tuple[str, ...], refusals: list[str], why: str
) -> None:
    with pytest.raises(SessionError) as refused:
        identify(found(mode, filed), Document(), MlcommonsLog(), results(*printed), refusals)
    assert str(refused.value).endswith(why)


# --- oddities -------------------------------------------------------------------------------------------


def timed(start: int | None, end: int | None, elapsed: int | None) -> dict[str, Any]:
    return {"infer": {"iterations": 1, "start_time": start, "end_time": end, "elapsed_time": elapsed}}


def test_windows_without_two_laps_or_with_another_duration_are_told() -> None:
    read = document(
        timed(10, 30, 20), timed(None, 30, 20), timed(10, None, 20), timed(10, 30, 40), errors=("a" * 80, "b", "c")
    )
    assert [(note.id, note.detail) for note in _check_laps(read)] == [
        ("laps-missing", "window 2 has no two laps of the DUT's clock"),
        ("laps-missing", "window 3 has no two laps of the DUT's clock"),
        ("laps-differ", "window 4: its elapsed time is not the difference of its laps"),
        ("error-published", f"results.json tells of {'a' * 60!r}"),
        ("error-published", "results.json tells of 'b'"),
    ]


def test_results_that_differ_from_the_log_are_of_another_run() -> None:
    same, other = Figure("Median throughput", None, "1.0"), Figure("Top 1%", 2, "90.0")
    assert list(_check_against_log(results(figures=[same, other], in_log=[same, other]))) == []
    bent = Figure("Top 1%", 2, "91.0")
    (note,) = _check_against_log(results(figures=[same, bent], in_log=[same, other]))
    assert note.detail.endswith("Top 1% of window 2 is published as 91.0, reproduced as 90.0")
    slow = Figure("Median throughput", None, "2.0")
    (note,) = _check_against_log(results(figures=[slow, bent], in_log=[same, other]))
    assert note.detail.endswith("Median throughput is published as 2.0, reproduced as 1.0, and 1 more")
    odd = Figure("Power", 1, "3")
    assert list(_check_against_log(results(figures=[odd], in_log=[Figure("Power", 1, "4")]))) == []


def test_of_many_lines_about_lost_samples_the_first_twenty_are_kept() -> None:
    line = "expected 10, but we have 9 " + "x" * 300
    log = read_log([line.encode()] * 25)
    assert log.lost == [line[:200]] * 20


def test_a_pass_without_numbers_keeps_its_place() -> None:
    read = read_answers([command("b", [0.0, 4.0]), command("a", [4.0, 0.0], 0)], KWS)
    assert read.answers is not None
    np.testing.assert_array_equal(read.answers.outputs, [[0.0, 1.0], [1.0, 0.0]])
    assert Infer(iterations=0).results == []

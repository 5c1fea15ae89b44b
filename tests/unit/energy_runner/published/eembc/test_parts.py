# SPDX-License-Identifier: Apache-2.0
"""Answers, labels, identity and oddities of a session of the EEMBC runner, part by part."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.errors import SessionError
from energy_runner.published.discover import Found
from energy_runner.published.eembc.answers import ReadAnswers, read_answers
from energy_runner.published.eembc.checks import _check_commands, _check_log, _check_results
from energy_runner.published.eembc.identity import identify
from energy_runner.published.eembc.labels import labels_of
from energy_runner.published.eembc.log import EembcLog, read_log
from energy_runner.published.model import EEMBC, Answers, Figure, InferCommand, Mode, PublishedSession
from energy_runner.published.reproduce.accuracy import eembc_accuracy


def command(file: str = "a", inferences: int = 1, **more: Any) -> InferCommand:
    return InferCommand(file, 0, None, inferences, more.pop("warmups", None), 0, **more)


# --- answers --------------------------------------------------------------------------------------------


def test_an_anomaly_is_judged_by_the_mean_of_its_windows() -> None:
    commands = [
        command("b", results=[4.0], label=1),
        command("a", results=[1.0], label=0),
        command("b", results=[8.0], label=1),
    ]
    answers = read_answers(commands, load_benchmark("ad01")).answers
    assert answers is not None
    assert answers.outputs.tolist() == [[6.0], [1.0]]
    assert answers.labels.tolist() == [1, 0]
    single = read_answers([command("a", results=[4.0], label=1)], load_benchmark("ad01")).answers
    assert single is not None
    assert (single.outputs.tolist(), single.labels.tolist()) == ([[4.0]], [1])
    several = read_answers([command("a", results=[4.0, 9.0], label=1)], load_benchmark("ad01")).answers
    assert several is not None
    assert several.outputs.tolist() == [[4.0]]
    assert read_answers([], load_benchmark("ad01")) == ReadAnswers()
    whole = read_answers([command(results=[0.25, 0.75], label=3)], load_benchmark("kws01")).answers
    assert whole is not None
    assert (whole.outputs.tolist(), whole.labels.tolist()) == ([[0.25, 0.75]], [3])


@pytest.mark.parametrize(
    ("commands", "detail"),
    [
        ([command(results=[1.0]), command(results=[1.0], label=1)], "classes of 1 of 2 stimuli unknown"),
        ([command(label=1), command(results=[1.0], label=1)], "1 of 2 answers are missing"),
        ([command(results=[1.0], label=1), command(results=[1.0, 2.0], label=1)], "answers of 1, 2 numbers"),
    ],
)
def test_answers_that_give_no_figures_say_why(commands: list[InferCommand], detail: str) -> None:
    read = read_answers(commands, load_benchmark("kws01"))
    assert read.answers is None
    assert read.notes[0].detail.startswith(detail)


def test_the_areas_of_an_anomaly_session_are_those_of_its_errors() -> None:
    errors, labels = np.array([[1.0], [2.0], [3.0], [4.0]]), np.array([0, 0, 1, 2])
    session = PublishedSession(
        Path("x"), EEMBC, "accuracy", "ad01", definition=load_benchmark("ad01"), answers=Answers(errors, labels)
    )
    found = eembc_accuracy(session)
    assert found is not None
    assert (found.top1_percent, found.area) == (100.0, 1.0)
    session.answers.labels[:] = [0, 1, 0, 2]  # type: ignore[union-attr]
    found = eembc_accuracy(session)
    assert found is not None
    assert found.area == 0.75  # three of the four pairs are in order


# --- labels ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "files", "labels", "source"),
    [
        ("kws01", ["tst_000000_Stop_7.bin", "x_12.bin", "x.bin"], [7, None, None], "file names"),
        ("ad01", ["Normal_1.bin", "anomaly_2.bin", "odd.bin"], [0, 1, None], "file names"),
        ("ic01", ["emu_s_000123.bin", "tabby_cat_s_7.bin", "odd_s_1.bin"], [2, 3, None], "file names"),
        ("vww01", ["1.bin"], [None], ""),
    ],
)
def test_names_tell_the_class(name: str, files: list[str], labels: list[int | None], source: str) -> None:
    assert labels_of(files, load_benchmark(name)) == (labels, source)


def test_the_first_half_of_the_whole_list_of_pictures_shows_persons() -> None:
    files = [f"{k}.bin" for k in range(1000)]
    labels, source = labels_of([*files, files[0]], load_benchmark("vww01"))
    assert source == "order of the list"
    assert labels == [1] * 500 + [0] * 500 + [1]
    assert labels_of(files[:999], load_benchmark("vww01")) == ([None] * 999, "")


# --- identity -------------------------------------------------------------------------------------------


def log(**more: Any) -> EembcLog:
    return EembcLog(**({"model": "kws01"} | more))


def found(mode: str | None = None, filed: str | None = None) -> Found:
    return Found(Path("x"), Path("x"), "x", mode=mode, benchmark=filed)


SINGLE = [command(warmups=0), command(warmups=0)]


@pytest.mark.parametrize(
    ("read", "printed", "folder", "mode"),
    [
        (log(plugin="ulp-ml"), (), "accuracy", "energy"),
        (log(trace_on_ms=0), (), "accuracy", "energy"),
        (log(settings={"runMode": "multi"}), (), "performance", "accuracy"),
        (log(), ("Top-1",), "performance", "accuracy"),
        (log(), ("AUC",), None, "accuracy"),
        (log(commands=SINGLE), (), "performance", "accuracy"),
        (log(commands=SINGLE[:1]), (), "performance", "performance"),
        (log(commands=[*SINGLE, command(warmups=1)]), (), "performance", "performance"),
        (log(commands=[*SINGLE, command(inferences=2)]), (), "performance", "performance"),
        (log(plugin="ulp-mlperf"), (), "energy", "performance"),
        (log(), ("Median throughput",), "energy", "performance"),
        (log(), ("Median throughput", "Median energy cost"), "accuracy", "energy"),
        (log(), (), "energy", "energy"),
    ],
)
def test_the_mode_is_what_the_log_says_then_its_commands_then_the_results_then_the_folder(
    read: EembcLog, printed: tuple[str, ...], folder: str | None, mode: str
) -> None:
    figures = [Figure(name, None, "1") for name in printed]
    assert identify(found(folder), read, figures, []).mode == mode


def test_the_benchmark_is_the_first_of_ours_that_is_named() -> None:
    for read, filed, name in (
        (log(), "ic01", "kws01"),
        (log(model="odd", settings={"model": "ic01"}), "vww01", "ic01"),
        (log(model=""), "vww01", "vww01"),
    ):
        assert identify(found("energy", filed), read, [], []).benchmark.id == name
    anomalies = identify(found("accuracy", "ad01"), log(model=""), [], [])
    assert (anomalies.score_field, anomalies.unit) == ("AUC", "AUC")
    assert identify(found("energy", "ad01"), log(model=""), [], []).unit == "uJ/inf."
    assert identify(found("accuracy"), log(), [], []).score_field == "Top-1"


@pytest.mark.parametrize(
    ("mode", "model", "refusals", "why"),
    [
        (None, "kws01", [], "neither its files nor its folders tell the benchmark and the mode"),
        ("energy", "odd", [], "neither its files nor its folders tell the benchmark and the mode"),
        (None, "kws01", ["a", "b"], "no session can be read: a; b"),
    ],
)
def test_a_session_that_cannot_be_identified_says_why(mode: str | None, model: str, refusals: list[str], why: str):
    with pytest.raises(SessionError) as refused:
        identify(found(mode), log(model=model), [], refusals)
    assert str(refused.value).endswith(why)


# --- oddities -------------------------------------------------------------------------------------------


def checked(read: EembcLog, mode: Mode = "energy", **results: Any) -> Any:
    told = {"unknown": [], "figures": [Figure("x", None, "1")], "printed_ms": None} | results
    return cast(
        Any,
        SimpleNamespace(
            log=read, contents=SimpleNamespace(found=found()), mode=mode, benchmark="kws01",
            results=SimpleNamespace(**told),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("dropped", "wrong", "share"),
    [
        ((1, 1000), False, "0.100%"),
        ((2, 1000), True, "0.200%"),
        ((1, 0), True, "100.000%"),
        ((3, 2), True, "150.000%"),
    ],
)
def test_dropped_packets_are_wrong_beyond_a_thousandth(dropped: tuple[int, int], wrong: bool, share: str) -> None:
    (note,) = _check_log(checked(log(dropped=dropped)))
    assert (note.id, note.wrong) == ("packets-dropped", wrong)
    assert note.detail == f"the monitor dropped {dropped[0]} of {dropped[1]} packets ({share})"
    assert list(_check_log(checked(log(dropped=(0, 10))))) == []


@pytest.mark.parametrize(
    ("mode", "late_ms", "told"),
    [
        ("energy", 30_000, False), ("energy", 30_001, True), ("energy", -1000, False), ("energy", -1001, True),
        ("performance", 30_000, False), ("performance", 30_001, True),
        ("accuracy", 600_000, False), ("accuracy", 600_001, True),
    ],
)  # fmt: skip
def test_results_long_after_the_log_are_of_another_run(mode: Mode, late_ms: int, told: bool) -> None:
    read = log(ended_ms=50_000, last_ms=50_000)
    notes = list(_check_results(checked(read, mode, printed_ms=50_000 + late_ms)))
    assert [note.id for note in notes] == (["another-run"] if told else [])
    side = "before" if late_ms < 0 else "after"
    assert all(f"printed {abs(late_ms) / 1000:.0f} s {side} the log's end" in note.detail for note in notes)
    cut = log(ended_ms=None, last_ms=50_000)
    assert list(_check_results(checked(cut, mode, printed_ms=10**9))) == []


def test_what_the_commands_do_not_agree_in_is_told() -> None:
    good = [command(inferences=5, results=[1.0]), command(inferences=5, results=[1.0])]
    figures = [Figure("# Inferences", 2 * k + 2, "5") for k in range(2)]
    assert list(_check_commands("energy", good, figures)) == []

    def told(mode: Mode, commands: list[InferCommand], printed: list[Figure] = figures) -> list[tuple[str, str]]:
        return [(note.id, note.detail) for note in _check_commands(mode, commands, printed)]

    assert told("energy", good[:1]) == [("log-truncated", "log truncated: it holds 1 of the 2 published windows")]
    uneven = [good[0], command(inferences=6, results=[1.0])]
    assert told("energy", uneven) == [("iterations-differ", "iterations not all equal: 5, 6")]
    six = [command(inferences=6, results=[1.0]) for _ in range(2)]
    assert told("performance", six) == [
        ("another-run", "results of another run: 5 inferences are published, 6 were asked for")
    ]
    odd = [
        good[0],
        command(inferences=5, results=[1.0], announced=4),
        command(inferences=5, results=[1.0], announced=3),
    ]
    assert told("energy", odd) == [("iterations-differ", "the DUT announced 4 inferences where 5 were asked for")]
    long = [good[0], command(inferences=5, results=[1.0], laps_us=[2**32])]
    assert [one for one, _ in told("energy", long)] == ["laps-long"]
    assert told("energy", [good[0], command(inferences=5, results=[1.0], laps_us=[2**32 - 1])]) == []
    silent = [good[0], command(inferences=5, garbled=True)]
    assert told("energy", silent) == [
        (
            "results-line-lost",
            "garbled UART text: m-results missing or garbled in 1 of 2 windows (1 garbled); figures do not depend "
            "on it",
        )
    ]
    assert told("accuracy", [command(inferences=5), command(inferences=6)], []) == []


@pytest.mark.parametrize(
    ("window", "told"), [(1, False), (2, True), (3, False), (4, True), (5, False), (6, False)]
)
def test_published_inferences_are_those_of_the_command_with_the_windows_number(window: int, told: bool) -> None:
    commands = [command(inferences=5, results=[1.0]) for _ in range(2)]
    notes = _check_commands("energy", commands, [Figure("# Inferences", window, "6")])
    assert [note.id for note in notes] == (["another-run"] if told else [])


# --- log ------------------------------------------------------------------------------------------------


def test_lines_of_unknown_sources_are_damaged_and_no_more_than_two_hundred_results_are_kept() -> None:
    lines = [b"00001.000 odd: x", b"00001.100 io: m-ready", b"00001.200 pnp: x"]
    read = read_log([*lines, *(b"00002.000 ulp-ml: line %d" % k for k in range(205))])
    assert (read.damaged, read.prefixed, read.last_ms) == (1, 208, 2000)
    assert read.result_lines == [f"ulp-ml: line {k}" for k in range(200)]

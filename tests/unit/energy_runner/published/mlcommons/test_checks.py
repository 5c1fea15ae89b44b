# SPDX-License-Identifier: Apache-2.0
"""What is odd about passes, samples and phases of the MLCommons runner, and where its recording began."""

import math
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from energy_runner.published.discover import Found
from energy_runner.published.mlcommons.checks import (
    _check_commands,
    _check_files,
    _check_folder,
    _check_pass,
    _check_phases,
    _check_samples,
)
from energy_runner.published.mlcommons.document import Document, Pass, Power
from energy_runner.published.mlcommons.log import Loading, MlcommonsLog, read_log
from energy_runner.published.mlcommons.recording import Recorded, _boot_edges, _origin_ms, make_recording
from energy_runner.published.model import WAKE_WORDS, InferCommand, MonitorEdge


def power(*counts: int, samples: int = 10, **more: Any) -> Power:
    return Power.model_validate(
        {"samples": [1e-6] * samples, "timestamps": [[f"{k:02d}", count] for k, count in enumerate(counts)]} | more
    )


def command(sent_ms: int, inferences: int = 5, finished_ms: int = 0) -> InferCommand:
    return InferCommand("f", 0, None, inferences, None, sent_ms, finished_ms=finished_ms)


def ids(notes: Any) -> list[str]:
    return [note.id for note in notes]


# --- one pass -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "captured", "told"),
    [
        ((0, 10), (10, 2), []),
        ((5,), (10, 1), ["edge-missing"]),
        ((5, 11), (10, 2), ["trace-short"]),
        ((-1, 5), (10, 2), ["trace-short"]),
        ((6, 5), (10, 2), ["timestamps-unsorted"]),
        ((5, 5), (10, 2), []),
        ((0, 10), (11, 2), ["another-run"]),
        ((0, 10), (10, 3), ["another-run"]),
        ((0, 10), None, []),
    ],
)
def test_a_pass_has_two_edges_in_order_within_its_samples(
    counts: tuple[int, ...], captured: tuple[int, int] | None, told: list[str]
) -> None:
    log = MlcommonsLog(captured=[captured] if captured else [])
    assert ids(_check_pass(log, 0, power(*counts), 10)) == told
    assert [one for one in ids(_check_pass(log, 1, power(*counts), 10)) if one == "another-run"] == []


@pytest.mark.parametrize(
    ("samples", "counters", "told"),
    [
        ([0.0, 1.0], ["01", "02"], []),
        ([math.nan, 1.0], [], ["1 samples are NaN and 0 infinite"]),
        ([math.inf, -math.inf], [], ["0 samples are NaN and 2 infinite", "1 samples are negative"]),
        ([-1.0, -2.0, 1.0], [], ["2 samples are negative"]),
        ([-1e-9, 1.0], [], ["1 samples are negative"]),
        ([1.0], ["99", "00", "01"], []),
        ([1.0], ["98", "00", "01"], ["edge missing: the monitor's event counter jumps 1 times"]),
        ([1.0], ["01", "01", "03"], ["edge missing: the monitor's event counter jumps 2 times"]),
        ([1.0], ["5", "x", "6"], []),
        ([1.0], ["5", "1234567890", "6"], []),
        ([1.0], ["5", "123456789", "6"], ["edge missing: the monitor's event counter jumps 2 times"]),
        ([1.0], ["100000005", "6"], []),
    ],
)
def test_samples_are_numbers_above_zero_and_events_are_counted(
    samples: list[float], counters: list[object], told: list[str]
) -> None:
    assert [note.detail for note in _check_samples(np.array(samples), counters)] == told


# --- phases ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sent_ms", "wrong"), [(5_600, False), (5_601, True), (9_000, True), (0, False)])
def test_a_window_begins_after_its_stimulus_was_loaded(sent_ms: int, wrong: bool) -> None:
    recording: Any = SimpleNamespace(started_ms=1_000)
    recorded = Recorded(recording, 0, [], [0, 3_000])
    powers = [power(1, 2), power(9, 1_000, 2_000)]
    commands: Any = SimpleNamespace(commands=[command(0), command(sent_ms)])
    notes = list(_check_phases(recorded, powers, commands))
    assert ids(notes) == (["window-in-wrong-phase"] if wrong else [])
    if wrong:
        assert notes[0].detail.startswith("window 1 not in the phase")
    both: Any = SimpleNamespace(commands=[command(9_000), command(sent_ms)])
    (note,) = _check_phases(recorded, powers, both)
    assert note.detail.startswith(f"window {'0, 1' if wrong else '0'} not in the phase")


@pytest.mark.parametrize(
    ("begun", "ends", "origin_ms"),
    [
        ([0, 20_000, 30_000], [10_000, 19_500, 30_000], 10_725),
        ([0, 20_000, 30_000], [10_000, 20_000, 30_000], 10_475),
        ([0, 20_000, 30_000], [10_000, 19_499, 30_000], 10_725),
        ([0, 20_000, 30_001], [10_000, 20_000, 30_000], 10_475),
        ([0, 20_000, 31_050], [10_000, 20_000, 30_000], 11_000),
        ([0, 20_000, 31_051], [10_000, 20_000, 30_000], 11_025),
        ([0, 20_000, 35_000], [10_000, 20_000, 30_000], 13_000),
        ([0, 1_000, 1_000], [10_000, 20_000, 30_000], 0),
        ([0, 20_000], [10_000, 20_000, 30_000], 77),
        ([0], [10_000], 77),
    ],
)
def test_the_recording_began_when_all_loadings_agree(begun: list[int], ends: list[int], origin_ms: int) -> None:
    log = MlcommonsLog(loadings=[Loading("f", 0, ms) for ms in begun])
    assert _origin_ms([command(77), command(99)], ends, log) == origin_ms
    assert _origin_ms([], ends[:1], MlcommonsLog()) == 0


@pytest.mark.parametrize(
    ("counts", "boot"),
    [
        ((5, 10, 20), 1),
        ((5, 6, 10, 20), 2),
        ((1, 2, 3, 4), 2),
        ((1, 2, 3, 4, 5), 3),
        ((10, 20), 0),
        ((5, 20), 0),
        ((7, 10, 20), 0),
    ],
)
def test_edges_before_the_first_stimulus_come_from_the_start(counts: tuple[int, ...], boot: int) -> None:
    assert _boot_edges([command(107), command(0)], power(*counts), 100) == boot
    assert _boot_edges([], power(*counts), 100) == 0


# --- the recording --------------------------------------------------------------------------------------


def document(*powers: Power | None) -> Document:
    working = []
    for one in powers:
        whole = Pass.model_validate({"infer": {"iterations": 5}})
        whole.power = one
        assert whole.infer is not None
        working.append((whole, whole.infer))
    return Document([one for one, _ in working], working)


def test_passes_follow_each_other_as_one_recording() -> None:
    first, second = power(0, 10, 11), power(3, 7, voltage=1.8)
    made = make_recording(document(first, second), MlcommonsLog(instrument="js220"), [command(50, finished_ms=9)])
    assert made is not None
    assert (made.starts, len(made.recording.samples_j), made.recording.instrument) == ([0, 10], 20, "js220")
    assert made.recording.edges == [
        MonitorEdge(0.0, 0.5, 0),
        MonitorEdge(9.5, 0.5, 1),
        MonitorEdge(12.5, 0.5, 0),
        MonitorEdge(16.5, 0.5, 1),
    ]
    assert (made.recording.started_ms, made.recording.stopped_ms, made.recording.rate_hz) == (50, 70, 1000.0)
    late = make_recording(document(second), MlcommonsLog(), [command(50, finished_ms=99)])
    assert late is not None
    assert late.recording.stopped_ms == 99
    assert make_recording(document(first, None), MlcommonsLog(), []) is None
    assert make_recording(document(), MlcommonsLog(), []) is None


@pytest.mark.parametrize(
    ("voltage", "voltage_v"), [(1.8, 1.8), (0.0, 0.0), (-0.1, None), (999.0, 999.0), (1000.0, None), (None, None)]
)
def test_a_voltage_is_one_that_a_monitor_may_set(voltage: float | None, voltage_v: float | None) -> None:
    made = make_recording(document(power(1, 2, voltage=voltage)), MlcommonsLog(), [command(0)])
    assert made is not None
    assert made.recording.voltage_v == voltage_v
    first = make_recording(
        document(power(1, 2, voltage=voltage), power(1, 2, voltage=3.3)), MlcommonsLog(), [command(0)]
    )
    assert first is not None
    assert first.recording.voltage_v == voltage_v


@pytest.mark.parametrize(
    ("counter", "number"),
    [("00", 0), (7, 7), ("123456789", 123_456_789), ("1234567890", None), ("x", None), (None, None), (1.5, None)],
)
def test_the_monitors_number_of_an_edge_is_a_short_one_or_none(counter: object, number: int | None) -> None:
    one = Power.model_validate({"samples": [1e-6] * 5, "timestamps": [[counter, 3]]})
    made = make_recording(document(one), MlcommonsLog(), [command(0)])
    assert made is not None
    assert [edge.counter for edge in made.recording.edges] == [number]


# --- files, folders, commands ---------------------------------------------------------------------------


def read(log: MlcommonsLog | None = None, mode: str = "energy", name: str = "kws01", **more: Any) -> Any:
    files = {"log": "l", "results": "r", "json": "j"}
    known: dict[str, Any] = {
        "log": log or MlcommonsLog(),
        "contents": SimpleNamespace(names=files, found=Found(cast(Any, "x"), cast(Any, "x"), "x")),
        "results": SimpleNamespace(figures=[1], errors=[], unknown=[]),
        "identity": SimpleNamespace(mode=mode, benchmark=name),
        "document": document(power(1, 2)),
        "commands": SimpleNamespace(timed=True, commands=[]),
    }
    return cast(Any, SimpleNamespace(**(known | more)))


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (MlcommonsLog(), []),
        (MlcommonsLog(lines=3), ["log-unreadable"]),
        (MlcommonsLog(lines=3, recognised=1), ["log-truncated"]),
        (MlcommonsLog(lines=3, recognised=1, complete=True), []),
    ],
)
def test_a_log_is_readable_and_whole(log: MlcommonsLog, told: list[str]) -> None:
    assert ids(_check_files(read(log))) == told


def test_missing_files_and_published_errors_are_told() -> None:
    bare = read(contents=SimpleNamespace(names={}, found=None))
    assert ids(_check_files(bare)) == ["file-missing"] * 3
    odd = read(results=SimpleNamespace(figures=[], errors=["E" * 200], unknown=["fine", "\x01" * 80, "a\ufffd"]))
    garbled, published = _check_files(odd)
    assert garbled.detail == f"garbled results: 2 lines cannot be read, first {chr(1) * 60!r}"
    assert published.detail == f"published with {'E' * 100!r}"
    assert ids(_check_files(read(results=SimpleNamespace(figures=[], errors=[], unknown=[])))) == [
        "results-absent"
    ]


@pytest.mark.parametrize(
    ("filed", "name", "told"),
    [
        (("energy", "kws01"), "kws01", []),
        (("accuracy", "kws01"), "kws01", ["mode-differs"]),
        (("energy", "ic01"), "kws01", ["benchmark-differs"]),
        ((None, None), "kws01", []),
        (("accuracy", "ic01"), WAKE_WORDS, []),
    ],
)
def test_a_session_fits_its_folder(filed: tuple[str | None, str | None], name: str, told: list[str]) -> None:
    found = Found(cast(Any, "x"), cast(Any, "x"), "x", mode=filed[0], benchmark=filed[1])
    assert ids(_check_folder(read(name=name, contents=SimpleNamespace(found=found)))) == told


@pytest.mark.parametrize(
    ("timed", "loadings", "mode", "name", "counts", "told"),
    [
        (True, 1, "energy", "kws01", [5, 5], []),
        (False, 1, "energy", "kws01", [5], [("log-differs", True)]),
        (False, 0, "energy", "kws01", [5], [("log-differs", False)]),
        (False, 1, "energy", WAKE_WORDS, [5], [("log-differs", False)]),
        (True, 1, "energy", "kws01", [5, 6], [("iterations-differ", True)]),
        (True, 1, "accuracy", "kws01", [5, 6], []),
    ],
)
def test_commands_agree_with_the_log_and_with_each_other(  # noqa: PLR0917
    timed: bool, loadings: int, mode: str, name: str, counts: list[int], told: list[tuple[str, bool]]
) -> None:
    log = MlcommonsLog(loadings=[Loading("f", 0, 0)] * loadings)
    commands = SimpleNamespace(timed=timed, commands=[command(0, count) for count in counts])
    notes = list(_check_commands(read(log, mode, name, commands=commands)))
    assert [(note.id, note.wrong) for note in notes] == told


# --- log ------------------------------------------------------------------------------------------------


def test_times_of_the_log_are_milliseconds_of_the_year() -> None:
    lines = [
        b"0101.000001 ulp-ml: Loading file a segment 0",
        b"0301.123456 ulp-ml: Load complete.",
        b"1399.000000 ulp-x: y",
    ]
    log = read_log(lines)
    assert (log.loadings[0].file, log.loadings[0].begun_ms, log.loadings[0].segment) == ("a", 1_000, 0)
    hour, minute, second = 12, 34, 56
    assert log.loadings[0].done_ms == (((59 * 24 + hour) * 60 + minute) * 60 + second) * 1000
    assert log.last_ms == (334 + 98) * 86_400_000
    assert (log.recognised, log.lines, log.complete) == (3, 3, False)


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_begins_after_the_days_of_those_before_it(month: int) -> None:
    days = (date(2025, month, 1) - date(2025, 1, 1)).days
    assert read_log([b"%02d01.000000 ulp-x: y" % month]).last_ms == days * 86_400_000


def test_a_month_that_there_is_not_is_the_one_next_to_it() -> None:
    assert read_log([b"0001.000000 ulp-x: y"]).last_ms == 0
    assert read_log([b"1301.000000 ulp-x: y"]).last_ms == read_log([b"1201.000000 ulp-x: y"]).last_ms


def test_the_stamp_is_that_of_the_first_folder_that_the_log_names() -> None:
    begun = rb"Logging initialized. Writing output to sessions\20250725_190327\log.txt"
    ended = rb"Session logged in file sessions/20990101_000000/log.txt"
    assert [read_log(lines).stamp for lines in ([begun, ended], [ended], [b"Device name retrieved: x"])] == [
        "20250725_190327",
        "20990101_000000",
        "",
    ]


def test_plain_lines_tell_names_captures_and_the_end() -> None:
    log = read_log(
        [
            rb"Logging initialized. Writing output to sessions\20250725_190327\log.txt",
            b"Device name retrieved: made-up ",
            b"Initializing SerialDevice on port: COM25 at 3686400 baud",
            b"a js220: here",
            b"Captured samples:100 timestamps:2",
            b"Captured samples:90 timestamps:3",
            b"Load complete.",
            b"0101.000001 ulp-ml: Load complete.",
            rb"Session logged in file sessions\20990101_000000\log.txt",
        ]
    )
    assert (log.name, log.instrument, log.captured, log.complete) == (
        "made-up", "lpm01a", [(100, 2), (90, 3)], True,
    )  # fmt: skip
    assert log.loadings == []
    assert log.recognised == 7
    assert read_log([b"Device of no use: x", b"Initializing: x", b"Load complete.", b"words"]).recognised == 0
    assert read_log([b"a JS220: here"]).instrument == "js220"
    assert read_log([b"a js220 here"]).instrument == ""

# SPDX-License-Identifier: Apache-2.0
"""What is odd about edges, phases and lengths of a session of the EEMBC runner, on the limit of each check."""

import math
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from energy_runner.published.discover import LINK
from energy_runner.published.eembc.checks import (
    _check_count,
    _check_files,
    _check_laps,
    _check_length,
    _check_log,
    _check_phases,
    _check_results,
    _check_trace,
    check,
)
from energy_runner.published.eembc.log import EembcLog
from energy_runner.published.eembc.trace import Samples, TraceFiles
from energy_runner.published.model import Figure, InferCommand, Note


def command(start_ms: int | None = None, done_ms: int | None = None) -> InferCommand:
    return InferCommand("f", 0, None, 5, None, 0, start_ms=start_ms, done_ms=done_ms)


def read(log: EembcLog, windows: int = 0, **contents: Any) -> Any:
    files: dict[str, Any] = {"names": {}, "refusals": {}, "packed": (), "pointers": ()}
    files |= {"found": SimpleNamespace(mode=None, benchmark=None), **contents}
    figures = [Figure("x", 2 * k + 2, "1") for k in range(windows)]
    return cast(
        Any,
        SimpleNamespace(
            log=log,
            contents=SimpleNamespace(**files),
            mode="energy",
            benchmark="kws01",
            results=SimpleNamespace(figures=figures, unknown=[], unknown_lines=[], printed_ms=None),
        ),
    )


def ids(notes: Any) -> list[str]:
    return [note.id for note in notes]


@pytest.mark.parametrize(
    ("commands", "sync_ms", "windows", "ended_ms", "stamps", "told"),
    [
        (2, 5, 2, 1, 5, []),
        (2, None, 2, 1, 4, []),
        (2, 0, 2, 1, 5, []),
        (2, 5, 2, 1, 4, ["edge-missing: edge missing: 4 timestamps, 5 expected for 2 infer commands"]),
        (2, 5, 2, 1, 6, ["edge-surplus: edge surplus: 6 timestamps, 5 expected for 2 infer commands"]),
        (2, 5, 3, None, 7, []),
        (2, 5, 3, 1, 7, ["edge-surplus: edge surplus: 7 timestamps, 5 expected for 2 infer commands"]),
        (2, 5, 2, None, 7, ["edge-surplus: edge surplus: 7 timestamps, 5 expected for 2 infer commands"]),
        (0, 5, 3, None, 7, []),
    ],
)
def test_timestamps_are_one_for_the_sync_and_two_for_each_command(  # noqa: PLR0917
    commands: int, sync_ms: int | None, windows: int, ended_ms: int | None, stamps: int, told: list[str]
) -> None:
    log = EembcLog(commands=[command()] * commands, sync_ms=sync_ms, ended_ms=ended_ms)
    notes = _check_count(read(log, windows), [float(k) for k in range(stamps)])
    assert [f"{note.id}: {note.detail}" for note in notes] == told


@pytest.mark.parametrize(
    ("stamps", "told"),
    [
        ([0.0, 1.0, 11.0, 21.0, 31.0], None),
        ([0.0, 1.25, 11.25, 20.75, 30.75], None),
        (
            [0.0, 1.25, 11.251, 21.0, 31.0],
            "window 2 not in the phase of its infer command, the first off by +0.25 s",
        ),
        ([0.0, 1.0, 11.0, 20.7, 31.0], "window 4 not in the phase of its infer command, the first off by -0.30 s"),
        (
            [0.0, 2.0, 11.0, 22.5, 31.0],
            "window 2, 4 not in the phase of its infer command, the first off by +1.00 s",
        ),
        ([0.0, 2.0, 11.0, 22.5], "window 2 not in the phase of its infer command, the first off by +1.00 s"),
        ([0.0, 1.0], None),
    ],
)
def test_windows_lie_in_the_phases_of_their_commands(stamps: list[float], told: str | None) -> None:
    commands = [command(101_000, 111_000), command(121_000, 131_000)]
    notes = list(_check_phases(EembcLog(commands=commands, trace_on_ms=100_000), stamps))
    assert [note.detail.split(" by the log")[0] for note in notes] == ([told] if told else [])
    assert list(_check_phases(EembcLog(commands=commands), stamps)) == []
    silent = [command(None, 111_000), command(121_000, None)]
    late = list(_check_phases(EembcLog(commands=silent, trace_on_ms=100_000), [0.0, 5.0, 11.0, 21.0, 35.0]))
    assert late == []


@pytest.mark.parametrize(
    ("lap_us", "lost"),
    [(1_000_000, False), (1_001_499, False), (1_001_501, True), (998_499, True), (5_000_000, True)],
)
def test_laps_of_the_monitor_are_among_the_timestamps(lap_us: int, lost: bool) -> None:
    log = EembcLog(monitor_laps=[(1, lap_us), (2, 2_000_000)])
    notes = list(_check_laps(log, [1.0, 2.0]))
    assert ids(notes) == (["laps-differ"] if lost else [])
    if lost:
        assert notes[0].detail.startswith(
            f"1 edges in the log are not among the timestamps, first at {lap_us / 1e6:.3f}"
        )


@pytest.mark.parametrize(
    ("stamps", "off_ms", "told"),
    [
        ([0.0, 10.0], 10_000, []),
        ([0.0, 10.01], 10_000, ["trace-short"]),
        ([-0.01, 9.0], 10_000, ["timestamps-damaged"]),
        ([0.0, 9.0], 12_512, []),
        ([0.0, 9.0], 12_513, ["trace-length"]),
        ([0.0, 9.0], 7_493, []),
        ([0.0, 9.0], 7_492, ["trace-length"]),
        ([0.0, 9.0], None, []),
    ],
)
def test_a_trace_is_as_long_as_its_timestamps_and_the_log_say(
    stamps: list[float], off_ms: int | None, told: list[str]
) -> None:
    files = TraceFiles(Samples(100.0, np.zeros(1000, dtype=np.float32)), stamps)
    stopped = None if off_ms is None else 50_000 + off_ms
    assert ids(_check_length(EembcLog(trace_on_ms=50_000, trace_off_ms=stopped), files)) == told
    assert ids(_check_length(EembcLog(trace_off_ms=1), files))[:1] == [
        one for one in told if one != "trace-length"
    ]
    assert ids(_check_length(EembcLog(), TraceFiles(None, stamps))) == []


def test_files_of_a_trace_that_are_missing_or_damaged_are_told() -> None:
    log = EembcLog()
    both = {"trace": "t.bin", "timestamps": "t.json"}
    assert ids(_check_trace(read(log), TraceFiles())) == ["trace-absent", "timestamps-absent"]
    assert ids(_check_trace(read(log, names=both), TraceFiles(absent={"trace": "odd"}))) == ["trace-absent"]
    odd = Samples(100.0, np.zeros(1000, dtype=np.float32), ("one", "two"))
    assert ids(_check_trace(read(log, names=both), TraceFiles(odd))) == ["trace-damaged", "trace-damaged"]
    alone = _check_trace(read(log, names={"trace": "t.bin"}), TraceFiles(odd))
    assert ids(alone) == ["trace-damaged", "trace-damaged", "timestamps-absent"]
    for stamps, told in (
        ([math.nan, 1.0], ["timestamps-damaged"]),
        ([2.0, 1.0], ["timestamps-unsorted"]),
        ([1.0, 3.0, 2.0], ["timestamps-unsorted"]),
        ([1.0, 1.0], []),
    ):
        assert ids(_check_trace(read(log, names=both), TraceFiles(None, stamps))) == told


def test_files_that_a_session_should_have_are_told() -> None:
    named = {"log": "log.txt", "results": "results.txt", "script": "script.async"}
    assert ids(_check_files(read(EembcLog(), names=named).contents)) == []
    missing = _check_files(read(EembcLog()).contents)
    assert [note.detail for note in missing] == [f"missing file: {name}" for name in named.values()]
    refused = read(EembcLog(), names=named, refusals={"log": "a", "script": "b", "trace": "c"}).contents
    assert [note.detail for note in _check_files(refused)] == ["a", "b"]


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({"lines": 5, "prefixed": 0}, ["log-unreadable"]),
        ({"lines": 5, "prefixed": 5}, ["log-truncated"]),
        ({"lines": 5, "prefixed": 5, "ended_ms": 0}, []),
        ({"lines": 0, "prefixed": 0}, []),
        ({"too_many": 1}, ["log-absurd"]),
        ({"damaged": 1}, ["log-damaged"]),
        ({"backwards": 1}, ["log-backwards"]),
        ({"errors": ["a", "b", "c", "d"]}, ["dut-error"] * 3),
    ],
)
def test_a_log_that_breaks_off_or_is_damaged_is_told(known: dict[str, Any], told: list[str]) -> None:
    notes = list(_check_log(read(EembcLog(**known))))
    assert ids(notes) == told
    remarks = {"log-damaged", "log-backwards"}  # of a log whose other lines are as good as ever
    assert {note.id for note in notes if not note.wrong} == remarks & set(told)


@pytest.mark.parametrize(
    ("folder", "filed", "told"),
    [
        ("energy", "kws01", []),
        (None, None, []),
        ("accuracy", "kws01", ["mode-differs"]),
        ("energy", "ic01", ["benchmark-differs"]),
    ],
)
def test_a_session_in_a_folder_for_another_is_told(folder: str | None, filed: str | None, told: list[str]) -> None:
    found = SimpleNamespace(mode=folder, benchmark=filed)
    assert ids(_check_log(read(EembcLog(), found=found))) == told


@pytest.mark.parametrize(
    ("mode", "told"),
    [("energy", ["trace-absent", "timestamps-absent"]), ("performance", []), ("accuracy", ["answers-missing"])],
)
def test_a_session_is_checked_as_its_mode_asks_and_a_link_is_told_once(mode: str, told: list[str]) -> None:
    names = {"log": "log.txt", "results": "results.txt", "script": "script.async"}
    found = SimpleNamespace(mode=None, benchmark=None, refused=["odd.txt", "script.async"])
    one = read(EembcLog(), 1, names=names, found=found)
    one.mode, one.trace = mode, TraceFiles() if mode == "energy" else None
    one.answers = (Note("answers-missing", "no answers"),) if mode == "accuracy" else ()
    assert ids(check(one)) == [*told, "link-refused", "link-refused"]
    one.contents.refusals = {"script": f"script.async: {LINK}"}
    *others, link = check(one)
    assert ids(others) == ["unreadable", *told]
    assert (link.id, link.detail) == ("link-refused", f"odd.txt: {LINK}")


def test_results_that_cannot_be_read_are_told() -> None:
    one = read(EembcLog(), 1)
    assert ids(_check_results(one)) == []
    one.results.unknown = ["x" * 80, "y"]
    (note,) = _check_results(one)
    assert note.detail == f"garbled results: 2 lines cannot be read, first {'x' * 60!r}"
    assert ids(_check_results(read(EembcLog(), 0))) == ["results-absent"]

# SPDX-License-Identifier: Apache-2.0
"""Events and record of an imported session, one by one from its commands, edges, switches and notes."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.errors import SessionError
from energy_runner.published.conversion.events import make_events
from energy_runner.published.conversion.record import make_record
from energy_runner.published.conversion.specification import Instrument
from energy_runner.published.model import (
    EEMBC,
    Figure,
    InferCommand,
    Mode,
    MonitorEdge,
    Note,
    PublishedSession,
    Recording,
)
from energy_runner.session import events as ev
from energy_runner.session.record import Record

MS = 1_000_000
NOTHING = Instrument("", {})
RECORDING = Recording("m", 1000.0, np.ones(500, dtype=np.float32), [MonitorEdge(7.5, 0.5, 3)], 150, 900, 1.8)


def command(sent_ms: int, **more: Any) -> InferCommand:
    known = {"finished_ms": sent_ms + 50, "size": 490, "start_ms": sent_ms + 10, "done_ms": sent_ms + 40} | more
    return InferCommand(
        **({"file": "a.bin", "offset": 0, "inferences": 5, "warmups": 2, "sent_ms": sent_ms} | known)  # type: ignore[arg-type]
    )


def session(mode: Mode = "energy", **more: Any) -> PublishedSession:
    known = {
        "definition": load_benchmark("kws01"),
        "commands": [command(200), command(300, file="b.bin")],
        "power": [(100, True), (950, False)],
        "boot_ms": 110,
        "boot_lines": ["m-ready"],
        "timestamp_mode": "energy",
        "profile": "firmware",
        "ended_ms": 1000,
    }
    return PublishedSession(Path("x"), EEMBC, mode, "kws01", **(known | more))


def kinds(events: Iterable[ev.AnyEvent]) -> list[str]:
    return [event.kind for event in events]


def of[E: ev.Event](kind: type[E], made: PublishedSession) -> list[E]:
    return [event for event in make_events(made, NOTHING) if isinstance(event, kind)]


def record(made: PublishedSession, **more: Any) -> Record:
    return make_record(made, "id", **({"path": "p", "software": "s", "instrument": "i"} | more))


# --- events ---------------------------------------------------------------------------------------------


def test_the_events_of_a_whole_session_stand_in_order_of_time() -> None:
    made = session(recording=RECORDING, sync_ms=160, boot_edges=1, io_laps=[(250, 77)])
    made.commands[0].load_begun_ms, made.commands[0].loaded_ms = 170, 190
    events = make_events(made, Instrument("", {"document": "d"}, [{"value": 1.0}]))
    assert [event.t_ns for event in events] == sorted(event.t_ns for event in events)
    assert [(event.kind, event.t_ns // MS) for event in events] == [
        ("supply-switched", 100),
        ("edges-expected", 100),
        ("dut-booted", 110),
        ("dut-identified", 110),
        ("monitor-configured", 150),
        ("acquisition-started", 150),
        ("samples-arrived", 150),
        ("edges-expected", 160),
        ("phase", 170),
        ("stimulus-loaded", 190),
        ("edges-expected", 200),
        ("inference-done", 250),
        ("lap-captured", 250),
        ("stimulus-loaded", 300),
        ("edges-expected", 300),
        ("inference-done", 350),
        ("edge-captured", 900),
        ("acquisition-stopped", 900),
        ("supply-switched", 950),
        ("run-stopped", 1000),
    ]
    on, off = (event for event in events if isinstance(event, ev.SupplySwitched))
    assert (on.on, off.on) == (True, False)
    (configured,) = (event for event in events if isinstance(event, ev.MonitorConfigured))
    assert (configured.voltage_set_v, configured.period_s, configured.accuracy) == (1.8, 1e-3, {"document": "d"})
    assert configured.largest == [{"value": 1.0}]
    assert (configured.captures_edges, configured.starts_on_edge) == (True, False)
    (arrived,) = (event for event in events if isinstance(event, ev.SamplesArrived))
    assert arrived.end == 0
    (stopped,) = (event for event in events if isinstance(event, ev.RunStopped))
    assert stopped.supply_off_confirmed is True


def test_a_command_tells_what_it_loaded_and_what_came_of_it() -> None:
    made = session(
        commands=[command(200, warmups=None, end_ms=245, results=[1.0], laps_us=[2**32 + 5, 2**31 + 9])]
    )
    (done,) = of(ev.InferenceDone, made)
    assert done.t_ns == 245 * MS
    assert (done.inferences, done.warmups, done.stimulus, done.results) == (5, 0, 0, [1.0])
    assert (done.sent_ns, done.start_line_ns, done.done_line_ns) == (200 * MS, 210 * MS, 240 * MS)
    assert done.dut_laps_us == [5, 2**31 + 9]
    (loaded,) = of(ev.StimulusLoaded, made)
    assert (loaded.t_ns, loaded.size, loaded.sha256, loaded.read_back) == (200 * MS, 490, "unknown: a.bin", False)
    silent = session(commands=[command(200, start_ms=None, done_ms=None, size=None)])
    (done,) = of(ev.InferenceDone, silent)
    assert (done.start_line_ns, done.done_line_ns) == (None, None)
    assert of(ev.StimulusLoaded, silent) == []
    assert of(ev.InferenceDone, session(commands=[command(200, inferences=0)])) == []


@pytest.mark.parametrize(
    ("mode", "phases", "loaded", "expected", "purpose"),
    [("energy", 1, 1, 2, "window"), ("performance", 0, 1, 0, "window"), ("accuracy", 0, 0, 0, "accuracy")],
)
def test_each_mode_has_the_events_that_its_rules_ask_for(
    mode: Mode, phases: int, loaded: int, expected: int, purpose: str
) -> None:
    made = session(mode, commands=[command(200, load_begun_ms=180)], sync_ms=160)
    counts = (len(of(ev.Phase, made)), len(of(ev.StimulusLoaded, made)), len(of(ev.EdgesExpected, made)))
    assert counts == (phases, loaded, expected)
    assert of(ev.InferenceDone, made)[0].purpose == purpose


def test_what_a_session_does_not_tell_makes_no_event() -> None:
    bare = session(power=[], boot_ms=None, profile="", ended_ms=None, commands=[])
    assert make_events(bare, NOTHING) == []
    assert kinds(make_events(replace(bare, model="kws01"), NOTHING)) == ["dut-identified"]
    assert make_events(replace(bare, model="kws01"), NOTHING)[0].t_ns == 0
    assert kinds(make_events(replace(bare, profile="p", boot_ms=7), NOTHING)) == ["dut-booted", "dut-identified"]
    unset = session(recording=replace(RECORDING, voltage_v=None))
    assert of(ev.MonitorConfigured, unset)[0].voltage_set_v == 0.0


@pytest.mark.parametrize(
    ("power", "confirmed"),
    [([], None), ([(100, True)], None), ([(100, True), (950, False)], True), ([(9, False), (100, True)], None)],
)
def test_the_supply_is_known_to_be_off_by_its_last_switching(
    power: list[tuple[int, bool]], confirmed: bool
) -> None:
    made = session(power=power)
    assert of(ev.RunStopped, made)[0].supply_off_confirmed is confirmed
    assert record(made).supply_off_confirmed is confirmed


def test_the_end_of_a_trace_is_tied_to_the_log_only_where_their_lengths_differ() -> None:
    made = session(recording=RECORDING, notes=[Note("trace-length", "odd"), Note("other", "fine", wrong=False)])
    assert [(one.t_ns, one.end) for one in of(ev.SamplesArrived, made)] == [(150 * MS, 0), (900 * MS, 500)]
    (problem,), (remark,) = of(ev.Problem, made), of(ev.Remark, made)
    assert (problem.asked, problem.came, problem.t_ns) == ("trace-length", "odd", 100 * MS)
    assert (remark.text, remark.t_ns) == ("fine", 100 * MS)


@pytest.mark.parametrize(("second_ms", "sorted_by_time"), [(250, True), (249, False), (251, True)])
def test_commands_that_overlap_keep_the_order_of_the_log(second_ms: int, sorted_by_time: bool) -> None:
    made = session(commands=[command(200), command(second_ms), command(400)], io_laps=[(150, 1)])
    times = [event.t_ns for event in make_events(made, NOTHING)]
    assert (times == sorted(times)) is sorted_by_time


# --- record ---------------------------------------------------------------------------------------------


def test_the_record_counts_windows_commands_and_figures() -> None:
    figures = [Figure("Energy", window, "1") for window in (2, 4, 6)]
    for made, windows in (
        (session(), 2),
        (session(figures=figures), 3),
        (session(figures=[*figures[:1], Figure("Median", None, "1")]), 2),
        (session("accuracy", figures=figures), 0),
    ):
        assert record(made).run.windows == windows
    uneven = session(commands=[command(200, warmups=None), command(300, inferences=6, warmups=3)])
    assert (record(uneven).run.inferences, record(uneven).run.warmups) == (None, 3)
    assert (record(session()).run.inferences, record(session()).run.warmups) == (5, 2)
    assert record(session(commands=[])).run.warmups == 0
    assert not record(session()).run.read_back


def test_a_session_whose_log_breaks_off_failed() -> None:
    assert (record(session()).outcome, record(session()).reason) == ("completed", "")
    cut = record(session(ended_ms=None))
    assert (cut.outcome, cut.reason) == ("failed", "the log breaks off")


def test_stimuli_are_listed_once_with_their_whole_size_and_class() -> None:
    commands = [
        command(200, offset=100, label=3),
        command(300, file="b.bin", size=None, label=None),
        command(400, offset=50, label=4),
        command(500, file="c.bin", label=0),
    ]
    stimuli = record(session(commands=commands)).stimuli
    assert [(one.file, one.label, one.size, one.sha256) for one in stimuli] == [
        ("a.bin", 3, 590, "unknown: a.bin"),
        ("b.bin", -1, 0, "unknown: b.bin"),
        ("c.bin", 0, 490, "unknown: c.bin"),
    ]


@pytest.mark.parametrize(
    ("stamp", "started"),
    [
        ("20240102030405", "2024-01-02T03:04:05 (local time)"),
        ("20240102_030405", "2024-01-02T03:04:05 (local time)"),
        ("2024010203040", "not recorded"),
        ("202401020304056", "not recorded"),
        ("2024010203040x", "not recorded"),
        ("", "not recorded"),
    ],
)
def test_the_start_is_the_runners_own_stamp(stamp: str, started: str) -> None:
    assert record(session(stamp=stamp)).started_utc == started


def test_the_origin_keeps_figures_findings_and_files(tmp_path: Path) -> None:
    here = tmp_path / "log.txt"
    here.write_bytes(b"abc")
    made = session(
        figures=[Figure("Energy", 2, "9" * 300)], notes=[Note("a", "wrong"), Note("b", "fine", wrong=False)]
    )
    origin = record(made, files=[here, tmp_path / "gone"]).origin
    assert origin is not None
    assert [(figure.field, figure.window, len(figure.text)) for figure in origin.published] == [("Energy", 2, 200)]
    assert (origin.findings, origin.remarks) == (["wrong"], ["fine"])
    (file,) = origin.files
    assert (file.name, file.size, file.sha256[:6]) == ("log.txt", 3, "ba7816")
    with pytest.raises(SessionError, match="kws01: not one of our benchmarks"):
        record(session(definition=None))

# SPDX-License-Identifier: Apache-2.0
"""Damaged, unfinished and hostile sessions: what can be read is shown, the rest is named, and nothing raises."""

import json
import os
import shutil
from pathlib import Path

import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.session import events as ev
from energy_runner.session.folder import Session, write_result
from energy_runner.viewer.layers import as_far, layers
from energy_runner.viewer.meta import meta
from tests.support.report_sessions import energy_session
from tests.support.synthetic import host_ns, make_run

FIXTURES = Path(__file__).parents[5] / "fixtures"
OLD = sorted(FIXTURES.glob("sessions/*/*/record.json")) + sorted(FIXTURES.glob("golden/*/record.json"))


def everything(session):
    """Ask for all that a page asks for; return the problems."""
    own = layers(session)
    head = meta(session, layers=own)
    shown = {row["name"]: own.items(row["name"]) for row in own.table()}
    text = json.dumps([head, own.table(), shown], allow_nan=False)
    assert all(problem.isprintable() or "\u202f" in problem for problem in own.problems)
    assert str(session.path) not in json.dumps(own.problems)
    assert "\x1b" not in text
    return own, head, shown


@pytest.fixture
def whole(tmp_path):
    session = energy_session(tmp_path)
    write_result(session.path, analyze(session))
    return session


def test_a_whole_session_has_no_problem_but_a_missing_report(whole):
    _, head, _ = everything(whole)
    assert head["problems"] == ["report.html: there is none. Try: energy-runner report"]


@pytest.mark.parametrize("path", OLD, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_sessions_of_other_versions(path):
    _, head, shown = everything(Session.open(path.parent))
    assert head["benchmark"]
    assert shown["remarks"]["total"] > 0
    assert not any("cannot be read" in problem for problem in head["problems"])


def test_a_line_in_the_middle_is_damaged_and_what_comes_before_it_counts(whole):
    path = whole.path / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[12] = b'{"t_ns":"what","kind":"edge-captured"}\n'
    path.write_bytes(b"".join(lines))
    own, head, shown = everything(Session.open(whole.path))
    assert shown["windows"]["total"] == 5, "the result still says where they are"
    assert 0 < shown["edges"]["total"] < 10
    assert any("line 13" in problem and "Try: " in problem for problem in own.problems)
    assert head["valid"] is False


@pytest.mark.parametrize("name", ["journal.jsonl", "trace.jls", "result.json"])
@pytest.mark.parametrize("what", ["missing", "empty", "rubbish", "half", "folder", "fifo"])
def test_any_file_may_be_broken_in_any_way(whole, name, what):
    path = whole.path / name
    data = path.read_bytes()
    path.unlink()
    if what == "empty":
        path.write_bytes(b"")
    elif what == "rubbish":
        path.write_bytes(b"\xff\x00<script>\n" * 1000)
    elif what == "half":
        path.write_bytes(data[: len(data) // 2])
    elif what == "folder":
        path.mkdir()
    elif what == "fifo":
        os.mkfifo(path)
    _, head, shown = everything(Session.open(whole.path))
    said = " ".join(head["problems"])
    assert name in said or (name == "trace.jls" and what == "half") or "trace" in said
    assert "Try: " in said
    if name != "result.json" and not (name == "journal.jsonl" and what == "missing"):
        assert len(head["windows"]) == 5
    if name == "result.json":
        assert shown["windows"]["total"] == 5, "the edges still place them"
        assert head["valid"] is None


@pytest.mark.parametrize("cut_s", [0.0, 0.3, 5.0, 20.0])
@pytest.mark.parametrize("by_laps", [False, True])
def test_a_run_that_was_killed_or_goes_on(tmp_path, cut_s, by_laps):
    run = make_run(by_laps=by_laps).cut(cut_s)
    run.record = run.record.model_copy(update={"outcome": "running"})
    run.torn = b'{"t_ns":12,"ki'
    _, head, shown = everything(run.write(tmp_path / "s"))
    assert any("was killed" in problem for problem in head["problems"])
    assert "killed, or it is still running" in head["ended"]
    assert (head["verdict"], head["score_j"]) == ("not analysed", None)
    assert shown["remarks"]["total"] > 0 or by_laps
    if cut_s == 20.0:
        assert shown["windows"]["total"] == 1
        assert "not analysed" in shown["windows"]["items"][0]["text"]


def test_a_session_without_a_trace(whole):
    (whole.path / "trace.jls").unlink()
    _, head, shown = everything(whole)
    assert (head["length"], head["signals"]) == (0, [])
    assert any(problem.startswith("trace.jls: there is none") for problem in head["problems"])
    assert shown["windows"]["total"] == 5
    assert "no trace" in layers(whole).family("inferences").why_not


def test_hostile_texts_are_printable_and_short(tmp_path):
    evil = "<script>alert(1)</script>\x1b[2J\u202e\0" + "A" * 1_000_000
    run = make_run(windows=1)
    run.insert(ev.Remark(t_ns=host_ns(1.0), box=evil, text=evil, suspicious=True))
    run.insert(ev.Problem(t_ns=host_ns(1.1), error=evil, asked=evil, came=evil, try_this=evil))
    run.insert(ev.TearDownStep(t_ns=host_ns(1.2), name=evil, error=evil))
    run.insert(ev.Phase(t_ns=host_ns(1.3), name=evil, detail=evil))
    run.insert(ev.DeviceIdentified(t_ns=host_ns(1.4), box=evil, identity={"make": evil, "virtual": evil}))
    run.insert(ev.SamplesLost(t_ns=host_ns(1.5), after=1, before=3, missing=2, detail=evil))
    run.insert(ev.SamplesOverRange(t_ns=host_ns(1.6), at=5, count=2, detail=evil))
    run.insert(ev.VoltageMeasured(t_ns=host_ns(1.7), voltage_v=1.0, rail="rail"))
    run.insert(ev.TemperatureMeasured(t_ns=host_ns(1.8), temperature_c=1.0, u_k=None, thermometer=evil))
    run.record = run.record.model_copy(update={"reason": evil, "bench": {"name": evil}, "software": evil})
    _, head, shown = everything(run.write(tmp_path / "s"))
    text = json.dumps([head, shown], ensure_ascii=False)
    assert len(text) < 200_000
    assert "\u202e" not in text
    assert "\\u0000" not in text
    assert shown["remarks"]["total"] >= 3


@pytest.mark.parametrize("t_ns", [0, 2**62, 2**63 - 1])
def test_absurd_times(tmp_path, t_ns):
    run = make_run(windows=1)
    run.events.append(ev.Remark(t_ns=t_ns, box="director", text="when was that"))
    run.events.append(ev.InferenceDone.model_construct(**{**_inference(), "sent_ns": -(2**62), "t_ns": t_ns}))
    everything(run.write(tmp_path / "s"))


def _inference():
    return {
        "kind": "inference-done",
        "purpose": "window",
        "stimulus": 10**9,
        "inferences": 10**12,
        "warmups": 0,
        "start_line_ns": None,
        "done_line_ns": None,
        "results": [],
        "dut_laps_us": [],
    }


@pytest.mark.parametrize("position", [1e300, -5.0, 2.0**60])
def test_a_number_that_no_run_can_produce(whole, position):
    with (whole.path / "journal.jsonl").open("a") as file:
        event = {"t_ns": 1, "kind": "edge-captured", "position": position, "half_width": 0.5, "counter": None}
        file.write(json.dumps(event) + "\n")
    _, head, shown = everything(Session.open(whole.path))
    assert any("edge-captured" in problem for problem in head["problems"])
    assert len(head["windows"]) == 5
    assert shown["windows"]["total"] == 5


def test_countless_edges_are_counted_and_do_not_stop_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(as_far, "MOST_ALIKE", 500)
    run = make_run(windows=1)
    count = 3000
    run.events[-2:-2] = [
        ev.EdgeCaptured(t_ns=host_ns(15.0), position=k * 0.5, half_width=0.5, counter=None) for k in range(count)
    ]
    own, _, shown = everything(run.write(tmp_path / "s"))
    assert shown["edges"]["thinned"]
    assert sum(item["count"] for item in shown["edges"]["items"]) == shown["edges"]["total"] >= count
    assert own.seen.matching is None
    assert any("events of the kind edge-captured" in problem for problem in own.problems)


def test_the_folder_vanishes_while_it_is_looked_at(whole):
    own = layers(whole)
    shutil.rmtree(whole.path)
    for row in own.table():
        json.dumps(own.items(row["name"]), allow_nan=False)
    json.dumps(meta(whole, layers=own), allow_nan=False)
    assert own.problems

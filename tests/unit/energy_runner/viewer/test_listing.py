# SPDX-License-Identifier: Apache-2.0
"""The list of sessions and sweeps: broken ones named, links not followed, nothing outside the folders."""

import json
import os
import time
from contextlib import closing

import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.session.folder import Session, write_record, write_result
from energy_runner.session.record import SweepFacts
from energy_runner.session.result import Verdict
from energy_runner.sweep.catalogue import Catalogue, SweepRow
from energy_runner.sweep.plan.points import Point
from energy_runner.viewer.found import find, key_of
from energy_runner.viewer.listing import listing, openable
from tests.support.report_sessions import accuracy_session, energy_session, performance_session

PASSED = Verdict(id="five-windows", passed=True, measured=5, limit=5, clause="Five windows.")


@pytest.fixture
def folder(tmp_path):
    """Sessions of each mode, one without a result, one broken."""
    place = tmp_path / "sessions"
    place.mkdir()
    for session in (energy_session(place), accuracy_session(place), performance_session(place)):
        write_result(session.path, analyze(session).with_verdicts([PASSED]))
    energy_session(place, name="early", change={"outcome": "bench-fault", "reason": "it fell over"})
    energy_session(place, name="now", change={"outcome": "running"})
    (place / "broken").mkdir()
    (place / "broken" / "record.json").write_text("{", "utf-8")
    (place / "other").mkdir()
    return place


def rows(*folders):
    found = listing(folders)
    json.dumps(found, allow_nan=False)
    return {row["name"]: row for row in found["sessions"]}


def test_a_row_says_what_a_session_is(folder):
    found = rows(folder)
    assert next(iter(found)) == "broken"
    assert set(found) == {"energy", "accuracy-top1", "performance", "early", "now", "broken"}
    energy = found["energy"]
    assert (energy["benchmark"], energy["mode"], energy["bench"]) == ("kws01", "energy", "desk 3")
    assert (energy["valid"], energy["headline"]) == (True, "1689 ± 33 µJ per inference")
    result = Session.open(folder / "energy").result()
    assert energy["score_j"] == result.energy_per_inference_j.median
    assert energy["U_j"] == result.energy_per_inference_j.U
    assert energy["key"] == key_of(folder / "energy")
    assert len(energy["key"]) == 12
    assert energy["when"] == "2026-01-02T03:04:05Z"
    assert found["accuracy-top1"]["headline"] == "90.0 % Top-1"
    assert found["early"]["ended"].endswith("it fell over")
    assert (found["early"]["valid"], found["early"]["headline"]) == (None, None)
    assert "record.json" in found["broken"]["problem"]
    assert str(folder) not in found["broken"]["problem"]
    assert not found["broken"]["opens"]


def test_a_run_is_running_while_its_journal_grows(folder):
    assert rows(folder)["now"]["running"]
    old = time.time() - 3600
    os.utime(folder / "now" / "journal.jsonl", (old, old))
    found = rows(folder)["now"]
    assert not found["running"]
    assert "killed" in found["ended"]


def test_a_broken_result_leaves_the_rest_of_the_row(folder):
    (folder / "energy" / "result.json").write_text('{"schema": 1', "utf-8")
    row = rows(folder)["energy"]
    assert row["benchmark"] == "kws01"
    assert row["problem"].startswith("result.json")
    assert row["opens"]


def test_folders_sessions_and_deeper_ones_may_be_given(folder):
    assert set(rows(folder / "energy")) == {"energy"}
    assert len(rows(folder, folder / "energy")) == 6, "each once"
    deep = folder.parent / "a" / "b"
    deep.mkdir(parents=True)
    (folder / "energy").rename(deep / "energy")
    assert "energy" in rows(folder.parent)


@pytest.mark.parametrize("given", ["nowhere", "sessions/a-file", "sessions/a-fifo"])
def test_what_is_no_folder_is_a_problem(folder, given):
    (folder / "a-file").write_text("x", "utf-8")
    os.mkfifo(folder / "a-fifo")
    (problem,) = listing([folder.parent / given])["problems"]
    assert "Try: " in problem


def test_links_are_not_followed_and_are_named(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    secret = energy_session(outside, name="secret")
    (folder / "link").symlink_to(secret.path)
    (folder / "all").symlink_to(outside)
    (folder / "loop").symlink_to("loop")
    (folder / "up").symlink_to("..")
    found = listing([folder])
    assert "secret" not in {row["name"] for row in found["sessions"]}
    assert sum("is a link and was left out" in problem for problem in found["problems"]) == 3
    assert set(rows(folder / "link")) == {"link"}, "what is given itself is opened"


@pytest.mark.parametrize("name", ["record.json", "result.json", "trace.jls", "report.html"])
def test_a_session_whose_files_lead_out_is_listed_and_not_opened(folder, tmp_path, name):
    outside = tmp_path / name
    path = folder / "energy" / name
    if path.exists():
        path.rename(outside)
    else:
        outside.write_text("secret", "utf-8")
    path.symlink_to(outside)
    row = rows(folder)["energy"]
    assert not row["opens"]
    assert row["problem"].startswith(f"{name}: leads out")
    assert folder / "energy" not in openable([folder]).values()
    assert openable([folder])[key_of(folder / "accuracy-top1")] == folder / "accuracy-top1"


def test_pipes_and_giants_do_not_stop_the_list(folder, monkeypatch):
    (folder / "pipe").mkdir()
    os.mkfifo(folder / "pipe" / "record.json")
    (folder / "giant").mkdir()
    with (folder / "giant" / "record.json").open("wb") as file:
        file.truncate(1 << 40)
    found = rows(folder)
    assert "pipe" not in found
    assert "holds 1099511627776 bytes" in found["giant"]["problem"]


def test_hostile_names_are_escaped(folder):
    name = "<img src=x onerror=alert(1)>\u202e\x1b[2J"
    (folder / "energy").rename(folder / name)
    (row,) = [row for row in listing([folder])["sessions"] if row["name"].startswith("<img")]
    assert "\u202e" not in json.dumps(row, ensure_ascii=False)
    assert "\x1b" not in row["folder"]


def test_very_many_folders_are_cut_and_said(folder, monkeypatch):
    monkeypatch.setattr("energy_runner.viewer.found.MOST_FOLDERS", 3)
    found = find([folder])
    assert found.looked_at > 3
    assert any("more than 3 folders" in problem for problem in found.problems)
    assert len(found.sessions) < 6


def sweep_facts(point, **changes):
    facts = SweepFacts(
        sweep="night-1",
        plan="",
        point=point,
        order=point,
        epoch=1,
        values={"voltage_v": 1 + point / 2},
        bench="desk",
        worker="host:1-ab",
        started_utc="2026-01-02T03:04:05Z",
    )
    return facts.model_copy(update=changes)


def test_sweeps_without_their_catalogue_come_from_the_records(tmp_path):
    for point, name in ((2, "b"), (1, "a")):
        session = energy_session(tmp_path, name=name, change={"sweep": sweep_facts(point)})
        if point == 1:
            write_result(session.path, analyze(session).with_verdicts([PASSED]))
    (sweep,) = listing([tmp_path])["sweeps"]
    assert (sweep["id"], sweep["state"]) == ("night-1", "without its catalogue")
    assert [one["number"] for one in sweep["points"]] == [1, 2]
    assert sweep["points"][0]["values"] == {"voltage_v": 1.5}
    assert sweep["points"][0]["key"] == key_of(tmp_path / "a")
    assert sweep["best"] == {"energy": 1, "latency": 1}
    assert sweep["counts"]["done"] == 2


def test_a_catalogue_tells_also_what_is_yet_to_come(tmp_path):
    session = energy_session(tmp_path, name="a", change={"sweep": sweep_facts(1)})
    path = tmp_path / "catalogue.sqlite"
    row = SweepRow("night-1", "night", "", "2026-01-02T03:04:05Z", "host", str(tmp_path), "open")
    points = [Point(number=k, order=k, repeat=1, values={"voltage_v": 1.8}) for k in (1, 2)]
    with closing(Catalogue(path)) as opened:
        opened.add_sweep(row, points, {})
    for given in (tmp_path, path):
        found = listing([given])
        (sweep,) = found["sweeps"]
        assert (sweep["id"], sweep["name"], sweep["state"]) == ("night-1", "night", "open")
        assert sweep["counts"] == {"waiting": 2, "running": 0, "done": 0, "set-aside": 0}
        assert [one["folder"] for one in found["sessions"]] == [str(session.path)]


@pytest.mark.parametrize("data", [b"", b"SQLite format 3\0" + b"rubbish" * 500, b"\0" * 4096])
def test_a_catalogue_that_is_none_is_not_touched(tmp_path, data):
    path = tmp_path / "catalogue.sqlite"
    path.write_bytes(data)
    found = listing([tmp_path])
    assert path.read_bytes() == data
    assert found["sweeps"] == []
    assert bool(found["problems"]) == data.startswith(b"SQLite")


def test_a_thousand_sessions_of_which_three_are_broken(tmp_path):
    """The list takes little more than opening the records and results, and reads neither journals nor traces."""
    session = energy_session(tmp_path, name="s0000")
    write_result(session.path, analyze(session).with_verdicts([PASSED]))
    record, result = ((session.path / name).read_bytes() for name in ("record.json", "result.json"))
    for number in range(1, 1000):
        other = tmp_path / f"s{number:04}"
        other.mkdir()
        (other / "record.json").write_bytes(b"{" if number in {7, 70, 700} else record)
        (other / "result.json").write_bytes(result)
        (other / "journal.jsonl").write_bytes(b"no event\n")
    folders = [path for path in tmp_path.iterdir() if path.name not in {"s0007", "s0070", "s0700"}]
    begun = time.process_time()
    for path in folders:
        Session.open(path).result()
    opening_s = time.process_time() - begun
    begun = time.process_time()
    found = listing([tmp_path])
    listing_s = time.process_time() - begun
    assert len(found["sessions"]) == 1000
    assert [row["name"] for row in found["sessions"] if row["problem"]] == ["s0007", "s0070", "s0700"]
    assert listing_s < 3 * opening_s


def test_a_record_that_changes_its_kind_between_two_looks(folder):
    session = Session.open(folder / "energy")
    write_record(session.path, session.record.model_copy(update={"outcome": "interrupted"}))
    assert rows(folder)["energy"]["outcome"] == "completed", "as the result, which the report shows"

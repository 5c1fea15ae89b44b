# SPDX-License-Identifier: Apache-2.0
"""A whole night on virtual benches, with real worker processes, as a person starts it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from energy_runner.api.sweep_nights import rebuild_catalogue, sweep_status
from energy_runner.api.sweeps import sweep_rows
from energy_runner.report.html import page_bytes
from energy_runner.session.folder import Session
from energy_runner.sweep.work.served_bench import process_of
from tests.support.served import wait_until

PLAN = """name = "night"
mode = "performance"
seed = 4
repeats = 2
[axes.clock]
command = "clock {value}"
values = [40_000_000, 80_000_000]
[settings]
inferences = 10
[reference]
every_points = 3
"""


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "energy_runner", "sweep", *words]


def ran(*words: str) -> Any:
    done = subprocess.run(command(*words, "--json"), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def begun(folder: Path, plan: str) -> subprocess.Popen[bytes]:
    """Return `sweep run` in progress, after its second point."""
    (folder / "night.toml").write_text(plan)
    words = command("run", str(folder / "night.toml"), "-b", "virtual-lpm01a", "--out", str(folder))
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: len(list(folder.glob("*/*.attempt.json"))) >= 2, 120)
    return process


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a night that two benches have shared."""
    folder = tmp_path_factory.mktemp("night")
    (folder / "night.toml").write_text(PLAN)
    benches = ("-b", "left=virtual-lpm01a", "-b", "right=virtual-lpm01a")
    found = ran(
        "run", str(folder / "night.toml"), *benches, "--out", str(folder), "--junit", str(folder / "j.xml")
    )
    assert found["counts"] == {"waiting": 0, "running": 0, "done": 4, "set-aside": 0}
    assert found["state"] == "finished"
    assert {one["end"] for one in found["ends"].values()} == {"finished"}
    return folder


def test_every_point_is_a_session_with_a_row_of_its_own(night: Path) -> None:
    rows = sweep_rows(out=night)
    points = [row for row in rows if row.kind == "point"]
    assert [(row.number, row.state, row.valid) for row in points] == [(n, "done", True) for n in (1, 2, 3, 4)]
    assert len({row.session for row in rows}) == len(rows)
    for row in rows:
        session = Session.open(Path(row.folder or ""))
        facts = session.record.sweep
        assert facts is not None
        assert (facts.point, facts.values, facts.plan, facts.bench) == (row.number, row.values, PLAN, row.bench)
        assert session.record.run.commands == [f"clock {row.values['clock']}"]
    at_hz = {row.values["clock"]: row.latency_s or 0.0 for row in points}
    assert at_hz[40_000_000] == pytest.approx(2 * at_hz[80_000_000], rel=0.05)


def test_a_finished_sweep_is_listed_as_finished(night: Path) -> None:
    assert [one["state"] for one in ran("list", "--out", str(night))["sweeps"]] == ["finished"]


def test_the_report_says_which_point_it_is_and_what_is_known_of_its_bench(night: Path) -> None:
    row = next(row for row in sweep_rows(out=night) if row.number == 2)
    session = Session.open(Path(row.folder or ""))
    page = page_bytes(session, session.result()).decode()
    assert f"point 2 of {row.sweep}: clock 80000000" in page
    assert "not watched" in page


def test_each_bench_measures_its_reference_at_the_beginning(night: Path) -> None:
    rows = sweep_rows(out=night)
    references = [row for row in rows if row.kind == "reference"]
    for bench in {row.bench for row in rows}:
        first = min(row.started_utc or "" for row in rows if row.bench == bench)
        assert first in [row.started_utc for row in references if row.bench == bench]
    assert all(row.values == {"clock": 40_000_000} for row in references)


def test_a_ci_server_reads_it(night: Path) -> None:
    text = (night / "j.xml").read_text("utf-8")
    assert 'failures="0"' in text
    assert text.count("<testcase") == len(sweep_rows(out=night))


def test_the_catalogue_is_made_again_from_the_folders_alone(night: Path) -> None:
    rebuild_catalogue([night], night / "again.sqlite")
    assert sweep_rows(catalogue=night / "again.sqlite") == sweep_rows(out=night)


def test_a_night_that_is_over_is_resumed_without_measuring_anything(night: Path) -> None:
    before = sweep_rows(out=night)
    found = ran("resume", "-b", "left=virtual-lpm01a", "--out", str(night))
    assert found["ends"]["left"]["points"] == 0
    assert sweep_rows(out=night) == before


def test_a_session_folder_that_was_deleted_is_told_and_nothing_else_changes(night: Path, tmp_path: Path) -> None:
    rows = sweep_rows(out=night)
    victim = Path(next(row.folder or "" for row in rows if row.kind == "point"))
    kept = tmp_path / "kept"
    victim.rename(kept)
    try:
        found = {row.number: row for row in sweep_rows(out=night)}
        assert any("folder is gone" in remark for row in found.values() for remark in row.remarks)
        assert [row.energy_j for row in found.values()] == [row.energy_j for row in rows]
        [again] = rebuild_catalogue([night], tmp_path / "without.sqlite")
        assert again.done == 3
        assert any("is measured again" in problem for problem in again.problems)
    finally:
        kept.rename(victim)


@pytest.mark.parametrize("content", [None, b"{", b""], ids=["missing", "torn", "empty"])
def test_a_result_that_is_lost_is_derived_again_from_the_record(
    night: Path, tmp_path: Path, content: bytes | None
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(night, copy)
    rows = sweep_rows(out=night)
    victim = copy.joinpath(*Path(rows[0].folder or "").parts[-2:], "result.json")
    victim.unlink() if content is None else victim.write_bytes(content)
    before = sorted((path, path.stat().st_mtime_ns) for path in copy.rglob("*"))
    [again] = rebuild_catalogue([copy], tmp_path / "again.sqlite")
    assert sorted((path, path.stat().st_mtime_ns) for path in copy.rglob("*")) == before
    found = sweep_rows(catalogue=tmp_path / "again.sqlite")
    assert [replace(row, folder="") for row in found] == [replace(row, folder="") for row in rows]
    assert any(str(victim) in problem and "was derived from the record" in problem for problem in again.problems)


def test_the_copy_of_a_session_is_told_and_counted_once(night: Path, tmp_path: Path) -> None:
    session = Path(sweep_rows(out=night)[0].folder or "")
    shutil.copytree(session, tmp_path / "backup")
    [again] = rebuild_catalogue([night, tmp_path], tmp_path / "again.sqlite")
    assert (again.attempts, again.done) == (len(sweep_rows(out=night)), 4)
    assert any("of the same attempt as" in problem for problem in again.problems)


def test_ctrl_c_ends_the_points_in_progress_and_resume_goes_on(tmp_path: Path) -> None:
    process = begun(tmp_path, PLAN.replace("repeats = 2", "repeats = 4"))
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 4
    counts = sweep_status(out=tmp_path).counts
    assert counts["running"] == 0
    assert counts["waiting"] > 0
    before = {row.number: row.session for row in sweep_rows(out=tmp_path) if row.state == "done"}
    found = ran("resume", "-b", "virtual-lpm01a", "--out", str(tmp_path))
    assert found["counts"]["done"] == 8
    after = {row.number: row.session for row in sweep_rows(out=tmp_path)}
    assert before.items() <= after.items()


def test_after_a_power_cut_finished_points_stay_and_the_others_are_done(tmp_path: Path) -> None:
    process = begun(tmp_path, PLAN)
    workers = [one.worker for one in sweep_status(out=tmp_path).benches if one.worker]
    process.kill()  # everything at once, as when the power fails
    for worker in workers:
        os.kill(process_of(worker), signal.SIGKILL)
    process.wait()
    before = {row.number: row.session for row in sweep_rows(out=tmp_path) if row.state == "done"}
    found = ran("resume", "-b", "virtual-lpm01a", "--out", str(tmp_path))
    assert found["counts"]["done"] == 4
    after = {row.number: row.session for row in sweep_rows(out=tmp_path)}
    assert before.items() <= after.items()
    assert len(set(after.values())) == len(after)

# SPDX-License-Identifier: Apache-2.0
"""A published session becomes one of ours: what its files hold, nothing else, and the same path from there on."""

import hashlib
import json
import math
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.published.importing import COMPARISON, _path_there, import_and_compare, import_session
from energy_runner.rules import evaluate
from energy_runner.session import events as ev
from energy_runner.session.folder import Session
from tests.support.published_sessions import (
    FILES,
    TRUE_UJ,
    Eembc,
    mlcommons_passes,
    write_accuracy,
    write_eembc,
    write_mlcommons,
    write_performance,
    write_trace,
)
from tests.support.results import figures


def told(session: Session, kind: type[ev.Event]) -> list[ev.Event]:
    return [event for event in session.journal() if isinstance(event, kind)]


def test_an_energy_session_is_imported_and_measured_our_way(tmp_path: Path) -> None:
    session = import_session(write_eembc(tmp_path / "kws/energy"), tmp_path / "out")
    result = evaluate(session)
    assert result.energy_per_inference_j is not None
    assert result.energy_per_inference_j.median == pytest.approx(TRUE_UJ * 1e-6, rel=1e-6)
    assert result.valid
    assert [window.file for window in result.windows] == list(FILES)
    assert not session.record.virtual


def test_the_facts_are_those_of_the_files_and_no_others(tmp_path: Path) -> None:
    made = Eembc()
    session = import_session(
        write_eembc(tmp_path / "v9.9/closed/org/results/board/kws/energy", made), tmp_path / "out"
    )
    origin = session.record.origin
    assert origin is not None
    assert (origin.runner, origin.version, origin.stamp) == ("EEMBC EnergyRunner", "3.0.10", "20240102030405")
    assert origin.session == "v9.9/closed/org/results/board/kws/energy"
    assert origin.instrument == "ST X-NUCLEO-LPM01A"
    assert {file.name for file in origin.files} == {
        "log.txt",
        "results.txt",
        "script.async",
        "trace1-energy.bin",
        "trace1-timestamps.json",
    }
    assert all(len(file.sha256) == 64 for file in origin.files)
    assert len(origin.published) == 47
    assert not origin.findings
    edges = told(session, ev.EdgeCaptured)
    assert [edge.position for edge in edges] == pytest.approx([t * 1000 - 0.5 for t in made.edges()])
    assert {edge.half_width for edge in edges} == {0.5}
    (monitor,) = told(session, ev.MonitorConfigured)
    assert (monitor.voltage_set_v, monitor.period_s) == (1.8, 0.001)
    assert not told(session, ev.DeviceIdentified)
    assert not told(session, ev.VoltageMeasured)
    assert session.record.supply_off_confirmed
    done = told(session, ev.InferenceDone)
    assert [event.purpose for event in done] == ["window"] * 5
    assert done[0].start_line_ns is not None
    with session.trace() as trace:
        assert trace.signals == [("energy", "J")]
        samples = trace.read("energy", 0, trace.length)
    assert samples == pytest.approx(np.array(made.samples()) * 1e-6, rel=1e-6)


def test_the_same_files_give_the_same_journal_and_the_same_result(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "kws/energy")
    first, second = (import_session(folder, tmp_path / name) for name in ("one", "two"))
    assert (first.path / "journal.jsonl").read_bytes() == (second.path / "journal.jsonl").read_bytes()
    assert figures(evaluate(first)) == figures(evaluate(second))  # the facts differ: they hold the session's name


def test_a_joulescope_dates_edges_freely_and_has_no_specification_here(tmp_path: Path) -> None:
    made = Eembc(instrument="js110")
    session = import_session(write_eembc(tmp_path / "kws/energy", made), tmp_path / "out")
    assert [edge.position for edge in told(session, ev.EdgeCaptured)] == pytest.approx(
        [t * 1000 for t in made.edges()]
    )
    (monitor,) = told(session, ev.MonitorConfigured)
    assert monitor.accuracy["terms"] == []
    assert "No specification is known for Joulescope JS110" in monitor.accuracy["assumptions"][0]


def test_a_performance_session_is_measured_by_the_duts_laps(tmp_path: Path) -> None:
    big = 1_620_358_197_033_202  # some DUTs count microseconds since 1970
    laps = [(big + k * 20_000_000, big + k * 20_000_000 + 11_700_000 + k) for k in range(5)]
    session, row = import_and_compare(write_performance(tmp_path / "kws/performance", laps), tmp_path / "out")
    assert row.good
    assert evaluate(session).throughput_per_s == pytest.approx(120 / 11.700002)
    assert row.published == row.reproduced == 10.256


def test_every_file_of_a_session_is_known_by_its_hash(tmp_path: Path) -> None:
    folder = write_performance(tmp_path / "kws/performance", [(0, 11_700_000)])
    origin = import_session(folder, tmp_path / "out").record.origin
    assert origin is not None
    assert {file.name: file.sha256 for file in origin.files} == {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()
    }


@pytest.mark.skipif(os.name == "nt", reason="needs links and pipes")
def test_a_file_that_may_not_be_read_is_not_hashed_either(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "kws/energy")
    (tmp_path / "secret").write_text("of somebody else", "utf-8")
    (folder / "script.async").unlink()
    (folder / "script.async").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "trace2-energy.bin")
    origin = import_session(folder, tmp_path / "out").record.origin
    assert origin is not None
    assert {file.name for file in origin.files} == {
        "log.txt", "results.txt", "trace1-energy.bin", "trace1-timestamps.json",
    }  # fmt: skip


def test_an_accuracy_session_takes_classes_from_file_names(tmp_path: Path) -> None:
    answers = {}
    for k in range(24):
        outputs = [0.0] * 12
        outputs[k % 12 if k else 5] = 0.996  # the first answer is wrong
        answers[f"tst_{k:06d}_Word_{k % 12}.bin"] = outputs
    session, row = import_and_compare(
        write_accuracy(tmp_path / "kws/accuracy", answers, "95.8", "0.98"), tmp_path / "out"
    )
    assert row.published == row.reproduced == 95.8
    assert row.ours is None  # 24 of 1000 stimuli
    assert row.state == "cannot-be-judged"
    assert [finding.id for finding in row.findings] == ["answers-incomplete", "labels-assumed"]
    assert session.record.origin is not None
    assert session.record.origin.labels_from == "file names"


def test_a_session_of_the_other_runner_is_one_recording(tmp_path: Path) -> None:
    session, row = import_and_compare(write_mlcommons(tmp_path / "kws/energy"), tmp_path / "out")
    assert row.good
    assert row.published == row.reproduced
    assert row.ours == pytest.approx(row.published, rel=1e-4)
    assert len(told(session, ev.EdgeCaptured)) == 10
    assert [stimulus.label for stimulus in session.record.stimuli] == [7, 2, 6, 8, 5]
    with session.trace() as trace:
        assert trace.length == sum(len(one["power"]["samples"]) for one in mlcommons_passes())  # type: ignore[index]


def test_edges_of_the_duts_start_are_told_from_those_of_commands(tmp_path: Path) -> None:
    passes = mlcommons_passes()
    passes[0]["power"]["timestamps"] = [["00", 700], ["01", 3800], ["02", 15850]]  # type: ignore[index]
    for k, one in enumerate(passes[1:], start=1):
        for place in (0, 1):
            one["power"]["timestamps"][place][0] = f"{2 * k + 1 + place:02d}"  # type: ignore[index]
    session, row = import_and_compare(write_mlcommons(tmp_path / "kws/energy", passes), tmp_path / "out")
    assert row.good
    assert [one.text for one in row.findings] == ["1 edge(s) before the first stimulus, taken as the DUT's start"]
    assert [event.purpose for event in told(session, ev.EdgesExpected)] == ["boot", *["window"] * 5]


def test_samples_that_are_no_numbers_are_missing_not_zero(tmp_path: Path) -> None:
    made = Eembc()
    folder = write_eembc(tmp_path / "kws/energy", made)
    samples = made.samples()
    samples[5000], samples[5001] = math.nan, math.inf
    write_trace(folder, samples)
    session = import_session(folder, tmp_path / "out")
    with session.trace() as trace:
        assert np.isnan(trace.read("energy", 5000, 5002)).all()
    result = evaluate(session)
    assert result.windows[0].samples_missing == 2
    assert not result.valid


def test_findings_travel_with_the_session(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "kws/energy", Eembc(stamps=lambda stamps: stamps[:4] + stamps[5:]))
    session = import_session(folder, tmp_path / "out")
    assert session.record.origin is not None
    assert any(text.startswith("edge missing: 10 timestamps") for text in session.record.origin.findings)
    result = evaluate(session)
    assert result.energy_per_inference_j is None
    assert any("edge missing: 10 timestamps, 11 expected" in finding.detail for finding in result.findings)


def test_the_comparison_is_written_field_by_field(tmp_path: Path) -> None:
    import_and_compare(write_eembc(tmp_path / "kws/energy"), tmp_path / "out")
    document = json.loads((tmp_path / "out" / COMPARISON).read_text("utf-8"))
    assert document["published"] == document["reproduced"]
    assert len(document["figures_compared"]) == 47
    assert all(figure["published"] == figure["reproduced"] for figure in document["figures_compared"])


# --- refusals -------------------------------------------------------------------------------------------


def test_what_holds_no_session_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SessionError, match="holds no session"):
        import_session(tmp_path / "empty", tmp_path / "out")
    with pytest.raises(SessionError, match="no such file or folder"):
        import_session(tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_repository_is_not_one_session(tmp_path: Path) -> None:
    write_eembc(tmp_path / "repo/kws/energy")
    write_eembc(tmp_path / "repo/ic/energy")
    with pytest.raises(SessionError, match="holds 2 sessions"):
        import_session(tmp_path / "repo", tmp_path / "out")
    assert import_session(tmp_path / "repo/kws/energy/log.txt", tmp_path / "out").record.benchmark.id == "kws01"


def test_an_occupied_folder_is_left_alone(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "kws/energy")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine", "utf-8")
    with pytest.raises(ConfigurationError, match="not empty"):
        import_session(folder, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_nothing_half_written_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_eembc(tmp_path / "kws/energy")

    def full(*_: object) -> None:
        assert (tmp_path / "out/journal.jsonl").exists()
        raise SessionError("disk full")

    monkeypatch.setattr("energy_runner.session.whole._write_trace", full)
    with pytest.raises(SessionError, match="disk full"):
        import_session(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_results_without_a_run_cannot_be_imported(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "kws/energy")
    for name in ("log.txt", "trace1-energy.bin"):
        (folder / name).unlink()
    with pytest.raises(SessionError, match="nothing of the run itself can be read"):
        import_session(folder, tmp_path / "out")


def test_a_benchmark_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    folder = write_mlcommons(tmp_path / "sww/energy")
    log = (folder / "log.txt").read_text("utf-8").replace("kws01", "sww01")
    (folder / "log.txt").write_text(log, "utf-8")
    with pytest.raises(SessionError, match="sww01: not one of our benchmarks"):
        import_session(folder, tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 5000, b"[" * 20_000])
def test_a_hostile_log_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    folder = write_eembc(tmp_path / "kws/energy")
    (folder / "log.txt").write_bytes(content)
    with pytest.raises(SessionError, match="nothing of the run itself can be read") as refused:
        import_session(folder, tmp_path / "out")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["results.txt", "trace1-energy.bin", "trace1-timestamps.json"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 5000, b"[" * 20_000])
def test_a_hostile_file_gives_a_session_with_findings(tmp_path: Path, name: str, content: bytes) -> None:
    folder = write_eembc(tmp_path / "kws/energy")
    (folder / name).write_bytes(content)
    session = import_session(folder, tmp_path / "out")
    assert session.record.origin is not None
    words = "results" if name == "results.txt" else name
    assert any(words in text for text in session.record.origin.findings)
    assert not evaluate(session).valid or name == "results.txt"


def test_moving_a_session_changes_nothing(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "a/kws/energy")
    first = evaluate(import_session(folder, tmp_path / "one"))
    shutil.move(tmp_path / "a", tmp_path / "b")
    assert figures(evaluate(import_session(tmp_path / "b/kws/energy", tmp_path / "two"))) == figures(first)


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        ("/home/me/v0.7/closed/org/kws/energy", "v0.7/closed/org/kws/energy"),
        ("/home/me/v0.7/open/org/kws/energy", "v0.7/open/org/kws/energy"),
        ("/home/me/v0.7/network/org/energy", "v0.7/network/org/energy"),
        ("/home/me/v0.7/closed", "v0.7/closed"),
        ("/closed/org/kws/energy", "closed/org/kws/energy"),
        ("/closed", "closed"),
        ("/open/v0.7/closed/energy", "v0.7/closed/energy"),
        ("/v0.7/open/a/b/c/d/energy", "v0.7/open/a/b/c/d/energy"),
        ("/home/me/a/kws/energy", "a/kws/energy"),
        ("/kws/energy", "kws/energy"),
        ("/", ""),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="has other paths")
def test_a_session_is_named_by_its_place_in_the_round(folder: str, path: str) -> None:
    assert _path_there(Path(folder)) == path

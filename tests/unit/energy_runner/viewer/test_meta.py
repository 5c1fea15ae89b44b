# SPDX-License-Identifier: Apache-2.0
"""The head of a session's page: figures as the result has them, times tied together, papers that are there."""

import json

import pytest

from energy_runner.analysis.analyze import analyze
from energy_runner.session import events as ev
from energy_runner.session.folder import Session, write_record, write_result, write_sealed
from energy_runner.session.result import Verdict
from energy_runner.viewer.layers import layers
from energy_runner.viewer.meta import meta
from energy_runner.viewer.papers import certificate_of, linked_files, report_of
from tests.support.report_sessions import accuracy_session, energy_session
from tests.support.synthetic import host_ns, make_run

UTC_NS = 1_735_689_600_000_000_000  # when a made-up run begins, 5 s before its first sample


@pytest.fixture
def run(tmp_path):
    made = make_run()
    session = made.write(tmp_path / "s")
    passed = Verdict(id="five-windows", passed=True, measured=5, limit=5, clause="Five windows.")
    write_result(session.path, analyze(session).with_verdicts([passed]))
    return made, session


def test_figures_are_those_of_the_result(run):
    _, session = run
    head, result = meta(session), session.result()
    assert head["score_j"] == result.energy_per_inference_j.median
    assert head["U_j"] == result.energy_per_inference_j.U
    assert head["score"].replace("\u202f", " ").startswith("4120 µJ per inference ± ")
    assert (head["verdict"], head["valid"]) == ("VALID", True)
    assert [one["energy_j"] for one in head["windows"]] == [one.energy_j for one in result.windows]
    assert [one["U_j"] for one in head["windows"]] == [one.uncertainty.U for one in result.windows]
    assert [one["id"] for one in head["verdicts"]] == ["five-windows"]
    json.dumps(head, allow_nan=False)


def test_the_trace_the_run_and_the_calendar_are_tied_together(run):
    made, session = run
    head = meta(session)
    assert head["time_zero"] == "the first sample"
    assert head["run_zero_s"] == pytest.approx(-5.0, abs=head["u_zero_s"])
    assert head["utc_at_zero_ns"] == pytest.approx(UTC_NS + 5e9, abs=head["u_zero_s"] * 1e9 + 1)
    assert 0 < head["u_zero_s"] < 0.1
    assert head["length"] == len(made.samples[0])
    assert head["period_s"] == made.setup.period_s
    assert [one["name"] for one in head["signals"]] == ["power"]
    for window, truth in zip(head["windows"], made.truth, strict=True):
        assert window["start_s"] == pytest.approx(truth.start_s, abs=window["edge_s"] + 1e-9)
        assert window["stop_s"] == pytest.approx(truth.stop_s, abs=window["edge_s"] + 1e-9)


def test_recorded_signals_are_named_after_the_power(tmp_path):
    head = meta(make_run(by_laps=True, windows=1).write(tmp_path / "s"))
    assert [(one["name"], one["unit"], one["recorded"]) for one in head["signals"]] == [
        ("power", "W", False),
        ("current", "A", True),
        ("voltage", "V", True),
    ]


def test_an_accuracy_run(tmp_path):
    session = accuracy_session(tmp_path)
    write_result(session.path, analyze(session))
    head = meta(session)
    assert "Top-1" in head["score"]
    assert (head["time_zero"], head["run_zero_s"], head["length"]) == ("the beginning of the run", 0.0, 0)
    assert any("no samples were recorded in accuracy mode" in problem for problem in head["problems"])


def test_without_a_calendar_there_is_no_time_of_day(tmp_path):
    assert meta(energy_session(tmp_path))["utc_at_zero_ns"] is None


def test_what_layers_have_read_is_not_read_again(run, monkeypatch):
    _, session = run
    own = layers(session)
    own.table()
    monkeypatch.setattr("energy_runner.viewer.layers.seen.gather", None)
    assert meta(session, layers=own)["windows"]


def test_a_score_that_was_withheld_says_why(tmp_path):
    session = energy_session(tmp_path, lost=400)
    write_result(session.path, analyze(session))
    head = meta(session)
    assert head["score"] is None
    assert "400 of 2000" in head["why"]
    assert head["findings"]


def test_papers_that_are_there_are_linked(run, tmp_path):
    _, session = run
    assert meta(session)["links"] == {}
    (session.path / "report.html").write_text("<p>report", "utf-8")
    assert meta(session)["links"] == {"report": "report"}
    assert report_of(session) == session.path / "report.html"


def test_a_certificate_beside_the_sessions_is_found_by_the_seal(run, tmp_path, monkeypatch):
    _, session = run
    sealed = write_sealed(session.path, session.record)
    session = Session.open(session.path)
    assert certificate_of(session) is None
    held = [_held(tmp_path, "ER-1", "other"), _held(tmp_path, "ER-2", sealed.seal.sha256)]
    monkeypatch.setattr(
        "energy_runner.certificate.catalogue.read_catalogue", lambda _: type("Catalogue", (), {"held": held})
    )
    (tmp_path / "certificates").mkdir(exist_ok=True)
    assert certificate_of(session) == tmp_path / "certificates" / "ER-2" / "certificate.pdf"
    assert meta(session)["links"] == {"certificate": "certificate"}


def _held(parent, name, facts_sha256):
    folder = parent / "certificates" / name
    folder.mkdir(parents=True)
    (folder / "certificate.pdf").write_bytes(b"%PDF")
    session = type("Evidence", (), {"facts_sha256": facts_sha256})
    return type("Held", (), {"folder": folder, "certificate": type("Facts", (), {"session": session})})


def test_files_that_lead_out_of_the_folder_are_named(run, tmp_path):
    _, session = run
    outside = tmp_path / "outside.html"
    outside.write_text("secret", "utf-8")
    (session.path / "report.html").symlink_to(outside)
    (session.path / "stream.bin").symlink_to("stream.bin")
    assert linked_files(session.path) == ["stream.bin", "report.html"]
    head = meta(session)
    assert head["links"] == {}
    assert any(problem.startswith("report.html: is a link") for problem in head["problems"])


def test_devices_say_what_they_are_and_which_are_twins(tmp_path):
    run = make_run(windows=1)
    identity = {"make": "ST", "model": "LPM01A", "serial": 12, "firmware": None, "virtual": True}
    run.insert(ev.DeviceIdentified(t_ns=host_ns(-4.5), box="monitor", identity=identity))
    (device,) = meta(run.write(tmp_path / "s"))["instruments"]
    assert device == {
        "name": "monitor",
        "make": "ST",
        "model": "LPM01A",
        "serial": "12",
        "firmware": "None",
        "virtual": True,
    }


def test_a_record_of_another_run_changes_nothing_that_is_shown_of_the_journal(run):
    _, session = run
    write_record(session.path, session.record.model_copy(update={"stimuli": []}))
    head = meta(Session.open(session.path))
    assert len(head["windows"]) == 5

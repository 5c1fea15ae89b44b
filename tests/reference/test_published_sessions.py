# SPDX-License-Identifier: Apache-2.0
"""Every shared published session comes out again, field by field, to the last printed digit."""

import json
import shutil
from pathlib import Path

import pytest

from energy_runner.cli.audit_command import AuditOutput, audit_command
from energy_runner.published.audit import audit
from energy_runner.published.compare import compare_figures
from energy_runner.published.contents import load
from energy_runner.published.discover import Found, discover
from energy_runner.published.importing import import_and_compare
from energy_runner.published.read import read
from energy_runner.published.reproduce.session import reproduce
from energy_runner.published.row import AuditRow
from energy_runner.published.words import phrases
from energy_runner.rules import evaluate

ENERGY = "v0.7/closed/STMicroelectronics/results/NUCLEO_L4R5ZI/kws/energy"
OTHER = "v1.3/closed/STMicroelectronics/results/NUCLEO_U385RG_Q/kws/energy"
FIGURES = {  # as many as a session of each kind prints, by runner and mode
    ("EEMBC EnergyRunner", "energy"): 47,
    ("EEMBC EnergyRunner", "performance"): 21,
    ("EEMBC EnergyRunner", "accuracy"): 2,
    ("MLCommons runner", "energy"): 26,
    ("MLCommons runner", "performance"): 21,
    ("MLCommons runner", "accuracy"): 2,
}


@pytest.fixture(scope="module")
def found(reference: Path) -> list[Found]:
    return discover(reference / "sessions")


@pytest.fixture(scope="module")
def rows(reference: Path) -> dict[str, AuditRow]:
    return {row.session: row for row in audit([reference / "sessions"])}


def test_all_shared_sessions_are_found(found: list[Found], reference: Path) -> None:
    logs = {path.parent for path in (reference / "sessions").rglob("*log.txt")}
    assert {one.folder for one in found} == logs
    assert len(found) >= 17


def test_every_figure_of_every_session_is_reproduced(found: list[Found]) -> None:
    for one in found:
        session = read(load(one))
        compared = compare_figures(session.figures, reproduce(session))
        assert compared.exact, (one.name, phrases(compared, "its data"))
        assert compared.compared == FIGURES[session.runner, session.mode], one.name
        assert not [note.detail for note in session.notes if note.wrong], one.name


def test_our_own_figure_stands_beside_the_published_one(rows: dict[str, AuditRow]) -> None:
    for row in rows.values():
        assert row.published == row.reproduced
        assert row.ours == pytest.approx(row.published, rel=5e-4), row.session
        assert row.basis == "measured"
        if row.mode == "energy":
            assert row.ours_u is not None
            assert abs(row.ours - row.published) < row.ours_u


def test_the_audit_command_gives_the_rows_as_json(reference: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit_command([reference / "sessions/v0.7"], output=AuditOutput(as_json=True)) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert len(rows) == 8
    assert all(row["published"] == row["reproduced"] for row in rows)
    assert {row["state"] for row in rows} == {"holds"}


def test_labels_given_agree_with_those_by_name(reference: Path, rows: dict[str, AuditRow]) -> None:
    folder = reference / "sessions/v0.7/closed/STMicroelectronics/results/NUCLEO_L4R5ZI/kws/accuracy"
    (given,) = audit([folder], reference / "stimuli")
    by_name = rows[folder.relative_to(reference / "sessions").as_posix()]
    assert given.ours == by_name.ours
    assert [one.text for one in by_name.findings] == ["classes by file names"]
    assert given.findings == []


@pytest.mark.parametrize("name", [ENERGY, OTHER])
def test_an_imported_session_has_the_result_of_the_audit(
    reference: Path, rows: dict[str, AuditRow], tmp_path: Path, name: str
) -> None:
    session, row = import_and_compare(reference / "sessions" / name, tmp_path / "out")
    score = evaluate(session).energy_per_inference_j
    assert score is not None
    assert row.ours == rows[name].ours == score.median * 1e6
    assert row.ours_u == score.U * 1e6
    assert session.record.origin is not None
    assert session.record.origin.session.endswith(name)


@pytest.mark.parametrize("place", range(11))
def test_an_edge_lost_from_a_real_session_is_made_up_for(
    reference: Path, rows: dict[str, AuditRow], tmp_path: Path, place: int
) -> None:
    folder = tmp_path / "kws/energy"
    shutil.copytree(reference / "sessions" / ENERGY, folder, copy_function=shutil.copy)
    folder.chmod(0o755)
    file = folder / "trace1-timestamps.json"
    file.chmod(0o644)
    stamps = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps(stamps[:place] + stamps[place + 1 :]), "utf-8")
    (row,) = audit([folder])
    # The median of four windows is not that of five; these differ by 0.2 % at most.
    assert row.corrected == pytest.approx(rows[ENERGY].ours, rel=1e-3)
    assert row.state in {"does-not-reproduce", "doubtful"}
    assert any("edge missing: 10 timestamps, 11 expected" in finding.text for finding in row.findings)
    assert any("the corrected figure is" in finding.text for finding in row.findings)

# SPDX-License-Identifier: Apache-2.0
"""Exported sessions: what the official checker reads of them, and nothing else."""

import re

import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.rules import evaluate
from energy_runner.session.folder import Session
from energy_runner.submission.export import export_mlperf
from energy_runner.wording import rounded
from tests.support.mlperf_oracle import read_tree
from tests.support.submissions import everything, made, options, write_all


def test_the_checker_reads_exactly_our_figures(sessions, tmp_path):
    export = export_mlperf(options(sessions, tmp_path))
    results = {path.name.split("-")[1]: evaluate(Session.open(path)) for path in sessions}
    for version in ("v1.3", "v1.4"):
        reading = read_tree(tmp_path / "out", version)
        assert reading.wrong == []
        ((place, row),) = reading.rows.items()
        assert place == ("closed", "Acme", "board_a", "ic")
        assert row.accuracy == results["accuracy"].accuracy.value
        assert row.throughput == results["performance"].throughput_per_s
        assert row.energy == pytest.approx(results["energy"].energy_per_inference_j.median * 1e6, rel=1e-15)
        assert row.system["Status"] == "Available"
        assert "1.8 V" in row.system["Hardware Notes"]
    assert {f.value for f in export.figures} == {row.accuracy, row.throughput, row.energy}
    assert sorted(export.files) == sorted(everything(tmp_path / "out"))
    assert export.deviations == ()


@pytest.mark.deep
def test_all_benchmarks_in_one_tree(sessions, shapes, tmp_path):
    named = [*sessions, *(path for paths in shapes.values() for path in paths)]
    export = export_mlperf(options(named, tmp_path))
    reading = read_tree(tmp_path / "out")
    assert reading.wrong == []
    assert {place[3] for place in reading.rows} == {"ad", "ic", "ic2", "kws", "vww"}
    assert any("v1.3 refuses" in remark for remark in export.remarks)
    assert [wrong for wrong in read_tree(tmp_path / "out", "v1.3").wrong if "ic2" not in wrong] == []
    checklist = (tmp_path / "out/closed/Acme/systems/board_a_checklist_DRAFT.md").read_text("ascii")
    for figure in export.figures:
        assert f"{figure.run}: {figure.text}" in checklist


def test_ic02_needs_ic01_beside_it(shapes, tmp_path):
    with pytest.raises(ConfigurationError, match="ic02 may only be submitted together with ic01"):
        export_mlperf(options(shapes["ic02"], tmp_path))


def test_energy_is_optional_the_other_modes_are_not(sessions, tmp_path):
    export = export_mlperf(options(sessions[:2], tmp_path))
    assert any("no energy" in remark for remark in export.remarks)
    assert read_tree(tmp_path / "out").wrong == []
    for left_out, mode in ((0, "accuracy"), (1, "performance")):
        rest = [path for number, path in enumerate(sessions) if number != left_out]
        with pytest.raises(ConfigurationError, match=f"ic01: no session in {mode} mode"):
            export_mlperf(options(rest, tmp_path, out=tmp_path / "other"))
    assert not (tmp_path / "other").exists()


def test_same_sessions_same_bytes(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path, out=tmp_path / "a"))
    export_mlperf(options(list(reversed(sessions)), tmp_path, out=tmp_path / "b"))
    assert everything(tmp_path / "a") == everything(tmp_path / "b")


def test_the_uncertainty_stands_beside_the_energy(sessions, tmp_path):
    export_mlperf(options(sessions, tmp_path))
    score = evaluate(Session.open(sessions[2])).energy_per_inference_j
    text = (tmp_path / "out/closed/Acme/results/board_a/ic/energy/results.txt").read_text("ascii")
    (found,) = re.findall(r"Expanded uncertainty U = ([\d.]+) uJ/inf\. \(k = ", text)
    assert found == rounded(1e6 * score.median, 1e6 * score.U)[1]
    assert ("uncertainty incomplete" in text) == bool(score.incomplete)
    assert text in (tmp_path / "out/closed/Acme/results/board_a/ic/energy/log.txt").read_text("ascii")


def test_a_stored_result_is_not_believed(sessions, tmp_path):
    run = made("energy")
    (path,) = write_all(tmp_path, run)
    (path / "result.json").write_text('{"valid": true, "energy_per_inference_j": {"median": 1e-9}}')
    export = export_mlperf(options([*sessions[:2], path], tmp_path))
    assert next(f for f in export.figures if f.run == "ic01 energy").value > 1000

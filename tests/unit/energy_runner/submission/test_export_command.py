# SPDX-License-Identifier: Apache-2.0
"""The command `export mlperf`: what it prints, and what it says is missing."""

from pathlib import Path

import pytest

from energy_runner.cli.export_commands import export_mlperf_command
from energy_runner.errors import ExitStatus, RunnerError
from tests.support.submissions import MODES, everything, form, short_windows, strict


def test_the_command_prints_one_document(sessions, tmp_path, capsys):
    status = export_mlperf_command(
        sessions, tmp_path / "out", org="Acme", system="board_a", system_file=form(tmp_path), as_json=True
    )
    assert status == ExitStatus.VALID
    document = strict(capsys.readouterr().out.encode("ascii"))
    assert [figure["run"] for figure in document["figures"]] == [f"ic01 {mode}" for mode in MODES]
    assert all(float(figure["text"]) == figure["value"] for figure in document["figures"])
    assert sorted(document["files"]) == sorted(everything(tmp_path / "out"))


def test_the_command_says_what_it_excused(tmp_path, capsys):
    paths = short_windows(tmp_path)
    status = export_mlperf_command(
        paths, tmp_path / "out", org="Acme", system="board_a", open_=True, system_file=form(tmp_path)
    )
    assert status == ExitStatus.VALID
    said = capsys.readouterr()
    assert "exported despite ic01 energy: rule 'window-length'" in said.err
    assert "ic01 energy: " in said.out
    assert (tmp_path / "out/open").is_dir()


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"out": None}, "--out is needed"),
        ({"system_file": None}, "--new-system"),
        ({"sessions": []}, "no session was given"),
        ({"new_system": Path("x.toml")}, "only writes an empty form"),
        ({"rule_set": "mlperf-tiny-9"}, "unknown rule set"),
    ],
)
def test_the_command_says_what_is_missing(changes, what, sessions, tmp_path):
    given_ = {"sessions": sessions, "out": tmp_path / "out", "org": "Acme", "system": "b", **changes}
    given_.setdefault("system_file", form(tmp_path))
    with pytest.raises(RunnerError, match=what) as refused:
        export_mlperf_command(given_.pop("sessions"), given_.pop("out"), **given_)
    assert refused.value.status is ExitStatus.USAGE

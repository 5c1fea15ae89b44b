# SPDX-License-Identifier: Apache-2.0
"""Where sessions are: their names, folders, links, and what the folders tell."""

import os
from pathlib import Path

import pytest

from energy_runner.published.discover import discover
from tests.support.published_sessions import write_eembc, write_performance


def names(root: Path) -> list[str]:
    return [found.name for found in discover(root)]


def test_sessions_are_found_under_all_their_names(tmp_path: Path) -> None:
    write_eembc(tmp_path / "closed/a/results/board/kws/energy")
    (tmp_path / "closed/a/results/board/kws/energy/._log.txt").write_bytes(b"\x00\x05\x16\x07")
    odd = tmp_path / "closed/b/results/board/ic/enegy"
    odd.mkdir(parents=True)
    (odd / "energy_log.txt").write_text("00001.000 session: m-session-start-id[1]", "utf-8")
    (odd / "energy_script.txt").write_text("", "utf-8")
    only = tmp_path / "closed/c/results/board/ad/accuracy"
    only.mkdir(parents=True)
    (only / "accuracy_results.txt").write_text("", "utf-8")
    assert names(tmp_path) == [
        "closed/a/results/board/kws/energy",
        "closed/b/results/board/ic/enegy",
        "closed/c/results/board/ad/accuracy",
    ]
    found = {one.name: one for one in discover(tmp_path)}
    assert {
        role: [path.name for path in paths]
        for role, paths in found["closed/b/results/board/ic/enegy"].files.items()
    } == {
        "log": ["energy_log.txt"],
        "script": ["energy_script.txt"],
    }
    assert found["closed/b/results/board/ic/enegy"].mode == "energy"
    assert found["closed/c/results/board/ad/accuracy"].benchmark == "ad01"


def test_two_sessions_may_share_a_folder(tmp_path: Path) -> None:
    both = tmp_path / "kws"
    write_eembc(both)
    for name in ("log.txt", "results.txt", "script.async"):
        (both / name).rename(both / f"energy_{name}")
        (both / f"performance_{name}").write_text("", "utf-8")
    assert names(tmp_path) == ["kws/energy_log.txt", "kws/performance_log.txt"]
    energy, performance = discover(tmp_path)
    assert "trace" in energy.files
    assert "trace" not in performance.files


def test_a_folder_that_is_a_session_itself_is_found(tmp_path: Path) -> None:
    write_eembc(tmp_path / "energy")
    assert names(tmp_path / "energy") == ["."]


def test_other_files_are_no_sessions(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/log.txt").write_text("a diary", "utf-8")
    (tmp_path / "code/CMakeLists.txt").write_text("", "utf-8")
    (tmp_path / ".git").mkdir()
    write_eembc(tmp_path / ".git/energy")
    own = tmp_path / "ours"
    own.mkdir()
    for name in ("record.json", "journal.jsonl", "results.txt", "log.txt"):
        (own / name).write_text("", "utf-8")
    assert names(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_links_to_folders_are_not_followed_and_those_that_lead_out_are_told(tmp_path: Path) -> None:
    write_eembc(tmp_path / "repo/kws/energy")
    write_eembc(tmp_path / "elsewhere/energy")
    (tmp_path / "repo/again").symlink_to(tmp_path / "repo/kws")
    (tmp_path / "repo/out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "repo/kws/up").symlink_to(tmp_path / "repo")
    assert names(tmp_path / "repo") == ["kws/energy", "out"]
    assert discover(tmp_path / "repo")[1].reason == "a link out of the folder, not followed"


def test_a_folder_that_cannot_be_entered_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_eembc(tmp_path / "a/energy")
    (tmp_path / "b").mkdir()
    scandir = os.scandir

    def closed(path: str) -> object:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert [(found.name, found.reason) for found in discover(tmp_path)] == [
        ("a/energy", ""),
        ("b", "cannot be read (Permission denied)"),
    ]


def test_folders_tell_mode_and_benchmark(tmp_path: Path) -> None:
    write_eembc(tmp_path / "closed/keyword_spotting/enegy")
    write_eembc(tmp_path / "closed/other/x")
    told = {found.name: (found.benchmark, found.mode) for found in discover(tmp_path)}
    assert told == {"closed/keyword_spotting/enegy": ("kws01", "energy"), "closed/other/x": (None, None)}


def test_performance_sessions_beside_are_known_and_those_outside_are_not(tmp_path: Path) -> None:
    write_eembc(tmp_path / "kws/energy")
    results = write_performance(tmp_path / "kws/perf", [(0, 11_700_000)]) / "results.txt"
    write_performance(tmp_path / "ic/performance", [(0, 11_700_000)])
    assert {found.name: found.beside for found in discover(tmp_path)} == {
        "kws/energy": (results,),
        "kws/perf": (results,),
        "ic/performance": (tmp_path / "ic/performance/results.txt",),
    }
    assert [found.beside for found in discover(tmp_path / "kws/energy")] == [()]

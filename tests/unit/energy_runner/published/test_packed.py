# SPDX-License-Identifier: Apache-2.0
"""Archives and Git LFS pointers are named once, and never opened."""

import shutil
from pathlib import Path

import pytest

from energy_runner.errors import SessionError
from energy_runner.published.audit import audit
from tests.support.published_sessions import write_eembc

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


def test_pointers_of_several_files_are_one_finding(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "kws/energy")
    for name in ("trace1-energy.bin", "trace1-timestamps.json"):
        (folder / name).write_text(POINTER, "utf-8")
    (row,) = audit([tmp_path])
    assert [one.id for one in row.findings if one.severity != "informs"] == ["lfs-pointer"]
    (cause,) = [one for one in row.findings if one.id == "lfs-pointer"]
    assert "trace1-energy.bin, trace1-timestamps.json. Try: git lfs pull" in cause.text
    assert {one.because_of for one in row.findings if one.id.endswith("-absent")} == {"lfs-pointer"}
    assert (row.state, row.published, row.reproduced, row.ours) == ("cannot-be-judged", 4724.875, None, None)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("kws/energy.zip", True),
        ("kws/energy/session.tar.gz", True),
        ("results/board/ad/energy/e.7z", True),
        ("v1.2/closed/acme.tar.gz", True),
        ("v1.2/open/acme/results/board.zip", True),
        ("v1.2/closed/acme/code/results/source.zip", False),
        ("v1.2/closed/acme/manual.zip", False),
        ("code/kws/source.zip", False),
        ("docs/manual.zip", False),
        ("kws/energy/readme.txt", False),
    ],
)
def test_an_archive_where_a_session_should_be_has_a_row(tmp_path: Path, path: str, told: bool) -> None:
    write_eembc(tmp_path / "ic/energy")
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_bytes(b"PK\x03\x04")
    rows = {row.session: row for row in audit([tmp_path])}
    assert (path in rows) is told
    if told:
        assert rows[path].state == "cannot-be-judged"
        assert [one.id for one in rows[path].findings] == ["archive"]


def test_an_archive_beside_a_whole_session_only_informs(tmp_path: Path) -> None:
    folder = write_eembc(tmp_path / "kws/energy")
    shutil.make_archive(str(folder / "all"), "zip", folder)
    (row,) = audit([tmp_path])
    assert row.state == "holds"
    assert [(one.id, one.severity) for one in row.findings] == [("archive", "informs")]


@pytest.mark.parametrize("given", [".", "acme.tar.gz"])
def test_archives_alone_are_named(tmp_path: Path, given: str) -> None:
    (tmp_path / "acme.tar.gz").write_bytes(b"x")
    with pytest.raises(SessionError, match=r"Archives are not opened: acme\.tar\.gz\. Try: unpack them"):
        audit([tmp_path / given])

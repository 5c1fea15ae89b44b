# SPDX-License-Identifier: Apache-2.0
"""A certificate is written as a whole or not at all, and takes the place of nothing."""

import os
from pathlib import Path

import pytest

from energy_runner.certificate.register import put_certificate, put_revocation
from energy_runner.errors import BenchFault, ConfigurationError
from tests.support.disk_faults import DiskFaults

FILES = {"certificate.json": b"{}", "certificate.pdf": b"%PDF" * 1000}


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_all_files_are_there_under_the_id(tmp_path: Path) -> None:
    folder = put_certificate(tmp_path / "new" / "out", "ER-1", FILES)
    assert folder == tmp_path / "new" / "out" / "ER-1"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["ER-1"]


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    put_certificate(tmp_path, "ER-1", FILES)
    with pytest.raises(ConfigurationError, match="was issued already, and nothing is overwritten"):
        put_certificate(tmp_path, "ER-1", {"certificate.json": b"other"})
    assert (tmp_path / "ER-1" / "certificate.json").read_bytes() == b"{}"
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(ConfigurationError, match="is a file, not a folder"):
        put_certificate(tmp_path / "file", "ER-1", FILES)


@pytest.mark.parametrize("kind", ["EIO", "ENOSPC", "short"])
def test_a_disk_that_fails_at_any_call_leaves_all_or_nothing(tmp_path: Path, kind: str) -> None:
    calls = DiskFaults()
    with calls.patched():
        put_certificate(tmp_path / "good", "ER-1", FILES)
    assert len(calls.log) >= 2 * len(FILES) + 2
    for at in range(len(calls.log)):
        out = tmp_path / f"{at}"
        with DiskFaults(kind, at).patched(), pytest.raises(BenchFault, match="cannot be written"):
            put_certificate(out, "ER-1", FILES)
        left = [name for name in everything(out) if not name.startswith("ER-1")]
        assert left == [], at
        names = sorted(path.name for path in (out / "ER-1").iterdir()) if (out / "ER-1").exists() else []
        assert names in ([], sorted(FILES)), at


def test_a_revocation_is_written_once(tmp_path: Path) -> None:
    assert put_revocation(tmp_path, b"first").name == "revocation.json"
    with pytest.raises(ConfigurationError, match="revoked already"):
        put_revocation(tmp_path, b"second")
    assert everything(tmp_path) == ["revocation.json"]
    assert (tmp_path / "revocation.json").read_bytes() == b"first"


@pytest.mark.skipif(os.name == "nt", reason="making links needs a privilege on Windows")
def test_a_revocation_follows_no_link(tmp_path: Path) -> None:
    target, folder = tmp_path / "target", tmp_path / "ER-1"
    folder.mkdir()
    (folder / "revocation.json").symlink_to(target)
    with pytest.raises(ConfigurationError, match="revoked already"):
        put_revocation(folder, b"data")
    assert not target.exists()


def test_a_disk_that_fails_leaves_no_half_revocation(tmp_path: Path) -> None:
    for at in range(2):
        with DiskFaults("ENOSPC", at).patched(), pytest.raises(BenchFault, match="free disk space"):
            put_revocation(tmp_path, b"data")
        assert everything(tmp_path) == []


@pytest.mark.parametrize("other", ["folder", "link"])
@pytest.mark.skipif(os.name == "nt", reason="making links needs a privilege on Windows")
def test_of_two_at_once_the_later_one_is_told_that_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    if other == "folder":
        put_certificate(tmp_path, "ER-1", FILES)
    else:
        (tmp_path / "ER-1").symlink_to("nowhere")
    monkeypatch.setattr("energy_runner.certificate.register.check_free", lambda out, certificate_id: None)
    before = everything(tmp_path)
    with pytest.raises(ConfigurationError, match="was issued already"):
        put_certificate(tmp_path, "ER-1", {"certificate.json": b"other"})
    assert everything(tmp_path) == before


def test_ctrl_c_at_any_file_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("energy_runner.session.disk.sync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        put_certificate(tmp_path, "ER-1", FILES)
    assert everything(tmp_path) == []

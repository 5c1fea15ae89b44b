# SPDX-License-Identifier: Apache-2.0
"""A published session as facts of one of ours: its files are hashed only where they are asked for."""

import hashlib
from pathlib import Path

from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.published.conversion.convert import convert
from energy_runner.published.model import EEMBC, InferCommand, PublishedSession


def session(*files: Path) -> PublishedSession:
    commands = [InferCommand("a.bin", 0, 490, 100, 1, sent_ms=0)]
    definition = load_benchmark("kws01")
    return PublishedSession(
        Path("x"), EEMBC, "performance", "kws01", definition=definition, commands=commands, files=list(files)
    )


def test_files_are_hashed_only_where_they_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_bytes(b"a log")
    made = session(tmp_path / "log.txt", tmp_path / "gone.txt")
    (plain,) = convert([made], "id", path="a/b")
    (hashed,) = convert([made], "id", path="a/b", with_hashes=True)
    assert plain.record.origin is not None
    assert hashed.record.origin is not None
    assert plain.record.origin.files == []
    assert [(file.name, file.size, file.sha256) for file in hashed.record.origin.files] == [
        ("log.txt", 5, hashlib.sha256(b"a log").hexdigest())
    ]
    assert not plain.record.virtual


def test_each_version_of_a_session_has_facts_of_its_own(tmp_path: Path) -> None:
    first, second = convert([session(), session()], "id", path="a/b")
    assert first.record == second.record
    assert first.samples is None

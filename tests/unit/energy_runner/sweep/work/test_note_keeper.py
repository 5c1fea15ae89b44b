# SPDX-License-Identifier: Apache-2.0
"""A note that the disk refuses is written later, and said once."""

import errno
from pathlib import Path

import pytest

from energy_runner.session import disk
from energy_runner.sweep.catalogue import Lease, Outcome
from energy_runner.sweep.notes import read_notes
from energy_runner.sweep.work.note_keeper import NoteKeeper

DONE = Outcome("completed", "done", valid=True)


def _lease(number: int) -> Lease:
    return Lease("n1", number, 1, number, "point", 1, {}, "pc:1-a", "left")


def test_a_full_disk_delays_notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    keeper = NoteKeeper(tmp_path, told.append)
    keeper.keep("first", _lease(1), DONE, accepted=True)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(disk, "write_all", full)
        keeper.keep("second", _lease(2), DONE, accepted=True)
        keeper.keep("third", _lease(3), DONE, accepted=False)
        assert len(told) == 1
        assert "No space left" in told[0]
        keeper.close()
        assert told[1].startswith("2 notes are missing")
    assert [path.name for path, _ in read_notes(tmp_path)] == ["first.attempt.json"]
    keeper.keep("fourth", _lease(4), DONE, accepted=True)
    keeper.close()
    assert len(told) == 2
    assert len(list(read_notes(tmp_path))) == 4
    assert not list(tmp_path.glob("*.part"))

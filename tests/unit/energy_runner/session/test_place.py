# SPDX-License-Identifier: Apache-2.0
"""A session's folder is held while it is written: where it is now, and the room that is kept in it."""

import errno
from pathlib import Path

import pytest

from energy_runner.errors import BenchFault, ConfigurationError
from energy_runner.session import disk
from energy_runner.session.folder import Session, begin_session, write_sealed
from energy_runner.session.place import Place
from tests.support.synthetic import make_run

RECORD = make_run(period_s=0.1).record


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "s"
    path.mkdir()
    return path


def test_a_moved_folder_is_noticed_and_found_even_if_another_took_its_path(folder: Path, tmp_path: Path) -> None:
    place = Place(folder)
    place.check()
    assert place.now() == folder
    folder.rename(tmp_path / "elsewhere")
    for _ in range(2):
        with pytest.raises(BenchFault, match=r"was moved or removed during the run\. Try: leave it"):
            place.check()
        assert place.now() == tmp_path / "elsewhere"
        folder.mkdir(exist_ok=True)
    (tmp_path / "elsewhere").rmdir()
    with pytest.raises(BenchFault, match="was removed during the run"):
        place.now()
    place.close()
    place.close()


def test_room_is_kept_given_back_part_by_part_and_gone_at_the_end(folder: Path) -> None:
    place = Place(folder)
    place.keep_room()
    names = [path.name for path in folder.iterdir()]
    assert len(names) == 4
    assert place.give_room()
    assert len(list(folder.iterdir())) == 3
    place.close()
    assert not list(folder.iterdir())
    assert not place.give_room()


def test_the_room_of_the_record_is_what_the_completed_record_is_written_into(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = begin_session(folder, RECORD.model_copy(update={"outcome": "running"}))
    room = folder / ".record.json.tmp"
    kept = room.stat()
    assert kept.st_size > 65_536
    place.close()
    write_sealed(folder, RECORD)
    assert (folder / "record.json").stat().st_ino == kept.st_ino
    assert [path.name for path in folder.iterdir()] == ["record.json"]
    assert Session.open(folder).verified.intact


def test_on_a_disk_without_room_no_run_begins_and_nothing_is_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in (0, 20_000, 66_000, 70_000, 100_000):
        left = limit

        def write(file, data: bytes) -> int:
            nonlocal left
            taken = min(len(data), left)
            if not taken:
                raise OSError(errno.ENOSPC, "No space left on device")
            left -= taken
            return file.write(bytes(data)[:taken])

        monkeypatch.setattr(disk, "write", write)
        with pytest.raises(ConfigurationError, match=r"no run can be recorded here .*[Tt]ry: free disk space"):
            begin_session(folder, RECORD)
        assert not [path.name for path in folder.iterdir()], limit

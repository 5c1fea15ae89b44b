# SPDX-License-Identifier: Apache-2.0
"""The folder of a session that is being written: held while a run lasts, wherever somebody moves it.

Facts never go into another folder that took its path. Room for the last lines of the journal and for the completed
record is kept from the start, so that a full disk cannot keep a run from saying how it ended.
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from energy_runner.errors import BenchFault, ConfigurationError, in_words, remedy
from energy_runner.session import disk

_ROOMS = tuple(f".room-{number}" for number in range(1, 5))  # given back one by one: others may take one
_ROOM_BYTES = 16_384
_LITTLE = 65_536  # bytes that are free on a disk that is full
_F_GETPATH = 50  # macOS: fcntl that returns the path of a handle


class Place:
    """A session's folder as it was when the run began; close it when the run has ended."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle: int | None = None
        if hasattr(os, "O_DIRECTORY"):  # Windows moves no folder that holds open files
            with suppress(OSError):
                self._handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self._identity = _identity(folder)

    def check(self) -> None:
        """Raise `BenchFault` if the folder is no longer where it was."""
        if _identity(self._folder) != self._identity:
            raise BenchFault(
                f"{self._folder}: the session's folder was moved or removed during the run. "
                "Try: leave it where it is until the run has ended"
            )

    def now(self) -> Path:
        """Return where the folder is now; raises `BenchFault` if that is not known, as where it was removed."""
        for path in (self._folder, self._moved()):
            if path is not None and _identity(path) == self._identity:
                return path
        raise BenchFault(
            f"{self._folder}: the session's folder was removed during the run, and what was recorded with it"
        )

    def keep_room(self) -> None:
        """Keep room for the last lines of the journal; raises `ConfigurationError` if there is none."""
        keep_room([(self._folder / name, _ROOM_BYTES) for name in _ROOMS])

    def give_room(self) -> bool:
        """Give one part of the room back, for the journal; return False if there is none left."""
        with suppress(BenchFault):
            folder = self.now()
            for name in _ROOMS:
                if (folder / name).exists():
                    disk.give_room_back(folder / name)
                    return True
        return False

    def is_full(self) -> bool:
        """Return whether the disk has no room."""
        with suppress(OSError, BenchFault):
            return shutil.disk_usage(self.now()).free < _LITTLE
        return False

    def close(self) -> None:
        """Give all room back and release the folder; safe to call twice."""
        while self.give_room():
            pass
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _moved(self) -> Path | None:
        """Return the path of the folder that is held; None if the operating system does not tell."""
        if self._handle is None:
            return None
        with suppress(OSError, ImportError, ValueError):
            if Path("/proc/self/fd").is_dir():
                return Path(f"/proc/self/fd/{self._handle}").readlink()
            import fcntl

            path = fcntl.fcntl(self._handle, _F_GETPATH, b"\0" * 1024)
            return Path(os.fsdecode(path.partition(b"\0")[0]))
        return None


def keep_room(wanted: Sequence[tuple[Path, int]]) -> None:
    """Make files that keep room; raises `ConfigurationError`, and leaves none of them, if there is not enough."""
    try:
        for path, size in wanted:
            disk.keep_room(path, size)
    except OSError as error:
        for path, _ in wanted:
            disk.give_room_back(path)
        raise ConfigurationError(
            f"{wanted[0][0].parent}: no run can be recorded here ({in_words(error)}){remedy(error)}"
        ) from None


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino

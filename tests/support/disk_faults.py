# SPDX-License-Identifier: Apache-2.0
"""A disk that fails at one chosen call, is full after so many bytes, or loses power: patched into `disk`."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from unittest.mock import patch

from energy_runner.session import disk

CALLS = ("append_to", "write", "sync", "sync_folder", "replace")


@dataclass
class DiskFaults:
    """Call number `at` (from 0) fails by `kind`; `log` names the calls so far.

    "EIO" and "ENOSPC": the call fails. "short": a write takes half of the bytes, and the next one fails; any other
    call fails. "torn": a rename is done and fails all the same.
    """

    kind: str = ""
    at: int = -1
    log: list[str] = field(default_factory=list)

    @contextmanager
    def patched(self) -> Iterator[None]:
        """Let all calls of the session's files go through these faults while the body runs."""
        with patch.multiple(disk, **{name: self._counted(name, getattr(disk, name)) for name in CALLS}):
            yield

    def _counted(self, name: str, real: Any) -> Any:
        def counted(*given: Any) -> Any:
            self.log.append(name)
            number = len(self.log) - 1
            if number == self.at:
                self._fail(name, real, given)
            return real(*given)

        return counted

    def _fail(self, name: str, real: Any, given: tuple[Any, ...]) -> None:
        if self.kind == "short" and name == "write":
            real(given[0], bytes(given[1])[: len(given[1]) // 2])
        if self.kind == "torn" and name == "replace":
            real(*given)
        number = errno.EIO if self.kind == "EIO" else errno.ENOSPC
        raise OSError(number, os.strerror(number))


@dataclass
class SmallDisk:
    """A disk with room for `left` bytes more; what is given back can be written again."""

    left: int

    @contextmanager
    def patched(self) -> Iterator[None]:
        """Let all writes of the session's files count while the body runs."""
        written, given_back = disk.write, disk.give_room_back

        def write(file: BinaryIO, data: bytes | memoryview) -> int:
            size = os.fstat(file.fileno()).st_size
            begin = size if "a" in file.mode else file.tell()
            room = size - begin + self.left
            if room <= 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            count = written(file, bytes(data)[:room])
            self.left -= max(0, begin + count - size)
            return count

        def give_room_back(path: Path) -> None:
            self.left += path.stat().st_size if path.exists() else 0
            given_back(path)

        with patch.multiple(disk, write=write, give_room_back=give_room_back):
            yield


@dataclass
class PowerCut:
    """What a disk holds when the power fails: what was synced, and with `lies` not even that of the last sync."""

    lies: bool = False
    synced: dict[str, int] = field(default_factory=dict)
    before: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def patched(self) -> Iterator[None]:
        """Note what is synced while the body runs."""
        real = disk.sync

        def sync(file: BinaryIO) -> None:
            real(file)
            name = Path(str(file.name)).name
            self.before[name] = self.synced.get(name, 0)
            self.synced[name] = os.fstat(file.fileno()).st_size

        with patch.object(disk, "sync", sync):
            yield

    def cut(self, folder: Path) -> None:
        """Take from each growing file of a session what was not synced."""
        for name in ("journal.jsonl", "stream.bin"):
            path, kept = folder / name, (self.before if self.lies else self.synced).get(name, 0)
            if path.exists():
                os.truncate(path, min(kept, path.stat().st_size))

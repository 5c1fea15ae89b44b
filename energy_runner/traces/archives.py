# SPDX-License-Identifier: Apache-2.0
"""Zip archives of strangers: what is read of them is bounded, whatever they claim."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from energy_runner.errors import in_words
from energy_runner.traces.model import TraceFileError

MOST_MEMBERS = 4096
MOST_SMALL_BYTES = 1 << 20  # metadata
LARGEST_BYTES = 1 << 36  # of a member with samples, some 10^10 of them
# Readings have noise: deflate makes them some times smaller, hardly ever ten times.
BOMB_RATIO = 100
BOMB_BYTES = 1 << 26
_PIECE = 3 << 20
_END = b"PK\x05\x06"
_END_BYTES = 22 + (1 << 16)


class Archive:
    """A zip archive; raises `TraceFileError` for one that is damaged, or that would fill memory or disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._check_count(path)
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError) as error:
            raise TraceFileError(f"{path}: cannot be read as a zip archive ({in_words(error)[:120]})") from None
        self.names = self._zip.namelist()

    def small(self, name: str) -> bytes:
        """Return a whole member with metadata."""
        info = self._info(name)
        if info.file_size > MOST_SMALL_BYTES:
            raise TraceFileError(f"{self._path}: {name!r} has {info.file_size} bytes, too many for a description")
        return b"".join(self.pieces(name))

    def size(self, name: str) -> int:
        """Return the size of a member in bytes, as it claims."""
        return self._info(name).file_size

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield a member in pieces."""
        info = self._info(name)
        if info.file_size > LARGEST_BYTES or (
            info.file_size > BOMB_BYTES and info.file_size > BOMB_RATIO * max(1, info.compress_size)
        ):
            raise TraceFileError(
                f"{self._path}: {name!r} would unpack from {info.compress_size} to {info.file_size} bytes, "
                "which no recording does"
            )
        try:
            with self._zip.open(info) as file:
                while piece := file.read(_PIECE):
                    yield piece
        except (
            OSError,
            EOFError,
            RuntimeError,
            ValueError,
            NotImplementedError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            raise TraceFileError(f"{self._path}: {name!r} is damaged ({in_words(error)[:120]})") from None

    def close(self) -> None:
        """Release the file."""
        self._zip.close()

    def _info(self, name: str) -> zipfile.ZipInfo:
        try:
            return self._zip.getinfo(name)
        except KeyError:
            there = ", ".join(self.names[:10]) or "nothing"
            raise TraceFileError(f"{self._path}: holds no {name!r}, only {there[:200]}") from None

    @staticmethod
    def _check_count(path: Path) -> None:
        """Refuse an archive of very many members before its directory is read into memory."""
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _END_BYTES))
            tail = file.read()
        at = tail.rfind(_END)
        count = int.from_bytes(tail[at + 10 : at + 12], "little") if at >= 0 else 0
        if count > MOST_MEMBERS:
            raise TraceFileError(f"{path}: holds {count} files or more, which no recording does")

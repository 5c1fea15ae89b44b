# SPDX-License-Identifier: Apache-2.0
"""Read files out of a `.zip` or `.tar` archive that somebody else made.

Only files beside the label file are read, by their names, each up to a limit; no member is put where it wants to
be. What an archive unpacks to is counted while it is unpacked, also what is skipped.
"""

import bz2
import gzip
import lzma
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from energy_runner.errors import Argument, ConfigurationError
from energy_runner.wording import short_words, shown

ZIP, TAR = (".zip",), (".tar", ".tar.gz", ".tgz")
MOST_ARCHIVE_BYTES = 1 << 30  # also unpacked; about forty times the largest official set
MOST_MEMBERS = 100_000
MOST_MEMBER_BYTES = 64 << 20
_PACKED: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
}


class _BoundsError(Exception):
    """An archive holds more than is read of any."""


class _Archive:
    """Files in the same folder as the label file in an archive, by their names."""

    def __init__(self, where: str, files: dict[str, Callable[[int], bytes]]) -> None:
        self._where, self._files = where, files

    def read(self, name: str, most_bytes: int) -> bytes:
        if name not in self._files:
            raise ConfigurationError(f"{self._where}: holds no {shown(name)} next to its label file")
        with _one_line(self._where):
            return self._files[name](most_bytes + 1)


@contextmanager
def open_archive(file: Path, where: str, labels_file: str) -> Iterator[_Archive]:
    """Open an archive with one label file; raise `ConfigurationError` in one line, whatever is wrong with it."""
    opened = _opened_zip if where.lower().endswith(ZIP) else _opened_tar
    with opened(file, where, labels_file) as files:
        yield _Archive(where, files)


@contextmanager
def _one_line(where: str) -> Iterator[None]:
    """Say in one line what is wrong with an archive: damaged ones raise nearly every error that Python has."""
    try:
        yield
    except ConfigurationError:
        raise
    except Exception as error:
        why = shown(short_words(str(error)), 100) or "it is damaged"
        raise ConfigurationError(f"{where}: is not an archive that can be read ({why})") from None


def _folder(where: str, names: Iterable[PurePosixPath], labels_file: str) -> PurePosixPath:
    """Return the folder of the label file in an archive."""
    folders = sorted({path.parent for path in names if path.name == labels_file}, key=lambda one: len(one.parts))
    if not folders:
        raise ConfigurationError(f"{where}: holds no {labels_file}")
    if len(folders) > 1:
        some = ", ".join(shown(folder) for folder in folders[:3])
        raise ConfigurationError(
            f"{where}: holds more than one {labels_file} ({some}). Try: unpack it, and ", Argument("source", "DIR")
        )
    return folders[0]


Files = dict[str, Callable[[int], bytes]]


@contextmanager
def _opened_zip(file: Path, where: str, labels_file: str) -> Iterator[Files]:
    _check_count(where, _entries(file))
    with _one_line(where):
        archive = zipfile.ZipFile(file)
    with archive:
        members = archive.infolist()
        _check_count(where, len(members))
        regular = [one for one in members if not one.is_dir() and one.external_attr >> 28 != 0xA]  # 0xA: a link
        folder = _folder(where, (PurePosixPath(one.filename) for one in regular), labels_file)

        def reader(member: zipfile.ZipInfo) -> Callable[[int], bytes]:
            def read(count: int) -> bytes:
                with archive.open(member) as opened:
                    return opened.read(count)

            return read

        beside = [one for one in regular if PurePosixPath(one.filename).parent == folder]
        yield {PurePosixPath(one.filename).name: reader(one) for one in beside}


@contextmanager
def _opened_tar(file: Path, where: str, labels_file: str) -> Iterator[Files]:
    with tempfile.TemporaryDirectory(prefix="energy-runner-") as temporary:
        with _one_line(where):
            folder = _folder(where, [path for path, _ in _members_of_tar(file, where)], labels_file)
            files: Files = {}
            for number, (path, member) in enumerate(_members_of_tar(file, where)):
                if path.parent == folder:
                    copy = Path(temporary) / str(number)  # a name of our own, not the archive's
                    copy.write_bytes(member.read(MOST_MEMBER_BYTES + 1))
                    files[path.name] = _reader(copy)
        yield files


def _entries(file: Path) -> int:
    """Return at most how many members a zip archive lists: each has this mark, and zipfile keeps all in memory."""
    mark, found, rest = b"PK\x01\x02", 0, b""
    with file.open("rb") as archive:
        while block := archive.read(1 << 20):
            found += (rest + block).count(mark)
            rest = block[1 - len(mark) :]
    return found


def _reader(copy: Path) -> Callable[[int], bytes]:
    def read(count: int) -> bytes:
        with copy.open("rb") as file:
            return file.read(count)

    return read


def _check_count(where: str, members: int) -> None:
    if members > MOST_MEMBERS:
        raise ConfigurationError(
            f"{where}: holds more than {MOST_MEMBERS} files. Try: an archive of the stimuli only"
        )


@dataclass
class _Counted:
    """A stream that ends with an error after `left` bytes; tar reads it from the first byte to the last."""

    inner: Any
    left: int

    def read(self, count: int) -> bytes:
        data: bytes = self.inner.read(min(count, self.left + 1))
        self.left -= len(data)
        if self.left < 0:
            raise _BoundsError(f"more than {MOST_ARCHIVE_BYTES} bytes when unpacked")
        return data


def _members_of_tar(file: Path, where: str) -> Iterator[tuple[PurePosixPath, IO[bytes]]]:
    with file.open("rb") as packed:
        begins = packed.read(8)
        packed.seek(0)
        unpacked = next((make(packed) for mark, make in _PACKED.items() if begins.startswith(mark)), packed)
        counted: Any = _Counted(unpacked, MOST_ARCHIVE_BYTES)  # tar only reads it
        with tarfile.open(fileobj=counted, mode="r|") as archive:
            for number, info in enumerate(archive, start=1):
                _check_count(where, number)
                # A link has no bytes of its own, and the holes of a sparse file cost the archive nothing.
                member = archive.extractfile(info) if info.isreg() and not info.issparse() else None
                if member is not None:
                    yield PurePosixPath(info.name), member

# SPDX-License-Identifier: Apache-2.0
"""Sources of stimuli: a folder on the web, a local folder, or an archive. Each gives files by name.

Only names that the label file lists are ever requested, and each is read up to a limit; so what else an archive
holds, and the paths that its members claim, do not matter.
"""

import contextlib
import gzip
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Protocol
from urllib.parse import quote, urlsplit

from energy_runner.errors import Argument, ConfigurationError

ZIP, TAR = (".zip",), (".tar", ".tar.gz", ".tgz")
MOST_ARCHIVE_BYTES = 1 << 30  # unpacked; about forty times the largest official set
TIMEOUT_S = 30.0  # for a server to answer, and between two pieces of an answer


class Source(Protocol):
    """Something that holds files."""

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return at most `most_bytes` + 1 bytes of a file; raise `ConfigurationError` if it cannot be read."""


@contextmanager
def open_source(where: str, labels_file: str, *, timeout_s: float = TIMEOUT_S) -> Iterator[Source]:
    """Open the source that the user named; raise `ConfigurationError` if it is not a source of stimuli."""
    web = urlsplit(where).scheme in ("http", "https")
    path = urlsplit(where).path if web else where
    if not path.lower().endswith(ZIP + TAR):
        yield _Web(where, timeout_s) if web else _Folder(Path(where))
        return
    with contextlib.ExitStack() as stack:
        file = Path(where)
        if web:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="energy-runner-"))
            file = _download(where, Path(folder), "archive", timeout_s)
        yield stack.enter_context(_archive(file, where, labels_file))


class _Folder:
    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise ConfigurationError(
                Argument("source", str(path)), ": no such folder. Try: a folder, an archive, or a URL"
            )
        self._path = path

    def read(self, name: str, most_bytes: int) -> bytes:
        path = self._path / name
        try:
            with path.open("rb") as file:
                return file.read(most_bytes + 1)
        except OSError as error:
            raise ConfigurationError(f"{path}: cannot be read ({error.strerror or error})") from None


class _Web:
    def __init__(self, url: str, timeout_s: float) -> None:
        self._url, self._timeout_s = url.rstrip("/"), timeout_s

    def read(self, name: str, most_bytes: int) -> bytes:
        with tempfile.TemporaryDirectory(prefix="energy-runner-") as folder:
            path = _download(f"{self._url}/{quote(name)}", Path(folder), "file", self._timeout_s)
            with path.open("rb") as file:
                return file.read(most_bytes + 1)


def _download(url: str, folder: Path, name: str, timeout_s: float) -> Path:
    """Fetch a file into `folder` and return its path; raise `ConfigurationError` with the server's answer."""
    import logging

    import pooch
    import requests

    pooch.get_logger().setLevel(logging.ERROR)  # it would print the hash of each file
    try:
        fetched = pooch.retrieve(
            url, None, fname=name, path=folder, downloader=pooch.HTTPDownloader(timeout=timeout_s)
        )
    except requests.HTTPError as error:
        answer = error.response
        said = f"{answer.status_code} {answer.reason}" if answer is not None else str(error)
        raise ConfigurationError(f"{url}: the server answered {said}. Try: the folder that holds it") from None
    except requests.Timeout:
        raise ConfigurationError(f"{url}: the server was silent for {timeout_s:g} s. Try again later") from None
    except (requests.RequestException, OSError) as error:
        raise ConfigurationError(f"{url}: cannot be fetched ({type(error).__name__}). Try again") from error
    return Path(fetched)


class _Archive:
    """Files in the same folder as the label file in an archive."""

    def __init__(self, where: str, members: dict[str, bytes | None]) -> None:
        self._where, self._members = where, members

    def read(self, name: str, most_bytes: int) -> bytes:
        data = self._members.get(name)
        if data is None:
            raise ConfigurationError(f"{self._where}: holds no {name} next to its label file")
        return data[: most_bytes + 1]


@contextmanager
def _archive(file: Path, where: str, labels_file: str) -> Iterator[_Archive]:
    """Open an archive; its files are read into memory, `MOST_ARCHIVE_BYTES` in all."""
    kind = _members_of_zip if where.lower().endswith(ZIP) else _members_of_tar
    try:
        members = dict(kind(file))
    except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, RuntimeError) as error:
        raise ConfigurationError(f"{where}: is not an archive that can be read ({error})") from None
    folders = sorted({path.parent for path in members if path.name == labels_file}, key=lambda one: len(one.parts))
    if not folders:
        raise ConfigurationError(f"{where}: holds no {labels_file}")
    if len(folders) > 1:
        shown = ", ".join(str(folder) for folder in folders[:3])
        raise ConfigurationError(
            f"{where}: holds more than one {labels_file} ({shown}). Try: unpack it, and ",
            Argument("source", "DIR"),
        )
    yield _Archive(where, {path.name: data for path, data in members.items() if path.parent == folders[0]})


def _members_of_zip(file: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    left = MOST_ARCHIVE_BYTES
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            if info.is_dir() or info.external_attr >> 28 == 0xA:  # a link
                continue
            with archive.open(info) as member:
                data = member.read(left + 1)
            left = _less(left, data)
            yield PurePosixPath(info.filename), data


def _members_of_tar(file: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    left = MOST_ARCHIVE_BYTES
    with tarfile.open(file, "r:*") as archive:
        for info in archive:
            # A link has no bytes of its own, and the holes of a sparse file cost the archive nothing.
            member: IO[bytes] | None = archive.extractfile(info) if info.isreg() and not info.issparse() else None
            if member is not None:
                data = member.read(left + 1)
                left = _less(left, data)
                yield PurePosixPath(info.name), data


def _less(left: int, data: bytes) -> int:
    if len(data) > left:
        raise OSError(f"more than {MOST_ARCHIVE_BYTES} bytes when unpacked")
    return left - len(data)

# SPDX-License-Identifier: Apache-2.0
"""Sources of stimuli: a folder on the web, a local folder, or an archive. Each gives files by name.

Only names that the label file lists are ever requested, and each is read up to a limit; so what else an archive
holds, and the paths that its members claim, do not matter.
"""

import contextlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlsplit

from energy_runner.benchmarks.archives import MOST_ARCHIVE_BYTES, TAR, ZIP, open_archive
from energy_runner.benchmarks.download import Limits, download
from energy_runner.errors import Argument, ConfigurationError


class Source(Protocol):
    """Something that holds files."""

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return at most `most_bytes` + 1 bytes of a file; raise `ConfigurationError` if it cannot be read."""


@contextmanager
def open_source(where: str, labels_file: str, limits: Limits) -> Iterator[Source]:
    """Open the source that the user named; raise `ConfigurationError` if it is not a source of stimuli."""
    web = "://" in where
    try:
        path = urlsplit(where).path if web else where
    except ValueError:
        raise ConfigurationError(Argument("source", where), ": is not a URL. Try: https://HOST/FOLDER") from None
    if not path.lower().endswith(ZIP + TAR):
        yield _Web(where, limits) if web else _Folder(Path(where))
        return
    with contextlib.ExitStack() as stack:
        file = Path(where)
        if web:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="energy-runner-"))
            file = download(where, Path(folder), "archive", MOST_ARCHIVE_BYTES, limits)
        _check_size(file, where)
        yield stack.enter_context(open_archive(file, path, labels_file))


def _check_size(file: Path, where: str) -> None:
    if not file.is_file():
        raise ConfigurationError(Argument("source", where), ": no such file. Try: a folder, an archive, or a URL")
    if file.stat().st_size > MOST_ARCHIVE_BYTES:
        raise ConfigurationError(
            f"{where}: more than {MOST_ARCHIVE_BYTES} bytes. Try: an archive of the stimuli only"
        )


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
            if path.exists() and not path.is_file():  # a pipe would never end
                raise ConfigurationError(f"{path}: is not a file")
            with path.open("rb") as file:
                return file.read(most_bytes + 1)
        except OSError as error:
            raise ConfigurationError(f"{path}: cannot be read ({error.strerror or error})") from None


class _Web:
    def __init__(self, url: str, limits: Limits) -> None:
        self._url, self._limits = url.rstrip("/"), limits

    def read(self, name: str, most_bytes: int) -> bytes:
        with tempfile.TemporaryDirectory(prefix="energy-runner-") as folder:
            path = download(f"{self._url}/{quote(name)}", Path(folder), "file", most_bytes, self._limits)
            with path.open("rb") as file:
                return file.read(most_bytes + 1)

# SPDX-License-Identifier: Apache-2.0
"""A new file beside others: whole under its name, or not there. Nothing is overwritten, no link is followed.

What is written has a name of its own until it is whole. It is short, so that the longest name that a disk takes is
taken, and new for each file, so that two processes never write into one.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from energy_runner.errors import BenchFault, ConfigurationError, in_words, remedy
from energy_runner.session import disk
from energy_runner.session.folder import CLAIM, JOURNAL, RECORD, REPORT, RESULT, TRACE
from energy_runner.session.stream import STREAM
from energy_runner.session.thinned import THINNED
from energy_runner.wording import shown

_OF_A_SESSION = frozenset({CLAIM, JOURNAL, RECORD, REPORT, RESULT, STREAM, THINNED, TRACE})
_LONGEST = 200  # characters of a path in a message
_SHORT = 40  # characters of a name: whose an unfinished file is, should the process be killed


@contextmanager
def new_file(path: Path, kind: type[ConfigurationError] = ConfigurationError) -> Iterator[Path]:
    """Yield where to write; when the body ends, what is there becomes `path`, and when it raises, nothing is left.

    Raises `kind` for a name that is taken, or that a session needs for a file of its own; `BenchFault` if the
    disk refuses, or if there is no such folder.
    """
    _check(path, kind)
    temporary = path.with_name(f".{path.name[:_SHORT]}.{secrets.token_hex(6)}.tmp")
    try:
        try:
            yield temporary
            disk.sync_path(temporary)  # some disks refuse only now, and a power cut leaves no half of a file
            _take_name(temporary, path, kind)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
    except BenchFault as error:  # of a library, which knows no other name than the one it was given
        raise BenchFault(str(error).replace(str(temporary), str(path))) from None
    except OSError as error:
        raise BenchFault(f"{_said(path)}: cannot be written ({in_words(error)}){remedy(error)}") from None


def _check(path: Path, kind: type[ConfigurationError]) -> None:
    try:
        path.lstat()
    except ValueError:
        raise kind(f"{_said(path)}: cannot be the name of a file. Try: another name") from None
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as error:
        raise BenchFault(f"{_said(path)}: cannot be written ({in_words(error)}){remedy(error)}") from None
    else:
        raise kind(f"{_said(path)}: exists already, and nothing is overwritten. Try: another name")
    if not path.parent.is_dir():
        why = "is no folder" if path.parent.exists() else "does not exist"
        raise BenchFault(
            f"{_said(path)}: cannot be written, for {_said(path.parent)} {why}. "
            "Try: make the folder first, or another place"
        )
    if path.name in _OF_A_SESSION and (path.parent / RECORD).exists():
        raise kind(
            f"{_said(path)}: {path.name} is a file that the session in this folder has, or will have. "
            "Try: another name, or another folder"
        )


def _take_name(temporary: Path, path: Path, kind: type[ConfigurationError]) -> None:
    """Give the finished file its name, unless another process has taken it meanwhile."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise kind(f"{_said(path)}: exists by now, and nothing is overwritten. Try: another name") from None
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise kind(f"{_said(path)}: exists by now, and nothing is overwritten. Try: another name") from None
        temporary.replace(path)


def _said(path: Path) -> str:
    """Return a path for a message; of a very long one, its end is what tells it from others."""
    text = shown(path, 10 * _LONGEST)
    return text if len(text) <= _LONGEST else f"...{text[3 - _LONGEST :]}"

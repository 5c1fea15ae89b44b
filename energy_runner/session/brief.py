# SPDX-License-Identifier: Apache-2.0
"""What a session is in a few words, from its record and its result alone: neither journal nor trace is read."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from energy_runner.errors import RunnerError
from energy_runner.session.folder import RECORD, RESULT, Session
from energy_runner.session.result import Result

MOST_BYTES = 64 << 20  # of a record or a result; those of a run have some ten thousand


@dataclass(frozen=True)
class Brief:
    """A session folder at a glance.

    `session` is None where the record cannot be read, and `problem` says why. `result` is None where there is
    none, or none that can be read, of which `result_problem` tells. `written_ns` is when the record was last
    written, by the host's clock.
    """

    folder: Path
    session: Session | None = None
    result: Result | None = None
    written_ns: int = 0
    problem: str = ""
    result_problem: str = ""


def is_session(path: Path) -> bool:
    """Return whether a folder holds a record; raises `OSError` for one that cannot be looked into."""
    return (path / RECORD).is_file()


def sessions_in(folder: Path) -> Iterator[Path]:
    """Yield `folder` itself if it is a session, and each session right in it; raises `OSError`."""
    return (path for path in (folder, *folder.iterdir()) if is_session(path))


def brief_of(folder: Path) -> Brief:
    """Return what a session folder holds; what cannot be read is said, never raised."""
    try:
        _check_size(folder / RECORD)
        written_ns = (folder / RECORD).stat().st_mtime_ns
        session = Session.open(folder)
    except (RunnerError, OSError, ValueError, RecursionError) as error:
        return Brief(folder, problem=str(error))
    try:
        has_one = (folder / RESULT).is_file()
        if has_one:
            _check_size(folder / RESULT)
        return Brief(folder, session, session.result() if has_one else None, written_ns)
    except (RunnerError, OSError, ValueError, RecursionError) as error:
        return Brief(folder, session, written_ns=written_ns, result_problem=str(error))


def _check_size(path: Path) -> None:
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise OSError(f"{path}: holds {size} bytes, a session's at most {MOST_BYTES}. Try: look at what it is")

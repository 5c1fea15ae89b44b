# SPDX-License-Identifier: Apache-2.0
"""Sessions of the suite: the one that the virtual certificate is about, and others that are not it."""

import shutil
from collections.abc import Callable
from pathlib import Path

from energy_runner.session.folder import RECORD, REPORT, RESULT, Session, write_sealed
from energy_runner.session.seal import HTML_MARK, stamped
from tests.support.certificates import demo_session

TRACE, STREAM, JOURNAL = "trace.jls", "stream.bin", "journal.jsonl"


def write_session(name: str, folder: Path) -> Path:
    """Write a session of that name into a new folder, and return it."""
    shutil.copytree(demo_session().path, folder, ignore=shutil.ignore_patterns(".*", REPORT))
    SESSIONS[name](folder)
    return folder


def flip(path: Path, at: float, bit: int = 0x01) -> None:
    """Change one bit of a file; `at` is the place as a share of its length."""
    data = bytearray(path.read_bytes())
    data[int(at * (len(data) - 1))] ^= bit
    path.chmod(0o644)
    path.write_bytes(bytes(data))


def _as_it_is(folder: Path) -> None:
    pass


def _of_another_board(folder: Path) -> None:
    session = Session.open(folder)
    bench = {**session.record.bench, "name": "another-bench"}
    write_sealed(folder, session.record.model_copy(update={"session_id": "another", "bench": bench}))


def _not_sealed(folder: Path) -> None:
    path = folder / RECORD
    bare = Session.open(folder).record.model_copy(update={"seal": None})
    path.write_text(bare.model_dump_json(by_alias=True), encoding="utf-8")


def _half_copied(folder: Path) -> None:
    path = folder / STREAM
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _report_changed(folder: Path) -> None:
    page = b'<html><head><meta name="sha256" content="' + b"0" * 64 + b'"></head>' + b"valid " * 99
    (folder / REPORT).write_bytes(stamped(page, HTML_MARK))
    flip(folder / REPORT, 0.9)


def _without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def _flipped(name: str, at: float = 0.5) -> Callable[[Path], None]:
    return lambda folder: flip(folder / name, at)


def _line_removed(folder: Path) -> None:
    path = folder / JOURNAL
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[: len(lines) // 2], *lines[len(lines) // 2 + 1 :]]))


SESSIONS: dict[str, Callable[[Path], None]] = {
    "measured": _as_it_is,
    "another-board": _of_another_board,
    "not-sealed": _not_sealed,
    "half-copied": _half_copied,
    "without-trace": _without(TRACE),
    "trace-changed": _flipped(TRACE),
    "journal-changed": _flipped(JOURNAL, 0.3),
    "journal-line-removed": _line_removed,
    "record-changed": _flipped(RECORD, 0.02),
    "report-changed": _report_changed,
    "result-changed": _flipped(RESULT),
}

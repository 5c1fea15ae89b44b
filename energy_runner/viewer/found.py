# SPDX-License-Identifier: Apache-2.0
"""Find sessions and catalogues in the folders that somebody gave, and nothing outside them.

What was given is opened wherever it leads; below it no link is followed. Folders are looked into three deep, as a
sweep keeps its sessions: FOLDER/SWEEP/SESSION.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from energy_runner.errors import in_words
from energy_runner.session.brief import is_session
from energy_runner.viewer.plain_text import own

CATALOGUE = "catalogue.sqlite"
DEPTH = 3
MOST_FOLDERS = 20_000
_SQLITE = b"SQLite format 3\0"
_MOST_REMARKS = 20


@dataclass
class Found:
    """Session folders, catalogues, and what was left out and why."""

    sessions: list[Path] = field(default_factory=list)
    catalogues: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    looked_at: int = 0
    left_out: int = 0

    def remark(self, problem: str) -> None:
        """Keep a problem; of very many, the first."""
        if len(self.problems) < _MOST_REMARKS:
            self.problems.append(own(problem))
        else:
            self.left_out += 1


def key_of(folder: Path) -> str:
    """Return the key of a session: twelve hexadecimal digits of the digest of its path."""
    return hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:12]


def find(given: Iterable[str | Path]) -> Found:
    """Return what is in folders, in sessions that are given themselves, and in the folders of catalogues.

    Never raises: what cannot be read is in `problems`.
    """
    found = Found()
    for one in given:
        path = Path(one)
        try:
            _take(found, path)
        except (OSError, ValueError) as error:
            found.remark(f"{path}: cannot be read ({in_words(error)}). Try: another folder")
    found.sessions = list(dict.fromkeys(found.sessions))
    found.catalogues = list(dict.fromkeys(found.catalogues))
    if found.left_out:
        found.problems.append(f"and {found.left_out} more of this kind")
    return found


def _take(found: Found, path: Path) -> None:
    if path.is_file() and is_database(path):
        found.catalogues.append(path)
        _look(found, path.absolute().parent, DEPTH)
    elif path.is_dir():
        _look(found, path.absolute(), DEPTH)
    else:
        found.remark(f"{path}: no such folder. Try: a session, a folder of sessions, or a catalogue")


def _look(found: Found, folder: Path, depth: int) -> None:
    """Take what is in a folder; a session holds no others."""
    found.looked_at += 1
    if found.looked_at > MOST_FOLDERS:
        if found.looked_at == MOST_FOLDERS + 1:
            found.remark(f"{folder}: more than {MOST_FOLDERS} folders; the rest is left out. Try: some of them")
        return
    if is_session(folder):
        found.sessions.append(folder)
        return
    try:
        entries = _entries(folder)
    except OSError as error:
        found.remark(f"{folder}: cannot be read ({in_words(error)})")
        return
    for entry in entries:
        path = folder / entry.name
        try:
            if entry.is_symlink():
                if _is_link_of_interest(path):
                    found.remark(f"{path}: is a link and was left out. Try: give the folder it leads to by itself")
            elif entry.is_dir(follow_symlinks=False):
                if depth > 0 and not entry.name.startswith("."):
                    _look(found, path, depth - 1)
            elif entry.name == CATALOGUE and is_database(path):
                found.catalogues.append(path)
        except OSError as error:
            found.remark(f"{path}: cannot be read ({in_words(error)})")


def _entries(folder: Path) -> Sequence["os.DirEntry[str]"]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _is_link_of_interest(path: Path) -> bool:
    """Return whether a link leads to a folder, or has the name of a catalogue."""
    try:
        return path.name == CATALOGUE or path.is_dir()
    except (OSError, RuntimeError):  # a link to itself
        return False


def is_database(path: Path) -> bool:
    """Return whether a file begins as SQLite's do: an empty one would be made a catalogue by opening it."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False

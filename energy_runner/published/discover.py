# SPDX-License-Identifier: Apache-2.0
"""Find published sessions below a folder, whatever their files and folders are called."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from energy_runner.errors import SessionError
from energy_runner.published.names import (
    ARCHIVES,
    BENCHMARK_FOLDERS,
    MODE_FOLDERS,
    OUR_OWN,
    PREFIX_ROLES,
    ROLES,
)
from energy_runner.text_file import as_utf8
from energy_runner.wording import shown

_MARKS = (b"m-session-start", b"ulp-ml", b"m-ready", b"SerialDevice", b"Energy data for", b"Logging initialized")
_SNIFFED = 16 * 1024
_LONGEST_PATH = 300  # of a message
_MOST_BESIDE = 8  # results of performance sessions next to one; published ones have one each
LINK = "a link out of the folder, not followed"
_ABOVE_SESSIONS = ("closed", "open", "results")
PACKED = "an archive, which is not opened. Try: unpack it"


@dataclass(frozen=True)
class Found:
    """A session's place: the given folder, the session's own folder, and its files by role.

    `name` is the path below the given folder, with slashes; `refused` are links out of it. A folder that could
    not be entered has no files, and `reason` says why. `mode` and `benchmark` are taken from the names of the
    folders, None where they name neither. `beside` are the results of performance sessions in the folder next to
    this one: the same network on the same board. `archives` are packed files beside a session's own.
    """

    root: Path
    folder: Path
    name: str
    files: dict[str, list[Path]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    reason: str = ""
    mode: str | None = None
    benchmark: str | None = None
    beside: tuple[Path, ...] = ()
    archives: tuple[str, ...] = ()


def find_all(paths: Sequence[Path]) -> list[Found]:
    """Return the sessions in and below `paths`; raises `SessionError` for a path without any."""
    found: list[Found] = []
    for path in paths:
        _must_exist(path)
        below = discover(path) if path.is_dir() else [one for one in discover(path.parent) if _has(one, path)]
        if not below:
            what_to_try = _packed_in(path) or ". Try: the folder with log.txt and results.txt, or one above it"
            raise SessionError(f"{path}: holds no session of the EEMBC or the MLCommons runner{what_to_try}")
        found += below
    return found


def _must_exist(path: Path) -> None:
    """Raise `SessionError` for a path that does not exist, or that the system refuses to look for."""
    try:
        there, why = path.exists(), "no such file or folder"
    except OSError as error:
        there, why = False, error.strerror or type(error).__name__
    if not there:
        tried = "a folder with sessions, such as the results of a round, or one of their files"
        raise SessionError(f"{shown(path, _LONGEST_PATH)}: {why}. Try: {tried}")


def _packed_in(path: Path) -> str:
    """Return what to do with archives that are or lie in `path`; empty if there are none."""
    try:
        names = [path.name] if path.is_file() else [one.name for one in path.iterdir() if one.is_file()]
    except OSError:
        return ""
    packed = sorted(name for name in names if ARCHIVES.search(name))
    more = f" and {len(packed) - 1} more" if len(packed) > 1 else ""
    return f". Archives are not opened: {packed[0]}{more}. Try: unpack them" if packed else ""


def find_one(path: Path) -> Found:
    """Return the session in the folder `path`, or the one to which the file `path` belongs.

    Raises `SessionError` if there is none, or more than one.
    """
    _must_exist(path)
    folder = path if path.is_dir() else path.parent
    found = [one for one in discover(folder) if one.files]
    here = [one for one in found if one.folder == folder]
    if not path.is_dir():
        here = [one for one in here if _has(one, path)]
    chosen = here or found
    if not chosen:
        what_to_try = "Try: the folder of one session, with its log.txt and results.txt"
        raise SessionError(f"{path}: holds no session of the EEMBC or the MLCommons runner. {what_to_try}")
    if len(chosen) > 1:
        names = ", ".join(one.name for one in chosen[:3])
        raise SessionError(f"{path}: holds {len(chosen)} sessions ({names} ...). Try one of them, or audit")
    return chosen[0]


def discover(root: Path) -> list[Found]:
    """Return the sessions in and below `root`, by name. Links are not followed; those that leave it are listed."""
    found: list[Found] = []
    beside: dict[Path, tuple[Path, ...]] = {}  # by the folder above, so that its others are looked at once

    def unreadable(error: OSError) -> None:
        folder = Path(error.filename)
        found.append(Found(root, folder, _below(folder, root), reason=f"cannot be read ({error.strerror})"))

    for place, folders, names in os.walk(root, onerror=unreadable):
        folder = Path(place)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = _of_folder(root, folder, sorted(names))
        packed = tuple(name for name in sorted(names) if ARCHIVES.search(name) and not name.startswith("."))
        if here and folder.parent not in beside:
            beside[folder.parent] = _performance_beside(root, folder)
        found += [replace(one, beside=beside[folder.parent], archives=packed) for one in here]
        if packed and not here and _may_hold_sessions(root, folder, packed):
            found += [Found(root, folder / name, _below(folder / name, root), reason=PACKED) for name in packed]
        found += [
            Found(root, folder / name, _below(folder / name, root), reason=LINK)
            for name in folders
            if (folder / name).is_symlink() and not inside(folder / name, root)
        ]
    return sorted(found, key=lambda one: one.name)


def inside(path: Path, root: Path) -> bool:
    """Return whether `path`, its links followed, lies in the folder `root`."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a loop of links is a RuntimeError before Python 3.13
        return False


def _has(found: Found, path: Path) -> bool:
    return any(path in paths for paths in found.files.values())


def _performance_beside(root: Path, folder: Path) -> tuple[Path, ...]:
    """Return the results of the performance sessions in the folders next to `folder`, if these lie in `root`."""
    if not inside(folder.resolve().parent, root):
        return ()
    found: list[Found] = []
    for name, mode in MODE_FOLDERS.items():
        other = folder.parent / name
        if mode == "performance" and other.is_dir() and not other.is_symlink():
            try:
                names = sorted(path.name for path in other.iterdir())
            except OSError:
                continue
            found += _of_folder(root, other, names)
    return tuple(one.files["results"][0] for one in found if "results" in one.files)[:_MOST_BESIDE]


def _of_folder(root: Path, folder: Path, names: list[str]) -> list[Found]:
    if OUR_OWN.issubset(names):
        return []
    groups: dict[str, dict[str, list[Path]]] = {}
    traces: dict[str, list[Path]] = {}
    refused: list[str] = []
    for name in names:
        if name.startswith("."):  # resource files of macOS begin so
            continue
        for role, pattern in ROLES.items():
            match = pattern.match(name)
            if match is None:
                continue
            path = folder / name
            if path.is_symlink() and not inside(path, root):
                refused.append(name)
            target = groups.setdefault(match[1].lower(), {}) if role in PREFIX_ROLES else traces
            target.setdefault(role, []).append(path)
            break
    if not groups and not traces:
        return []
    groups = {key: files for key, files in groups.items() if "log" in files or len(files) > 1} or groups
    sessions = []
    for key, files in sorted(groups.items() or [("", {})]):
        name = _below(folder, root)
        if len(groups) > 1:
            marker = files.get("log") or next(iter(files.values()))
            name = marker[0].name if name == "." else f"{name}/{marker[0].name}"
        energy = len(groups) <= 1 or MODE_FOLDERS.get(key) in {None, "energy"}
        own = {**files, **traces} if energy else files
        if _is_session(folder, own):
            mode, benchmark = _mode(folder, own), _benchmark(folder)
            sessions.append(Found(root, folder, name, own, refused, mode=mode, benchmark=benchmark))
    return sessions


def _mode(folder: Path, files: dict[str, list[Path]]) -> str | None:
    """Return the mode by the folder's name, or by the log's."""
    words = [folder.name.lower()]
    for log in (files.get("log") or files.get("results") or [])[:1]:
        words += re.split(r"[_.-]", log.name.lower())[:1]
    return next((MODE_FOLDERS[word] for word in words if word in MODE_FOLDERS), None)


def _benchmark(folder: Path) -> str | None:
    """Return the benchmark that the name of a folder above gives, the nearest one first."""
    parts = (part.lower() for part in reversed(folder.parts))
    return next((BENCHMARK_FOLDERS[part] for part in parts if part in BENCHMARK_FOLDERS), None)


def _may_hold_sessions(root: Path, folder: Path, names: tuple[str, ...]) -> bool:
    """Return whether archives lie where sessions do: below a benchmark's or a mode's folder, but not with code.

    So does an archive in the place of a submitter, right below the division, or of a system, below the results.
    """
    parts = [part.lower() for part in folder.relative_to(root).parts]
    if folder.name.lower() in _ABOVE_SESSIONS and "code" not in parts:
        return True
    words = {*parts, folder.name.lower(), *(name.lower().partition(".")[0] for name in names)}
    return "code" not in parts and bool(words & (MODE_FOLDERS.keys() | BENCHMARK_FOLDERS.keys()))


def _is_session(folder: Path, files: dict[str, list[Path]]) -> bool:
    """Return whether files with a session's names are one: by their number, their place or their text."""
    if len(files) > 1 or folder.name.lower() in MODE_FOLDERS:
        return True
    (paths,) = files.values()
    if "script" in files:
        return False
    return "trace" in files or "timestamps" in files or _sounds_right(paths[0])


def _sounds_right(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            head = as_utf8(file.read(_SNIFFED))
    except OSError:
        return False
    return any(mark in head for mark in _MARKS)


def _below(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()

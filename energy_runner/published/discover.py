"""Find published sessions below a folder, whatever their files and folders are called.

Names seen: `log.txt`, `energy_log.txt`, `performance_results.txt`, `accuracy_script.async` (or `_script.txt`),
`trace1-energy.bin`; folders `energy`, `enegy`, `power`, with or without a folder for the model's variant above.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from energy_runner.published.files import inside

# role -> what a file of that role may be called; the group is a prefix that tells sessions in one folder apart
_ROLES: dict[str, re.Pattern[str]] = {
    "log": re.compile(r"^(.*?)[_-]?log\.txt$", re.IGNORECASE),
    "results": re.compile(r"^(.*?)[_-]?results\.txt$", re.IGNORECASE),
    "json": re.compile(r"^(.*?)[_-]?results\.json$", re.IGNORECASE),
    "script": re.compile(r"^(.*?)[_-]?script\.(?:async|txt)$", re.IGNORECASE),
    "trace": re.compile(r"^(.*?)[_-]?trace\d*-energy\.bin$", re.IGNORECASE),
    "timestamps": re.compile(r"^(.*?)[_-]?trace\d*-timestamps\.json$", re.IGNORECASE),
}
_PREFIX_ROLES = ("log", "results", "json", "script")
MODE_FOLDERS = {
    "energy": "energy",
    "enegy": "energy",
    "power": "energy",
    "performance": "performance",
    "perf": "performance",
    "accuracy": "accuracy",
}
BENCHMARK_FOLDERS = {
    "ad": "ad01",
    "anomaly_detection": "ad01",
    "ic": "ic01",
    "image_classification": "ic01",
    "ic2": "ic02",
    "kws": "kws01",
    "keyword_spotting": "kws01",
    "vww": "vww01",
    "visual_wake_words": "vww01",
    "person_detection": "vww01",
    "sww": "sww01",
}
_MARKS = (b"m-session-start", b"ulp-ml", b"m-ready", b"SerialDevice", b"Energy data for", b"Logging initialized")
_SNIFFED = 16 * 1024
LINK = "a link out of the folder, not followed"
_OUR_OWN = {"record.json", "journal.jsonl"}


@dataclass
class Found:
    """A session's place: the folder given, the session's own one, and its files by role.

    `name` is the path below the folder given, with slashes; `refused` are links out of it. A folder that could
    not be entered has no files, and `reason` says why.
    """

    root: Path
    folder: Path
    name: str
    files: dict[str, list[Path]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    reason: str = ""

    def file(self, role: str) -> Path | None:
        """Return the first file of a role, or None."""
        paths = self.files.get(role)
        return paths[0] if paths else None

    def mode_by_folder(self) -> str | None:
        """Return the mode that the folder's name, or the file's, tells of."""
        log = self.file("log") or self.file("results")
        words = [self.folder.name.lower(), *(re.split(r"[_.-]", log.name.lower())[:1] if log else [])]
        return next((MODE_FOLDERS[word] for word in words if word in MODE_FOLDERS), None)

    def benchmark_by_folder(self) -> str | None:
        """Return the benchmark that a folder above tells of, the nearest one first."""
        for part in reversed(self.folder.parts):
            if part.lower() in BENCHMARK_FOLDERS:
                return BENCHMARK_FOLDERS[part.lower()]
        return None


def discover(root: Path) -> list[Found]:
    """Return the sessions in and below `root`, by name. Links are not followed; those that lead out are kept."""
    found: list[Found] = []

    def unreadable(error: OSError) -> None:
        folder = Path(error.filename)
        found.append(Found(root, folder, _below(folder, root), reason=f"cannot be read ({error.strerror})"))

    for place, folders, names in os.walk(root, onerror=unreadable):
        folder = Path(place)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += _of_folder(root, folder, sorted(names))
        found += [
            Found(root, folder / name, _below(folder / name, root), reason=LINK)
            for name in folders
            if (folder / name).is_symlink() and not inside(folder / name, root)
        ]
    return sorted(found, key=lambda one: one.name)


def discover_here(root: Path, folder: Path) -> list[Found]:
    """Return the sessions in `folder` itself, which lies in `root`."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return []
    return _of_folder(root, folder, names)


def _of_folder(root: Path, folder: Path, names: list[str]) -> list[Found]:
    if _OUR_OWN.issubset(names):
        return []
    groups: dict[str, dict[str, list[Path]]] = {}
    traces: dict[str, list[Path]] = {}
    refused: list[str] = []
    for name in names:
        if name.startswith("."):  # resource files of macOS begin so
            continue
        for role, pattern in _ROLES.items():
            match = pattern.match(name)
            if match is None:
                continue
            path = folder / name
            if path.is_symlink() and not inside(path, root):
                refused.append(name)
            target = groups.setdefault(match[1].lower(), {}) if role in _PREFIX_ROLES else traces
            target.setdefault(role, []).append(path)
            break
    if not groups and not traces:
        return []
    if len(groups) > 1:
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
            sessions.append(Found(root, folder, name, own, refused))
    return sessions


def _is_session(folder: Path, files: dict[str, list[Path]]) -> bool:
    """Return whether files that are called like a session's are one: several of them, or their place or text."""
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
            head = file.read(_SNIFFED)
    except OSError:
        return False
    return any(mark in head for mark in _MARKS)


def _below(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()

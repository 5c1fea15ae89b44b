# SPDX-License-Identifier: Apache-2.0
"""The note beside a lock: what a device is used for, and which earlier jobs have left their supply unconfirmed."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NOTE = "json"
_UNREADABLE = "an earlier run whose note cannot be read"
_MOST = 5  # dead jobs that a note names; more would tell nothing new
_MOST_BYTES = 65_536  # more than we ever write


@dataclass(frozen=True)
class Note:
    """What stands in the note at `path`.

    `doing` is what its last job is doing, or was when it died; None if it ended. `left` names the jobs before it
    whose supply was never confirmed off, oldest first. `report` is what the next job is told besides, once.
    `supplies` holds the supply of each of these jobs, as far as it is known; "" for a job without one.
    """

    path: Path
    doing: str | None = None
    left: tuple[str, ...] = ()
    report: str = ""
    supplies: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def open(self) -> tuple[str, ...]:
        """Return all jobs whose supply was never confirmed off, provided that the last one has ended or died."""
        return (*self.left, *(() if self.doing is None else (self.doing,)))[-_MOST:]

    def write(
        self, doing: str | None, left: Sequence[str], report: str = "", supplies: Mapping[str, str] | None = None
    ) -> None:
        """Replace what stands in the file, as a whole or not at all; if that is nothing, remove it."""
        if doing is None and not left and not report:
            self.path.unlink(missing_ok=True)
            return
        named = {text: of for text, of in {**self.supplies, **(supplies or {})}.items() if text in (*left, doing)}
        document = {"doing": doing, "left": list(left), "report": report, "supplies": named}
        temporary = self.path.with_name(f".{self.path.name}.part")
        with temporary.open("wb") as file:
            file.write(json.dumps(document).encode())
            file.flush()
            os.fsync(file.fileno())  # a power cut is one of the ways in which a job dies
        temporary.replace(self.path)


def read_note(path: Path) -> Note:
    """Return the note at `path`, an empty one if there is none; one that cannot be read is a job of its own."""
    if not path.exists(follow_symlinks=False):
        return Note(path)
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return Note(path, _UNREADABLE)
        return _note(path, json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return Note(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Note(path, _UNREADABLE)


def _note(path: Path, document: Any) -> Note:
    doing, left, report = document["doing"], document.get("left", []), document.get("report", "")
    supplies = document.get("supplies", {})
    readable = isinstance(doing, str | None) and isinstance(left, list) and isinstance(report, str)
    if not readable or not isinstance(supplies, dict):
        return Note(path, _UNREADABLE)
    return Note(
        path, doing, tuple(map(str, left)), report, {str(text): str(supply) for text, supply in supplies.items()}
    )


def told(notes: Iterable[Note]) -> str | None:
    """Return what notes tell of earlier jobs, in one line; None if they tell nothing."""
    said = dict.fromkeys(text for note in notes for text in (*note.open, note.report) if text)
    return "; ".join(said) or None

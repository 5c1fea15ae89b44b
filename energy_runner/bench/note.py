# SPDX-License-Identifier: Apache-2.0
"""The note beside a lock: what a device is used for, and which earlier jobs have left its supply unconfirmed."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

NOTE = "json"
_UNREADABLE = "an earlier run whose note cannot be read"
_MOST = 5  # dead jobs that a note names; more would tell nothing new


@dataclass(frozen=True)
class Note:
    """What stands in the note at `path`.

    `doing` is what its last job is doing, or was when it died; None if it ended. `left` names the jobs before it
    whose supply was never confirmed off, oldest first. `report` is what the next job is told besides, once.
    """

    path: Path
    doing: str | None = None
    left: tuple[str, ...] = ()
    report: str = ""

    @property
    def open(self) -> tuple[str, ...]:
        """Return all jobs whose supply was never confirmed off, provided that the last one has ended or died."""
        return (*self.left, *(() if self.doing is None else (self.doing,)))[-_MOST:]

    def write(self, doing: str | None, left: Sequence[str], report: str = "") -> None:
        """Replace what stands in the file; if that is nothing, remove it."""
        if doing is None and not left and not report:
            self.path.unlink(missing_ok=True)
            return
        document = {"doing": doing, "left": list(left), "report": report}
        self.path.write_text(json.dumps(document), "utf-8")


def read_note(path: Path) -> Note:
    """Return the note at `path`, an empty one if there is none; one that cannot be read is a job of its own."""
    try:
        document = json.loads(path.read_text("utf-8"))
        doing, left, report = document["doing"], document.get("left", []), document.get("report", "")
        if not (isinstance(doing, str | None) and isinstance(left, list) and isinstance(report, str)):
            return Note(path, _UNREADABLE)
        return Note(path, doing, tuple(str(text) for text in left), report)
    except FileNotFoundError:
        return Note(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Note(path, _UNREADABLE)


def told(notes: Iterable[Note]) -> str | None:
    """Return what notes tell of earlier jobs, in one line; None if they tell nothing."""
    said = dict.fromkeys(text for note in notes for text in (*note.open, note.report) if text)
    return "; ".join(said) or None

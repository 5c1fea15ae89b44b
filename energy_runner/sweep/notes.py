# SPDX-License-Identifier: Apache-2.0
"""A note for each attempt beside its session: what the catalogue knows of it and the session does not.

With the notes the catalogue can be made again from the folder alone, attempts without a session included.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from energy_runner.errors import BenchFault, in_words, remedy
from energy_runner.session import disk
from energy_runner.sweep.catalogue import Lease, Outcome
from energy_runner.sweep.rows import Kind, Scalar

SUFFIX = ".attempt.json"
SCHEMA = "energy-runner/attempt/1"
_MOST_BYTES = 1_000_000


class Note(BaseModel):
    """One attempt: for which point and lease it was made, and what became of both."""

    model_config = ConfigDict(extra="ignore", strict=True)

    schema_: str = SCHEMA
    sweep: str
    number: int
    epoch: int
    place: int
    kind: Kind
    repeat: int
    values: dict[str, Scalar]
    bench: str
    worker: str
    outcome: str
    state: str
    accepted: bool
    valid: bool | None = None
    session: str | None = None
    started_utc: str | None = None
    ended_utc: str | None = None
    reason: str = ""
    steps: list[str] = []


def write_note(folder: Path, name: str, lease: Lease, outcome: Outcome, *, accepted: bool) -> Path:
    """Write the note of an attempt; raises `BenchFault` if the disk refuses."""
    note = Note(
        sweep=lease.sweep,
        number=lease.number,
        epoch=lease.epoch,
        place=lease.place,
        kind=lease.kind,
        repeat=lease.repeat,
        values=dict(lease.values),
        bench=lease.bench,
        worker=lease.worker,
        outcome=outcome.outcome,
        state=outcome.state,
        accepted=accepted,
        valid=outcome.valid,
        session=outcome.session,
        started_utc=outcome.started_utc,
        ended_utc=outcome.ended_utc,
        reason=outcome.reason,
        steps=list(outcome.steps),
    )
    path = folder / f"{name}{SUFFIX}"
    temporary = path.with_name(f".{path.name}.part")
    try:
        with disk.create(temporary) as file:
            disk.write_all(file, (json.dumps(note.model_dump(), ensure_ascii=False, indent=1) + "\n").encode())
            disk.sync(file)
        disk.replace(temporary, path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise BenchFault(f"{path}: cannot be written ({in_words(error)}){remedy(error)}") from error
    return path


def read_notes(folder: Path) -> Iterator[tuple[Path, Note | str]]:
    """Yield each note of a folder, or what is wrong with it."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        yield path, _read(path)


def _read(path: Path) -> Note | str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            return "is too large for a note"
        document: Any = json.loads(path.read_text("utf-8"))
        return Note.model_validate(document)
    except (OSError, ValueError, RecursionError, ValidationError) as error:
        return f"cannot be read as the note of an attempt ({str(error).splitlines()[0][:100]})"

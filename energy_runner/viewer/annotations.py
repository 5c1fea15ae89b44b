# SPDX-License-Identifier: Apache-2.0
"""Regions that somebody named: `annotations.json` in the session's folder.

They are no facts: the file is outside the seal, nothing is derived from it, and a session without it is the same
session. It may come from somebody else, so it is read like any hostile file.
"""

import hashlib
import os
import stat
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from energy_runner.errors import BenchFault, ConfigurationError, SessionError, in_words, remedy
from energy_runner.session import disk
from energy_runner.session.document import READ
from energy_runner.session.folder import Session, json_bytes
from energy_runner.wording import printable, shown, visible

ANNOTATIONS = "annotations.json"
SCHEMA = "energy-runner/annotations/1"
MOST = 1000
LONGEST_NAME, LONGEST_TEXT = 200, 2000
MOST_BYTES = 16_000_000  # more than so many of the longest take
_FARTHEST_S = 1e12
_UTC = r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z)?"


_writing = threading.Lock()


class AnnotationsChangedError(SessionError):
    """Somebody else kept other annotations since these were read."""


class _Strict(BaseModel):
    """Frozen, no NaN and no infinity, no number in the place of a text; later keys are ignored."""

    model_config = ConfigDict(**READ, allow_inf_nan=False, strict=True)


class Annotation(_Strict):
    """A named region from `start_s` to `stop_s` (s since sample 0), or a moment where these are equal.

    `id` tells it from the others, `made_utc` says when it was made (ISO 8601, UTC) or is empty.
    """

    id: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,64}$")
    name: str = ""
    start_s: float = Field(ge=-_FARTHEST_S, le=_FARTHEST_S)
    stop_s: float = Field(ge=-_FARTHEST_S, le=_FARTHEST_S)
    text: str = ""
    made_utc: str = Field(default="", pattern=f"^{_UTC}$")

    @field_validator("name")
    @classmethod
    def _short_name(cls, name: str) -> str:
        return _limited(printable(" ".join(name.split())), LONGEST_NAME)

    @field_validator("text")
    @classmethod
    def _short_text(cls, text: str) -> str:
        return _limited(visible(text.replace("\r\n", "\n")), LONGEST_TEXT)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.stop_s < self.start_s:
            raise ValueError("its stop is before its start")
        return self


class _Document(_Strict):
    schema_: Literal["energy-runner/annotations/1"] = Field(alias="schema")
    session_id: str = Field(max_length=300)
    annotations: list[Annotation] = Field(max_length=MOST)


def read_annotations(session: Session) -> list[Annotation]:
    """Return the annotations of a session, in order; none if it has no such file.

    Raises `SessionError` for a file that is not one of ours: of another kind or session, too long, damaged, or a
    link or a pipe in its place.
    """
    path = session.path / ANNOTATIONS
    try:
        if not _is_file(path):
            return []
        with disk.open_file(path) as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SessionError(f"{path}: cannot be read ({in_words(error)})") from None
    if len(data) > MOST_BYTES:
        raise _refused(path, f"is longer than {MOST_BYTES} bytes")
    try:
        found = _Document.model_validate_json(data)
    except ValidationError as error:
        raise _refused(path, _first(error)) from None
    except RecursionError:
        raise _refused(path, "is nested too deeply") from None
    if found.session_id != session.record.session_id:
        raise _refused(path, f"belongs to the session {shown(found.session_id)}")
    return _named(found.annotations)


def version(annotations: Sequence[Annotation]) -> str:
    """Return what tells these annotations from others: hexadecimal digits of a digest."""
    return hashlib.sha256(json_bytes([one.model_dump() for one in annotations])).hexdigest()[:32]


def write_annotations(
    session: Session, annotations: Sequence[Annotation | Mapping[str, Any]], instead_of: str | None = None
) -> list[Annotation]:
    """Keep these annotations with a session in place of those it has, and return them as they are kept.

    One without an id is given one. The file is replaced as a whole; without annotations there is none.
    `instead_of` is the `version` of those that were read before. Raises `AnnotationsChangedError` where there are
    others now, `ConfigurationError` for what is no list of annotations, `SessionError` where there is something
    that `read_annotations` refuses, which is left as it is, and `BenchFault` if the disk refuses.
    """
    kept = _named(_checked(annotations))
    with _writing:
        there = read_annotations(session)
        if instead_of is not None and instead_of != version(there):
            raise AnnotationsChangedError(
                f"{session.path / ANNOTATIONS}: was changed since it was read. Try: again, from what is there now"
            )
        _replace(session, kept)
    return kept


def _replace(session: Session, kept: Sequence[Annotation]) -> None:
    path = session.path / ANNOTATIONS
    if not kept:
        try:
            if _is_file(path):
                disk.remove(path)
        except OSError as error:
            raise BenchFault(f"{path}: cannot be replaced ({in_words(error)}){remedy(error)}") from error
        return
    document = {
        "schema": SCHEMA,
        "session_id": session.record.session_id,
        "annotations": [one.model_dump() for one in kept],
    }
    try:
        # Another process may write at the same time: with a name of its own, each writes a whole file.
        disk.write_whole(path, json_bytes(document), path.with_name(f".{path.name}.{os.getpid()}.tmp"))
    except OSError as error:
        raise BenchFault(f"{path}: cannot be written ({in_words(error)}){remedy(error)}") from error


def _checked(annotations: Sequence[Annotation | Mapping[str, Any]]) -> list[Annotation]:
    if isinstance(annotations, str | bytes | Mapping) or not isinstance(annotations, Sequence):
        raise ConfigurationError("a list of annotations is needed. Try: [] for none")
    if len(annotations) > MOST:
        raise ConfigurationError(f"{len(annotations)} annotations are too many. Try: {MOST} at most")
    found = []
    for number, one in enumerate(annotations, start=1):
        try:
            given = one.model_dump() if isinstance(one, Annotation) else one
            found.append(Annotation.model_validate(given))
        except ValidationError as error:
            why = f"annotation {number} cannot be kept: {_first(error)}"
            raise ConfigurationError(f"{why}. Try: id, name, start_s, stop_s, text and made_utc") from None
    return found


def _named(annotations: Sequence[Annotation]) -> list[Annotation]:
    """Return annotations each of which has an id of its own; the later one of two with the same gets another."""
    taken = {one.id for one in annotations}
    seen: set[str] = set()
    found, number = [], 0
    for one in annotations:
        name = one.id
        while not name or name in seen:
            number += 1
            name = f"r{number}" if f"r{number}" not in taken else ""
        seen.add(name)
        found.append(one if name == one.id else one.model_copy(update={"id": name}))
    return found


def _is_file(path: Path) -> bool:
    """Return whether a file is there; raise `SessionError` for anything else of that name."""
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(kind):
        raise _refused(path, "is a link, a pipe or a folder, not a file")
    return True


def _refused(path: Path, why: str) -> SessionError:
    return SessionError(f"{path}: {why}, so no annotation is read from it. Try: move it elsewhere")


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(shown(part) for part in first["loc"])
    return shown(f"{place or 'document'}: {first['msg']}", 200)


def _limited(text: str, longest: int) -> str:
    if len(text) > longest:
        raise ValueError(f"has {len(text)} characters, {longest} at most are kept")
    return text

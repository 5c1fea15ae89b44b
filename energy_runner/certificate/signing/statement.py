# SPDX-License-Identifier: Apache-2.0
"""What is signed: an in-toto Statement v1 about files, each by its digest (in-toto attestation framework, v1)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from energy_runner.certificate.signing.canonical import (
    canonical_bytes,
    keys_are,
    read_canonical,
    read_strict,
    refuse,
)
from energy_runner.errors import ConfigurationError, SessionError
from energy_runner.wording import shown

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "urn:energy-runner:certificate:1"
REVOCATION = "urn:energy-runner:revocation:1"
MOST_BYTES = 32 << 20
MOST_SIZE = 10**12 - 1  # bytes of a file that a statement names
_KNOWN = (PREDICATE, REVOCATION)
_LONGEST_NAME = 1000
# A size is written with all its twelve digits: so the length of a statement does not depend on the sizes in it,
# and a file that holds the statement can be measured before it is signed.
_SIZE = re.compile("[0-9]{12}")
_SHA256 = re.compile("[0-9a-f]{64}")
_WHAT = "signed statement"


@dataclass(frozen=True)
class Subject:
    """A file that a statement is about: its name, SHA-256 (hexadecimal) and size in bytes; None: not stated.

    A name is a relative path with `/` that stays in its folder, whatever computer reads it.
    """

    name: str
    sha256: str
    size: int | None = None

    def __post_init__(self) -> None:
        for wrong in filter(None, (_wrong_name(self.name), _wrong_digest(self), _wrong_size(self))):
            raise ConfigurationError(f"subject {shown(self.name)!r}: {wrong}. Try: correct it")


@dataclass(frozen=True)
class Statement:
    """Subjects, and what is said of them: plain data of a kind that `predicate_type` names."""

    subjects: Sequence[Subject]
    predicate_type: str
    predicate: dict[str, Any]


def statement_bytes(statement: Statement) -> bytes:
    """Return a statement in canonical JSON; raises `ConfigurationError` for what it cannot hold."""
    names = [subject.name for subject in statement.subjects]
    if not names or len(set(names)) != len(names):
        raise ConfigurationError(
            "a statement needs subjects with different names. Try: give each one its own name"
        )
    if statement.predicate_type not in _KNOWN:
        raise ConfigurationError(f"statement: {_unknown_kind(statement.predicate_type)}")
    return canonical_bytes(
        {
            "_type": TYPE,
            "predicate": statement.predicate,
            "predicateType": statement.predicate_type,
            "subject": [_subject_document(subject) for subject in statement.subjects],
        }
    )


def read_statement(data: bytes, *, canonical: bool = True) -> Statement:
    """Return the statement in bytes that anybody may have written.

    Raises `SessionError` for all that `statement_bytes` would not have written, with what is wrong. Whether it is
    in canonical form takes nearly all of the time; who only lists it does not ask, with `canonical` false.
    """
    document = (read_canonical if canonical else read_strict)(data, _WHAT, MOST_BYTES)
    keys_are(document, ("_type", "predicate", "predicateType", "subject"), _WHAT)
    if document["_type"] != TYPE:
        refuse(_WHAT, f"its type is {shown(document['_type'])!r}, not {TYPE}")
    if document["predicateType"] not in _KNOWN:
        raise SessionError(f"{_WHAT}: {_unknown_kind(document['predicateType'])}")
    if not isinstance(document["predicate"], dict):
        refuse(_WHAT, "its predicate is no object")
    return Statement(_subjects(document["subject"]), document["predicateType"], document["predicate"])


def _subjects(found: Any) -> tuple[Subject, ...]:
    if not isinstance(found, list) or not found:
        refuse(_WHAT, "it has no list of subjects")
    subjects = tuple(_subject(one, f"{_WHAT}: subject {number}") for number, one in enumerate(found, 1))
    seen: set[str] = set()
    for subject in subjects:
        if subject.name in seen:
            refuse(_WHAT, f"the subject {shown(subject.name)!r} is there twice")
        seen.add(subject.name)
    return subjects


def _subject(found: Any, what: str) -> Subject:
    keys_are(found, ("digest", "name"), what, optional=("annotations",))
    digest = keys_are(found["digest"], ("sha256",), f"{what}: digest")["sha256"]
    size = None
    if "annotations" in found:
        written = keys_are(found["annotations"], ("size",), f"{what}: annotations")["size"]
        if not isinstance(written, str) or not _SIZE.fullmatch(written):
            refuse(what, f"its size is {shown(written)!r}, not twelve digits")
        size = int(written)
    try:
        return Subject(found["name"], digest, size)
    except ConfigurationError as error:
        refuse(what, str(error))


def _subject_document(subject: Subject) -> dict[str, Any]:
    size = {} if subject.size is None else {"annotations": {"size": f"{subject.size:012d}"}}
    return {"digest": {"sha256": subject.sha256}, "name": subject.name, **size}


def _wrong_name(name: Any) -> str:
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        return f"a name is a text of 1 to {_LONGEST_NAME} characters"
    if not name.isprintable() or "\\" in name or ":" in name:
        return "a name has no control characters, backslashes or colons"
    if any(part in ("", ".", "..") for part in name.split("/")):
        return "a name is a relative path inside its folder"
    return ""


def _wrong_digest(subject: Subject) -> str:
    if isinstance(subject.sha256, str) and _SHA256.fullmatch(subject.sha256):
        return ""
    return f"its SHA-256 is {shown(subject.sha256)!r}, not 64 hexadecimal digits"


def _wrong_size(subject: Subject) -> str:
    size = subject.size
    if size is None or (type(size) is int and 0 <= size <= MOST_SIZE):
        return ""
    return f"its size is {shown(size)}, not 0 to {MOST_SIZE} bytes"


def _unknown_kind(found: Any) -> str:
    return f"it states a {shown(found)!r}, known are {', '.join(_KNOWN)}. Try: a newer version of this program"

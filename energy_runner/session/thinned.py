# SPDX-License-Identifier: Apache-2.0
"""Thinned sessions: `stream.bin` was removed to save room, and `thinned.json` says so.

The bytes of a sampler's stream repeat what `trace.jls` holds. What they alone can tell is whether the events are
what was exchanged; without them that cannot be judged. `thinned.json` is believed only if it names the file with
the size and the digest by which the record seals it. It has no key, as a seal has none: somebody who removes the
bytes of a session can write one, and gains by it that the exchange is no longer judged.
"""

from pathlib import Path

from pydantic import ConfigDict, Field, ValidationError

from energy_runner.session import disk
from energy_runner.session.document import READ, Model
from energy_runner.session.record import Record
from energy_runner.session.seal import ZEROS, SealedFile, is_stamped
from energy_runner.session.stream import STREAM

SCHEMA = "energy-runner/thinned/1"
THINNED = "thinned.json"
_LONGEST = 1 << 20  # bytes; this file has about a thousand


class RemovedFile(Model):
    """A file that was removed, as the record seals it."""

    name: str
    """Its name."""
    size: int
    """Its size, bytes."""
    sha256: str
    """Its SHA-256."""


class ExchangeThen(Model):
    """What the exchange check had found when the bytes were still there."""

    compared: int
    """Facts that were compared with the bytes."""
    contradictions: int
    """How many of them said something else."""


class Thinned(Model):
    """What was removed from a session, when, by what and why."""

    schema_: str = Field(default=SCHEMA, alias="schema")
    """Kind and major version of this document."""
    session_id: str
    """The session's id."""
    facts_sha256: str
    """The seal of the session's record, which stands for all its facts."""
    removed: list[RemovedFile]
    """The files that were removed."""
    thinned_utc: str
    """When, by the host's clock (ISO 8601)."""
    software: str
    """The program that removed them."""
    policy: str
    """Why, in words."""
    result_sha256: str
    """The digest of the `result.json` that the facts, derived again, agreed with before anything was removed."""
    exchange: ExchangeThen | None = None
    """What the exchange check had found; null where there was nothing to compare."""
    sha256: str = ZEROS
    """SHA-256 of this document, with zeros in the place of these digits."""

    model_config = ConfigDict(**READ, allow_inf_nan=False, populate_by_name=True, serialize_by_alias=True)

    @property
    def words(self) -> str:
        """Return what was done, for a person."""
        size = sum(one.size for one in self.removed)
        day = self.thinned_utc[:10]
        return f"raw bytes thinned on {day} ({STREAM}, {size} bytes) by the policy: {self.policy}"


def sealed_stream(record: Record) -> SealedFile | None:
    """Return how the record seals `stream.bin`; None if it does not."""
    files = record.seal.files if record.seal is not None else []
    return next((one for one in files if one.name == STREAM), None)


def thinned_of(folder: Path, record: Record) -> Thinned | None:
    """Return what `thinned.json` says of a session whose `stream.bin` is gone; None unless it fits the seal.

    None also for a session that still holds its bytes: thinning it was begun, and nothing is lost.
    """
    sealed = sealed_stream(record)
    if sealed is None or record.seal is None or (folder / STREAM).exists():
        return None
    try:
        with disk.open_file(folder / THINNED) as file:
            data = file.read(_LONGEST)
        said = Thinned.model_validate_json(data)
    except (OSError, ValidationError):
        return None
    removed = RemovedFile(name=sealed.name, size=sealed.size, sha256=sealed.sha256)
    same = said.session_id == record.session_id and said.facts_sha256 == record.seal.sha256
    known = said.schema_ == SCHEMA or said.schema_.startswith(f"{SCHEMA}.")
    return said if known and same and said.removed == [removed] and is_stamped(data) else None

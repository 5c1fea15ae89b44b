# SPDX-License-Identifier: Apache-2.0
"""A recording: what a DUT drew while somebody else's code ran, such as the body of a test; no benchmark.

Its folder holds the facts (`recording.json`, `journal.jsonl`, `stream.bin`, `trace.jls`), sealed as those of a
session are, and `figures.json`, which is derived from them.
"""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from energy_runner.errors import SessionError, in_words
from energy_runner.session.document import READ
from energy_runner.session.folder import json_bytes, write_bytes
from energy_runner.session.record import Environment
from energy_runner.session.seal import Seal, is_stamped, key_digests, sealed_files, stamped
from energy_runner.session.verify import FACTS
from energy_runner.wording import shown

SCHEMA = "energy-runner/recording/1"
RECORDING, FIGURES = "recording.json", "figures.json"
MOST_BYTES = 8_000_000


class Model(BaseModel):
    """Base of everything in `recording.json`: frozen; keys that a later version adds are ignored."""

    model_config = ConfigDict(**READ, allow_inf_nan=False, populate_by_name=True, serialize_by_alias=True)


class RecordingTruth(Model):
    """A virtual bench's closed form of what was drawn between the beginning and the end of the body."""

    energy_j: float
    """Energy, J."""
    charge_c: float
    """Charge, C."""


class Recording(Model):
    """The facts about a recording that its journal does not hold; times are the host's, ns."""

    schema_: str = Field(default=SCHEMA, alias="schema")
    """Kind and major version of this document."""
    name: str
    """What was measured, as the caller calls it."""
    software: str
    """Name and version of the program that recorded."""
    started_utc: str
    """Beginning, ISO 8601; on a virtual bench by the virtual clock."""
    virtual: StrictBool
    """True if anything on the bench was simulated."""
    bench: dict[str, Any]
    """The keys of the bench file."""
    seed: int
    """Seed of a virtual bench."""
    from_off: StrictBool
    """True if the DUT was switched on after the acquisition had begun."""
    start_ns: int
    """When the sampler was asked to start."""
    begin_ns: int
    """When the body began."""
    end_ns: int
    """When the body ended."""
    outcome: Literal["completed", "failed"]
    """`failed` if the body raised an error."""
    reason: str = ""
    """Which, in one line; empty if completed."""
    limits: dict[str, float] = Field(default_factory=dict)
    """Limits that the caller set, SI, by the name of the figure."""
    truth: RecordingTruth | None = None
    """Virtual benches: what was drawn in closed form."""
    environment: Environment | None = None
    """The software that recorded."""
    seal: Seal | None = None
    """The digests of all facts."""


def write_recording(folder: Path, recording: Recording) -> None:
    """Write `recording.json` with the seal of all facts in `folder`, whose other files must be complete.

    Raises `BenchFault` if the disk refuses, `SessionError` if a file of facts cannot be read.
    """
    bare = recording.model_copy(update={"seal": None})
    seal = Seal(files=sealed_files(folder, FACTS), keys=key_digests(json.loads(json_bytes(bare))))
    write_bytes(folder / RECORDING, stamped(json_bytes(bare.model_copy(update={"seal": seal}))))


def read_recording(folder: Path) -> Recording:
    """Return the facts of the recording in `folder`; raise `SessionError` if they are not as they were sealed."""
    path = folder / RECORDING
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise SessionError(f"{path}: is longer than {MOST_BYTES} bytes")
        found = Recording.model_validate_json(data)
    except OSError as error:
        raise SessionError(f"{path}: cannot be read ({in_words(error)})") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = shown(".".join(str(part) for part in first["loc"]))
        raise SessionError(f"{path}: {place or 'document'}: {shown(first['msg'], 200)}") from None
    if found.schema_ != SCHEMA and not found.schema_.startswith(f"{SCHEMA}."):
        raise SessionError(f"{path}: is of kind {shown(found.schema_)!r}, this version reads {SCHEMA!r}")
    if found.seal is None or not is_stamped(data):
        raise SessionError(f"{path}: is not as it was sealed. Try: measure again")
    now = {one.name: one.sha256 for one in sealed_files(folder, FACTS)}
    for sealed in found.seal.files:
        if now.get(sealed.name) != sealed.sha256:
            raise SessionError(f"{folder / sealed.name}: is not as it was sealed. Try: measure again")
    return found

# SPDX-License-Identifier: Apache-2.0
"""JSON Schemas (draft 2020-12) of the documents that others read and write, made from the models themselves.

They describe what all versions with the same major number write: what was added later may be absent. Keys that a
later version adds are allowed, except in files written by hand, where a misspelt key has to be found.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from energy_runner.session import record, result
from energy_runner.session.descriptions import descriptions, models_of
from energy_runner.session.events import KINDS, KnownEvent
from energy_runner.session.folder import json_bytes
from energy_runner.session.record import Record
from energy_runner.session.result import Result

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NO_NUMBERS = ["NaN", "Infinity", "-Infinity"]


@dataclass(frozen=True)
class Document:
    """A public document: `name` is its file's, `about` what it holds, `model` its model, or a union of them.

    `infinities`: NaN and infinity are written as text, as in a journal, which holds whatever a DUT prints.
    """

    name: str
    title: str
    about: str
    model: Any
    major: int = 1
    infinities: bool = False

    @property
    def file(self) -> str:
        """Return the name of the schema's file."""
        return f"{self.name}.schema.json"


RECORD = Document(
    "record",
    "record.json",
    "What was planned, who took part, and how the run ended.",
    Record,
    int(record.SCHEMA.rpartition("/")[2]),
)
RESULT = Document(
    "result",
    "result.json",
    "Every figure derived from a session's facts, with its uncertainty and its verdicts.",
    Result,
    int(result.SCHEMA.rpartition("/")[2]),
)
EVENTS = Document(
    "journal",
    "A line of journal.jsonl",
    "One event of a run. A line of a kind that is not listed here was written by a later version.",
    KnownEvent,
    infinities=True,
)


class _Plain(GenerateJsonSchema):
    """Leave out titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


class _WithInfinities(_Plain):
    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return {"anyOf": [super().float_schema(schema), {"enum": _NO_NUMBERS}]}


def json_schema(document: Document) -> dict[str, Any]:
    """Return the JSON Schema of a document."""
    generator = _WithInfinities if document.infinities else _Plain
    adapter = TypeAdapter(document.model)
    schema = adapter.json_schema(schema_generator=generator, mode="validation", by_alias=True)
    known = {name: descriptions(model) for name, model in models_of(document.model).items()}
    if document is EVENTS:
        del schema["discriminator"]  # a word of OpenAPI
        for part in schema["$defs"].values():
            part["required"] = ["kind", *part["required"]]  # it has a default only where a program makes an event
        schema["oneOf"].append(_later_event())
    for model, properties in fields(schema):
        for name, field in properties.items():
            if name in known.get(model, {}):
                field["description"] = known[model][name]
            if "const" in field:
                field.setdefault("description", f"Always `{field['const']}`.")
            if name == "schema":
                field["pattern"] = rf"^{field['default']}(\.[0-9]+)?$"  # a minor version only adds
    head = {
        "$schema": DIALECT,
        "$id": f"urn:energy-runner:{document.name}:{document.major}",
        "title": document.title,
        "description": document.about,
    }
    return head | {key: value for key, value in schema.items() if key not in head}


def fields(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each object of a schema by its name, with its properties."""
    yield schema.get("title", ""), schema.get("properties", {})
    for name, part in schema.get("$defs", {}).items():
        yield name, part.get("properties", {})


def write_schemas(folder: Path, documents: Sequence[Document]) -> list[Path]:
    """Write the schemas of `documents` into `folder`, and return their paths; the same models give the same bytes.

    Raises `OSError` if the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for document in documents:
        path = folder / document.file
        path.write_bytes(json_bytes(json_schema(document)))
        written.append(path)
    return written


def _later_event() -> dict[str, Any]:
    """Return the schema of an event of a kind that this version does not know."""
    return {
        "title": "Event of a later version",
        "description": "Readers ignore what they do not know.",
        "type": "object",
        "properties": {
            "t_ns": {"type": "integer", "description": "Host time, ns."},
            "kind": {"type": "string", "not": {"enum": sorted(KINDS)}, "description": "Its kind."},
        },
        "required": ["t_ns", "kind"],
    }

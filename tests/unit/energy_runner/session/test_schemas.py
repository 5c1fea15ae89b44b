# SPDX-License-Identifier: Apache-2.0
"""The JSON Schemas: not stale, complete, and true of real documents by an independent validator."""

import json
import re
import tomllib
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from energy_runner.api.schemas import DOCUMENTS
from energy_runner.bench.schemas import BENCH
from energy_runner.rules import evaluate
from energy_runner.session.events import KINDS
from energy_runner.session.folder import json_bytes
from energy_runner.session.schemas import EVENTS, RECORD, RESULT, Document, fields, json_schema, write_schemas
from tests.support.bent_runs import FAST
from tests.support.places import ROOT
from tests.support.synthetic import make_run

STORED = ROOT / "docs" / "reference" / "schemas"
SESSIONS = sorted(path.parent for path in (ROOT / "fixtures").rglob("record.json"))
BENCHES = sorted((ROOT / "energy_runner" / "bench" / "builtin").glob("*.toml"))


@cache
def validator(document: Document) -> Draft202012Validator:
    return Draft202012Validator(json.loads((STORED / document.file).read_bytes()))


def faults(document: Document, value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:120]}" for error in validator(document).iter_errors(value)]


# --- the files ------------------------------------------------------------------------------------------


def test_the_stored_schemas_are_those_of_the_models(tmp_path: Path) -> None:
    fresh = write_schemas(tmp_path, DOCUMENTS)
    stale = [path.name for path in fresh if path.read_bytes() != (STORED / path.name).read_bytes()]
    assert not stale, f"stale: {stale}. Run scripts/schemas"
    assert {path.name for path in STORED.iterdir()} == {path.name for path in fresh}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_a_schema_is_one_by_its_own_rules(document: Document) -> None:
    schema = json.loads((STORED / document.file).read_bytes())
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert schema["$id"] == f"urn:energy-runner:{document.name}:{document.major}"
    assert schema["title"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_field_of_a_public_document_is_described(document: Document) -> None:
    schema = json_schema(document)
    bare = [
        f"{name}.{key}"
        for name, keys in fields(schema)
        for key, field in keys.items()
        if "description" not in field
    ]
    assert not bare, "give each a string below it, which says what it is and in which unit"
    assert all(part.get("description") for part in schema["$defs"].values())


UNITS = {"_s": "s", "_ns": "ns", "_us": "µs", "_v": "V", "_a": "A", "_j": "J", "_w": "W", "_c": "°C"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_a_quantity_is_described_with_its_unit(document: Document) -> None:
    for name, keys in fields(json_schema(document)):
        for key, field in keys.items():
            _, _, ending = key.rpartition("_")
            if f"_{ending}" in UNITS and key != ending and not key.endswith("_per_s"):
                said = re.findall(r"[\w°]+", field["description"])
                assert UNITS[f"_{ending}"] in said, f"{name}.{key}: {field['description']}"


# --- real documents -------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", SESSIONS, ids=lambda folder: folder.name)
def test_stored_sessions_are_valid(folder: Path) -> None:
    assert faults(RECORD, json.loads((folder / "record.json").read_bytes())) == []
    assert faults(RESULT, json.loads((folder / "result.json").read_bytes())) == []
    lines = (folder / "journal.jsonl").read_text("utf-8").splitlines()
    assert len(lines) > 10
    seen: set[str] = set()
    for line in lines:
        event = json.loads(line)
        if (
            event["kind"] not in seen or len(seen) < 4
        ):  # a few of each kind: an oneOf over all kinds takes its time
            assert faults(EVENTS, event) == []
        seen.add(event["kind"])
    assert seen <= KINDS


@pytest.mark.parametrize("mode", ["energy", "performance", "accuracy"])
@pytest.mark.parametrize("rule_set", ["lab", "mlperf-tiny-1.4"])
def test_results_made_now_are_valid(tmp_path: Path, mode: str, rule_set: str) -> None:
    session = make_run(FAST, mode=mode).write(tmp_path / "s")
    assert faults(RESULT, json.loads(json_bytes(evaluate(session, rule_set=rule_set)))) == []
    assert faults(RECORD, json.loads((session.path / "record.json").read_bytes())) == []


@pytest.mark.parametrize("path", BENCHES, ids=lambda path: path.stem)
def test_built_in_benches_are_valid(path: Path) -> None:
    assert faults(BENCH, tomllib.loads(path.read_text("utf-8"))) == []


# --- what is wrong is found -----------------------------------------------------------------------------

RESULT_FILE = json.loads((SESSIONS[0] / "result.json").read_bytes())
RECORD_FILE = json.loads((SESSIONS[0] / "record.json").read_bytes())
EVENT = {"t_ns": 1, "kind": "edge-captured", "position": 1.5, "half_width": 0.5, "counter": None}


@pytest.mark.parametrize(
    ("document", "value", "change"),
    [
        (RESULT, RESULT_FILE, {"valid": "yes"}),
        (RESULT, RESULT_FILE, {"mode": "sleep"}),
        (RESULT, RESULT_FILE, {"schema": "energy-runner/result/2"}),
        (RESULT, RESULT_FILE, {"verdicts": [{"id": "x"}]}),
        (RECORD, RECORD_FILE, {"schema": "energy-runner/record/10"}),
        (RECORD, RECORD_FILE, {"session_id": None}),
        (EVENTS, EVENT, {"position": "here"}),
        (EVENTS, EVENT, {"kind": "samples-arrived"}),
        (EVENTS, EVENT, {"t_ns": 0.5}),
        (BENCH, tomllib.loads(BENCHES[0].read_text("utf-8")), {"moniter": {}}),
        (BENCH, tomllib.loads(BENCHES[0].read_text("utf-8")), {"dut": {"baud": "fast"}}),
    ],
)
def test_a_wrong_document_is_not_valid(document: Document, value: dict[str, Any], change: dict[str, Any]) -> None:
    assert faults(document, value) == []
    assert faults(document, value | change) != []


@pytest.mark.parametrize("missing", ["t_ns", "kind", "position"])
def test_an_event_without_a_field_is_not_valid(missing: str) -> None:
    assert faults(EVENTS, {key: value for key, value in EVENT.items() if key != missing}) != []


@pytest.mark.parametrize(
    ("document", "value", "change"),
    [
        (RESULT, RESULT_FILE, {"schema": "energy-runner/result/1.4", "added_later": [1]}),
        (RECORD, RECORD_FILE, {"added_later": {"x": 1}}),
        (EVENTS, EVENT, {"added_later": True}),
        (EVENTS, EVENT, {"kind": "lid-opened"}),
        (EVENTS, EVENT, {"position": "Infinity", "half_width": "NaN"}),
    ],
)
def test_what_a_later_version_adds_is_valid(
    document: Document, value: dict[str, Any], change: dict[str, Any]
) -> None:
    assert faults(document, deepcopy(value) | change) == []

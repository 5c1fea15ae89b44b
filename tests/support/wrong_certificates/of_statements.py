# SPDX-License-Identifier: Apache-2.0
"""Statements that the right key has signed, but that are none of a certificate, or are about other files."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from energy_runner.certificate.dcc import write as dcc
from energy_runner.certificate.forms import AIBOM, FACTS, JSON, PDF, XML
from energy_runner.certificate.signing.canonical import canonical_bytes
from energy_runner.certificate.signing.envelope import envelope_bytes, read_envelope, sign
from energy_runner.certificate.signing.statement import Statement, Subject, read_statement, statement_bytes
from tests.support.wrong_certificates.case import Case, Made
from tests.support.wrong_certificates.changes import OTHER_DIGEST, less
from tests.support.wrong_certificates.changes import put as told
from tests.support.wrong_certificates.lab import KEY, forms_of, lie, virtual_forms

Change = Callable[[Any], object]


def _document(change: Change) -> Callable[[], Made]:
    """Return the maker of a signed statement, changed as plain data."""

    def make() -> Made:
        document = json.loads(read_envelope(virtual_forms()[JSON]).payload)
        change(document)
        return Made({JSON: envelope_bytes(sign(canonical_bytes(document), KEY))}, JSON)

    return make


def _predicate(change: Change) -> Callable[[], Made]:
    return _document(lambda document: change(document["predicate"]))


def _subjects(change: Callable[[list[Subject]], list[Subject]]) -> Callable[[], Made]:
    """Return the maker of a signed statement about other subjects."""

    def make() -> Made:
        statement = read_statement(read_envelope(virtual_forms()[JSON]).payload)
        subjects = change(list(statement.subjects))
        payload = statement_bytes(Statement(subjects, statement.predicate_type, statement.predicate))
        return Made({JSON: envelope_bytes(sign(payload, KEY))}, JSON)

    return make


def _one(name: str, **update: Any) -> Callable[[list[Subject]], list[Subject]]:
    """Return what changes the subject of that name."""
    return lambda subjects: [replace(one, **update) if one.name == name else one for one in subjects]


def _without(name: str) -> Callable[[list[Subject]], list[Subject]]:
    return lambda subjects: [one for one in subjects if one.name != name]


def _signed_with(forms: dict[str, bytes], name: str, data: bytes) -> dict[str, bytes]:
    """Return JSON and one other form, which the statement names by the digest that it has."""
    statement = read_statement(read_envelope(forms[JSON]).payload)
    digest = hashlib.sha256(dcc.emptied(data) if name == XML else data).hexdigest()
    subjects = [
        replace(one, sha256=digest, size=len(data)) if one.name == name else one for one in statement.subjects
    ]
    payload = statement_bytes(Statement(subjects, statement.predicate_type, statement.predicate))
    envelope = envelope_bytes(sign(payload, KEY))
    return {JSON: envelope, name: data}


def _aibom_says_less() -> Made:
    return Made(_signed_with(virtual_forms(), AIBOM, forms_of(less())[AIBOM]), JSON)


def _aibom_says_less_in_another_wording() -> Made:
    right = forms_of(lie(told("issuing.wording", 99)))
    return Made(_signed_with(right, AIBOM, forms_of(less())[AIBOM]), JSON)


def _xml_says_less() -> Made:
    """Return an XML of other figures, under the statement of the right ones, which is in it."""
    placed = virtual_forms()[JSON]
    signed = _signed_with(virtual_forms(), XML, dcc.dcc_bytes(less(), placed))
    return Made({JSON: signed[JSON], XML: dcc.dcc_bytes(less(), signed[JSON])}, XML)


def _xml_in_another_unit_and_wording() -> Made:
    """Return an XML in kilojoule, beside facts in a wording of a later version."""
    facts = lie(told("issuing.wording", 99))
    right = forms_of(facts)

    def in_kilojoule(envelope: bytes) -> bytes:
        return dcc.dcc_bytes(facts, envelope).replace(rb"\joule", rb"\kilo\joule")

    signed = _signed_with(right, XML, in_kilojoule(right[JSON]))
    return Made({JSON: signed[JSON], XML: in_kilojoule(signed[JSON])}, JSON)


def _signed(name: str, about: str, made: Callable[[], Made], *fails: tuple[str, str]) -> Case:
    return Case(name, about, "resigned", made, fails)


_READABLE = ("readable", JSON)
_SUBJECT = "subjects"
CASES = (
    _signed(
        "schema-unknown",
        "the certificate has a schema that does not exist yet",
        _predicate(lambda one: one.update(schema="energy-runner/certificate/2")),
        _READABLE,
    ),
    _signed(
        "schema-of-another-kind",
        "the certificate says that it is another document",
        _predicate(lambda one: one.update(schema="energy-runner/result/1")),
        _READABLE,
    ),
    _signed(
        "field-extra",
        "the certificate has a field that nobody knows",
        _predicate(lambda one: one.update(approved=True)),
        _READABLE,
    ),
    _signed(
        "field-extra-deep",
        "an instrument has a field that nobody knows",
        _predicate(lambda one: one["equipment"]["instruments"][0].update(approved=True)),
        _READABLE,
    ),
    _signed(
        "field-missing",
        "the certificate has no list of missing items",
        _predicate(lambda one: one.pop("missing")),
        _READABLE,
    ),
    _signed(
        "field-missing-optional",
        "a field that may be null is not there at all",
        _predicate(lambda one: one["workload"].pop("accuracy")),
        _READABLE,
    ),
    _signed(
        "field-of-another-type",
        "the score is a text",
        _predicate(lambda one: one["result"]["energy_per_inference_j"].update(median="0.0014")),
        _READABLE,
    ),
    _signed(
        "field-of-another-title",
        "the title is one that does not exist",
        _predicate(lambda one: one.update(title="Accredited Certificate")),
        _READABLE,
    ),
    _signed(
        "statement-of-another-type",
        "the statement is of a type that does not exist",
        _document(lambda one: one.update(_type="https://in-toto.io/Statement/v2")),
        _READABLE,
    ),
    _signed(
        "predicate-of-another-type",
        "what is stated is of a type that does not exist",
        _document(lambda one: one.update(predicateType="urn:energy-runner:certificate:2")),
        _READABLE,
    ),
    _signed(
        "subject-removed",
        "the statement does not name a file of the session",
        _subjects(_without("session/stream.bin")),
        (_SUBJECT, "session/stream.bin"),
    ),
    _signed(
        "subject-of-facts-removed",
        "the statement does not name the session's facts",
        _subjects(_without(FACTS)),
        (_SUBJECT, FACTS),
    ),
    _signed(
        "subject-of-pdf-removed", "the statement does not name the PDF", _subjects(_without(PDF)), (_SUBJECT, PDF)
    ),
    _signed(
        "subject-added",
        "the statement names a file that nobody knows",
        _subjects(lambda each: [*each, Subject("session/more.bin", OTHER_DIGEST, 5)]),
        (_SUBJECT, "session/more.bin"),
    ),
    _signed(
        "subject-twice",
        "the statement names a file twice",
        _document(lambda one: one["subject"].append(one["subject"][0])),
        _READABLE,
    ),
    _signed(
        "subject-outside",
        "the statement names a file outside its folder",
        _document(lambda one: one["subject"][0].update(name="../../etc/passwd")),
        _READABLE,
    ),
    _signed(
        "subject-other-digest",
        "the statement has another digest of a file of the session",
        _subjects(_one("session/stream.bin", sha256=OTHER_DIGEST)),
        (_SUBJECT, "session/stream.bin"),
    ),
    _signed(
        "subject-other-size",
        "the statement has another size of a file of the session",
        _subjects(_one("session/stream.bin", size=7)),
        (_SUBJECT, "session/stream.bin"),
    ),
    _signed(
        "subject-other-facts",
        "the statement has another digest of the session's facts",
        _subjects(_one(FACTS, sha256=OTHER_DIGEST)),
        (_SUBJECT, FACTS),
    ),
    _signed(
        "aibom-says-less-in-another-wording",
        "a signed bill of materials states less energy, beside facts in a wording of a later version",
        _aibom_says_less_in_another_wording,
        (AIBOM, "energy"),
    ),
    _signed(
        "aibom-says-less", "a signed bill of materials states less energy", _aibom_says_less, (AIBOM, "energy")
    ),
    _signed(
        "xml-in-another-unit-and-wording",
        "a signed XML in kilojoule, beside facts in a wording of a later version",
        _xml_in_another_unit_and_wording,
        (XML, "unit"),
    ),
    _signed("xml-says-less", "a signed XML states less energy", _xml_says_less, (XML, "result")),
)

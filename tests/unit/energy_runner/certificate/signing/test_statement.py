# SPDX-License-Identifier: Apache-2.0
"""Statements: what they are about, read strictly, whoever wrote them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from energy_runner.certificate.signing.canonical import canonical_bytes
from energy_runner.certificate.signing.statement import (
    MOST_SIZE,
    PREDICATE,
    REVOCATION,
    Statement,
    Subject,
    read_statement,
    statement_bytes,
)
from energy_runner.errors import ConfigurationError, SessionError
from tests.unit.energy_runner.certificate.signing.test_canonical import PLAIN

SHA = "0123456789abcdef" * 4
SUBJECTS = (Subject("certificate.dcc.xml", SHA, 12), Subject("session/trace.bin", "f" * 64))
PLAIN_STATEMENT = Statement(SUBJECTS, PREDICATE, {"score": 1.5})


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), PLAIN, max_size=4))
def test_what_is_written_is_read_again(predicate: dict[str, Any]) -> None:
    statement = Statement(SUBJECTS, REVOCATION, predicate)
    assert read_statement(statement_bytes(statement)) == statement


def test_it_is_an_in_toto_statement() -> None:
    assert json.loads(statement_bytes(PLAIN_STATEMENT)) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "certificate.dcc.xml", "digest": {"sha256": SHA}, "annotations": {"size": "000000000012"}},
            {"name": "session/trace.bin", "digest": {"sha256": "f" * 64}},
        ],
        "predicateType": "urn:energy-runner:certificate:1",
        "predicate": {"score": 1.5},
    }


@given(st.integers(0, MOST_SIZE), st.integers(0, MOST_SIZE))
def test_its_length_does_not_depend_on_sizes(one: int, other: int) -> None:
    lengths = {len(statement_bytes(Statement([Subject("a", SHA, size)], PREDICATE, {}))) for size in (one, other)}
    assert len(lengths) == 1


def test_every_truncated_flipped_or_doubled_byte_is_refused_or_states_something_else() -> None:
    """The signature finds what the reader cannot: a statement that is another one, and well formed."""
    data = statement_bytes(PLAIN_STATEMENT)
    for place in range(len(data)):
        for changed in (
            data[:place],
            data[: place + 1] + data[place:],
            data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :],
        ):
            try:
                assert read_statement(changed) != PLAIN_STATEMENT
            except SessionError as error:
                assert "Try: " in str(error)


def _document(**changed: Any) -> dict[str, Any]:
    return json.loads(statement_bytes(PLAIN_STATEMENT)) | changed


def _subject(**changed: Any) -> dict[str, Any]:
    return _document(subject=[{"name": "a", "digest": {"sha256": SHA}} | changed])


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (_document(_type="https://in-toto.io/Statement/v0.1"), "Statement/v0.1"),
        (_document(predicateType="urn:energy-runner:certificate:2"), "Try: a newer version"),
        (_document(predicateType=None), "known are"),
        (_document(predicate=[]), "predicate is no object"),
        (_document(subject=[]), "no list of subjects"),
        (_document(subject={}), "no list of subjects"),
        (_document(extra=1), "'extra' is not known"),
        (_document(subject=_subject()["subject"] * 2), "'a' is there twice"),
        (_subject(uri="file:///etc"), "'uri' is not known"),
        (_subject(digest={"sha256": SHA, "md5": "0"}), "'md5' is not known"),
        (_subject(digest={"sha1": SHA}), "'sha256' is missing"),
        (_subject(digest={"sha256": SHA.upper()}), "64 hexadecimal digits"),
        (_subject(digest={"sha256": SHA[1:]}), "64 hexadecimal digits"),
        (_subject(digest={"sha256": 5}), "64 hexadecimal digits"),
        (_subject(annotations={}), "'size' is missing"),
        (_subject(annotations={"size": "12"}), "not twelve digits"),
        (_subject(annotations={"size": "\N{ARABIC-INDIC DIGIT ZERO}" * 12}), "not twelve digits"),
        (_subject(annotations={"size": 12}), "not twelve digits"),
        (_subject(name=""), "1 to 1000"),
        (_subject(name="x" * 1001), "1 to 1000"),
        (_subject(name=None), "1 to 1000"),
        (_subject(name="/etc/passwd"), "inside its folder"),
        (_subject(name="a/../../b"), "inside its folder"),
        (_subject(name="a//b"), "inside its folder"),
        (_subject(name="C:x"), "backslashes or colons"),
        (_subject(name="a\\b"), "backslashes or colons"),
        (_subject(name="a\x1b[2J"), "control characters"),
    ],
)
def test_each_wrong_part_is_named(document: Any, words: str) -> None:
    with pytest.raises(SessionError, match=r"^signed statement: .*Try: ") as raised:
        read_statement(canonical_bytes(document))
    assert words in str(raised.value)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("size", [-1, MOST_SIZE + 1, True, 1.0])
def test_a_wrong_size_cannot_be_written(size: Any) -> None:
    with pytest.raises(ConfigurationError, match="its size is"):
        Subject("a", SHA, size)


def test_subjects_and_kind_are_needed() -> None:
    for statement, words in (
        (Statement([], PREDICATE, {}), "different names"),
        (Statement([SUBJECTS[0]] * 2, PREDICATE, {}), "different names"),
        (Statement(SUBJECTS, "urn:other:1", {}), "known are"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            statement_bytes(statement)

# SPDX-License-Identifier: Apache-2.0
"""Revocations of certificates, as signed statements."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from energy_runner.certificate.signing.envelope import envelope_bytes, read_envelope, sign, signature_holds
from energy_runner.certificate.signing.keys import new_key
from energy_runner.certificate.signing.revocation import Revocation, read_revocation, revocation_statement
from energy_runner.certificate.signing.statement import PREDICATE, Subject, read_statement, statement_bytes
from energy_runner.errors import ConfigurationError, SessionError

ONE = Revocation("ER-0123456789ABCDEF", "a" * 64, "the current probe was off by 2 %", "2026-11-30T12:00:00Z")


def test_it_is_signed_and_read_again(tmp_path: Path) -> None:
    key = new_key(tmp_path / "lab.key", None)
    envelope = read_envelope(envelope_bytes(sign(statement_bytes(revocation_statement(ONE)), key)))
    assert signature_holds(envelope, key.public)
    assert read_revocation(read_statement(envelope.payload)) == ONE


def test_it_is_of_one_certificate() -> None:
    assert ONE.is_of(ONE.id, "b" * 64)
    assert ONE.is_of("ER-0", ONE.sha256)
    assert not ONE.is_of("ER-0", "b" * 64)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"id": "../x"}, "letters, digits and hyphens"),
        ({"id": ""}, "letters, digits and hyphens"),
        ({"id": 5}, "letters, digits and hyphens"),
        ({"sha256": "A" * 64}, "64 hexadecimal digits"),
        ({"sha256": None}, "64 hexadecimal digits"),
        ({"why": "  "}, "1 to 1000 characters"),
        ({"why": "x" * 1001}, "1 to 1000 characters"),
        ({"revoked_utc": "2026-11-30"}, "no moment"),
        ({"revoked_utc": None}, "no moment"),
    ],
)
def test_each_wrong_part_is_named(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match="Try: ") as raised:
        replace(ONE, **changed)
    assert words in str(raised.value)
    statement = revocation_statement(ONE)
    with pytest.raises(SessionError, match="Try: ") as refused:
        read_revocation(replace(statement, predicate=statement.predicate | changed))
    assert words in str(refused.value)


def test_a_statement_of_another_kind_or_certificate_is_refused() -> None:
    statement = revocation_statement(ONE)
    for wrong, words in (
        (replace(statement, predicate_type=PREDICATE), "not a urn:energy-runner:revocation:1"),
        (
            replace(statement, predicate=statement.predicate | {"schema": "energy-runner/revocation/2"}),
            "its schema",
        ),
        (replace(statement, predicate=statement.predicate | {"more": 1}), "'more' is not known"),
        (replace(statement, subjects=[Subject("x", ONE.sha256)]), "its subject is not"),
        (replace(statement, subjects=[*statement.subjects] * 2), "its subject is not"),
        (replace(statement, subjects=[replace(statement.subjects[0], sha256="b" * 64)]), "its subject is not"),
    ):
        with pytest.raises(SessionError, match=r"^revocation: ") as raised:
            read_revocation(wrong)
        assert words in str(raised.value)

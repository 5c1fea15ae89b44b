# SPDX-License-Identifier: Apache-2.0
"""A certificate of an earlier version, which knew fewer fields, stays one that can be read and verified."""

from pathlib import Path
from typing import Any

import pytest

from energy_runner.certificate.collect.collect import as_written, id_of_document
from energy_runner.certificate.signing.envelope import envelope_bytes, sign
from energy_runner.certificate.signing.keys import new_key
from energy_runner.certificate.signing.statement import PREDICATE, Statement, Subject, statement_bytes
from energy_runner.certificate.verify.bundle import Found
from energy_runner.certificate.verify.checks import Checks
from energy_runner.certificate.verify.inner import contradictions
from energy_runner.certificate.verify.signed import Signed, read_signed
from tests.support.certificates import virtual_certificate


def read(document: dict[str, Any], folder: Path) -> tuple[Signed | None, Checks]:
    document["id"] = id_of_document(document)
    payload = statement_bytes(Statement([Subject("session/x", "0" * 64)], PREDICATE, as_written(document)))
    checks = Checks()
    data = envelope_bytes(sign(payload, new_key(folder / "k", None)))
    return read_signed(Found(data, "certificate.json"), checks), checks


@pytest.fixture
def document() -> dict[str, Any]:
    return virtual_certificate().document()


def test_one_that_knew_fewer_fields_is_read_and_agrees_with_itself(
    document: dict[str, Any], tmp_path: Path
) -> None:
    document["issuing"]["software"] = "energy-runner 0.0.9"
    del document["curves"]["inferences_averaged"]
    del document["result"]["layers"]
    signed, checks = read(document, tmp_path)
    assert signed is not None, checks.done
    places = [place for place, _ in contradictions(signed.certificate, signed.statement.predicate)]
    assert "id" not in places
    assert not [place for place in places if place.startswith("result")]


def test_of_this_version_no_field_may_lack(document: dict[str, Any], tmp_path: Path) -> None:
    del document["curves"]["inferences_averaged"]
    signed, checks = read(document, tmp_path)
    assert signed is None
    assert "curves.inferences_averaged" in checks.done[0].detail


def test_a_field_that_nobody_knows_is_of_a_newer_version(document: dict[str, Any], tmp_path: Path) -> None:
    document["issuing"]["software"] = "energy-runner 9.0.0"
    document["item"]["colour"] = "green"
    signed, checks = read(document, tmp_path)
    assert signed is None
    assert "item.colour" in checks.done[0].detail
    assert "newer version" in checks.done[0].detail

# SPDX-License-Identifier: Apache-2.0
"""Every fact of a certificate is in its XML, but those that are named here."""

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from energy_runner.certificate.dcc import facts_in_dcc
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.errors import SessionError
from tests.support.certificate_facts import two_rails

# The signed statement holds them. Patterns of places, where [] stands for any number.
NOT_IN_XML = (
    r"curves\..*",  # figures
    r".*windows\[\]\.uncertainty\.components\[\]\..*",  # the score's budget is in it
    r".*windows\[\]\.stimulus",  # its file is
    r".*standing\.(official|demonstration|unofficial|unknown)",  # the status and its words are
    r".*\.stated\.(value|u|U|unit)",  # the text is, and the numbers with all their digits
    r"result\.rails\[\]\.uncertainty\.(notes|method)\[\]",  # the score's are
    r"result\.levels\.\w+\.(start_s|duration_s)",
    r"result\.throughput_per_s",  # the same with its uncertainty is
    r"(session|result)\.virtual",  # the certificate's own is
    r"result\.(schema|benchmark|rule_set|sha256)",  # those of workload and session are
    r"statements\.verified",  # the text says it
    r"issuing\.wording",  # it is about the texts, and the signed statement holds it
)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if inner is None:
        yield path, value
        return
    for key, each in inner:
        yield from leaves(each, (*path, key))


def other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value * 1.5 + 1
    return f"{value}x" if isinstance(value, str) else None


def changed(document: dict[str, Any], path: tuple[str | int, ...], value: Any) -> EnergyCertificate:
    bent = copy.deepcopy(document)
    inner: Any = bent
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return EnergyCertificate.model_validate(bent)


def kinds(document: dict[str, Any]) -> dict[str, tuple[tuple[str | int, ...], Any]]:
    """The first leaf of each kind that has a value, by its place without numbers."""
    found: dict[str, tuple[tuple[str | int, ...], Any]] = {}
    for path, value in leaves(document):
        if value is not None:
            found.setdefault(re.sub(r"\.\d+", "[]", ".".join(map(str, path))), (path, value))
    return found


def test_a_change_of_any_fact_changes_the_xml_but_for_those_named() -> None:
    document = two_rails().document()
    expected = facts_in_dcc(two_rails())
    silent, tried = set(), 0
    for kind, (path, value) in kinds(document).items():
        try:
            bent = changed(document, path, other(value))
            found = facts_in_dcc(bent).differences(expected)
        except (ValidationError, SessionError):
            continue  # a word of a fixed list, or something that no DCC can state
        tried += 1
        if not found:
            silent.add(kind)
    assert tried > 250
    assert {kind for kind in silent if not any(re.fullmatch(one, kind) for one in NOT_IN_XML)} == set()
    assert [one for one in NOT_IN_XML if not any(re.fullmatch(one, kind) for kind in silent)] == []


@pytest.mark.parametrize("path", [("title",), ("virtual",), ("item", "serial"), ("issuing", "key_id"), ("id",)])
def test_decisive_facts_are_in_it(path: tuple[str, ...]) -> None:
    document = two_rails().document()
    value: Any = document
    for step in path:
        value = value[step]
    new = "Measurement report — not a certificate" if path == ("title",) else other(value)
    assert facts_in_dcc(changed(document, path, new)).differences(facts_in_dcc(two_rails()))

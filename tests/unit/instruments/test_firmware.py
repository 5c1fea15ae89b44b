# SPDX-License-Identifier: Apache-2.0
"""Versions are compared part by part; an older one is told with both, one that cannot be compared is said so."""

from dataclasses import replace

import pytest

from instruments.conformance import on_twin
from instruments.errors import Refused
from instruments.firmware import OldestFirmware, check_version, doubts, is_older
from instruments.registry import BUILT_IN
from instruments.roles import Identity

TOLD = [(spec, one) for spec in BUILT_IN for one in spec.oldest]
IDS = [f"{spec.name}-{one.version}" for spec, one in TOLD]


@pytest.mark.parametrize(
    ("found", "needed", "older"),
    [
        ("1.0.5", "1.0.6", True),
        ("1.0.6", "1.0.6", False),
        ("1.0.10", "1.0.6", False),
        ("0.9", "1.0.6", True),
        ("1.0", "1.0.6", True),
        ("2", "1.0.6", False),
        ("v1.0.6", "1.0.6", False),
        ("1.0.6-rc2", "1.0.6", False),
        ("C.05.00", "D.01.09", True),
        ("D.01.08", "D.01.09", True),
        ("E.02.07.3261", "D.01.09", False),
        ("", "1.0.6", None),
        ("unknown", "1.0.6", None),
        ("1.0.6", "D.01.09", None),
    ],
)
def test_versions(found: str, needed: str, older: bool | None) -> None:
    assert is_older(found, needed) is older


def bent(one: OldestFirmware, version: str) -> Identity:
    """Return who an instrument of the table would say that it is, with this version."""
    model = "N6702A" if one.models != ".*" else "any"
    who = Identity("monitor", "maker", model, "1", "" if one.of else version)
    return replace(who, detail=((one.of, version),)) if one.of else who


@pytest.mark.parametrize(("spec", "one"), TOLD, ids=IDS)
def test_every_row_tells_both_versions_its_source_and_what_to_try(spec, one) -> None:
    assert doubts(spec.oldest, bent(one, one.version)) == []
    letters = one.version[0].isalpha()
    [older] = doubts(spec.oldest, bent(one, "A.00.01" if letters else "0.0.1"))
    assert older.is_older
    for word in (one.version, "0.1" if not letters else "A.00.01", one.source, one.try_this, one.needed_for):
        assert word in older.text
    [strange] = doubts(spec.oldest, bent(one, "?"))
    assert not strange.is_older
    assert "cannot be compared" in strange.text
    [none] = doubts(spec.oldest, bent(one, ""))
    assert not none.is_older
    assert "states no" in none.text
    with pytest.raises(Refused, match="or later"):
        check_version("box", spec.oldest, "A.00.01" if letters else "0.0.1")
    check_version("box", spec.oldest, "?")


@pytest.mark.parametrize("spec", [one for one in BUILT_IN if one.oldest], ids=lambda spec: spec.name)
def test_the_twin_of_every_driver_in_the_table_is_new_enough(spec) -> None:
    subject = on_twin(spec)
    identity = subject.instrument.open(subject.clock.deadline(20.0))
    assert doubts(spec.oldest, identity) == []
    for one in spec.oldest:
        assert one.found(identity), "the driver states no version"


def test_a_row_is_of_its_models_only() -> None:
    [(_, one)] = [(spec, one) for spec, one in TOLD if one.models != ".*"]
    assert doubts((one,), Identity("monitor", "KEYSIGHT", "N6705B", "1", "A.00.01")) == []

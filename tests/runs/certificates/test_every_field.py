# SPDX-License-Identifier: Apache-2.0
"""Each single fact of a certificate, changed and signed again by the laboratory's own key, is found.

Without the session only consistency can tell; with it every figure and record. What nobody can check is what the
laboratory states by itself, and it is listed here: a new field has to be checked, or to be named in that list.
"""

import copy
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from pydantic import ValidationError

from energy_runner.certificate.collect import Given, collect
from energy_runner.certificate.collect.collect import as_written, id_of
from energy_runner.certificate.facts import EnergyCertificate
from energy_runner.certificate.verify.inner import contradictions
from energy_runner.certificate.verify.recorded import recorded
from energy_runner.certificate.verify.session import _figures
from energy_runner.rules import evaluate
from energy_runner.session.result import Result
from tests.support.certificates import demo_session
from tests.support.wrong_certificates.lab import virtual

# Of these the laboratory's signature is the only proof: a reader has to trust it, or to ask. So it is with what it
# states in several fields at once, none of which changes alone: files of firmware and network, the calibration
# of an instrument, and its serial number where the instrument tells none.
STATED_BY_THE_LABORATORY = (
    r"parties\..*",
    r"item\..*",
    r"firmware\.(toolchain|flags|framework|kernels|quantisation)",
    r"workload\.division",
    r"conditions\.(temperature_low_c|temperature_high_c|humidity_percent|warm_up_s)",
    r"setup\.(sense|inside|outside|jumpers|isolation|cables)",
    r"trust\.(state|detail|source)",  # the control chart stays in the laboratory
    # What was issued in another wording has its figures and answers checked, and its texts not.
    r"issuing\.(issued_utc|software|commit|supersedes|wording)",
)
# Reading and the check of the signature compare these with what they know, before anything here is asked.
PARTS = 6  # of the fields, so that several workers share them
ELSEWHERE = (r"issuing\.key_id", "schema")


def leaves(held: Any, place: str = "") -> Iterator[str]:
    """Yield the place of each value that is no object and no list with something in it."""
    if isinstance(held, dict) and held:
        for key, inner in held.items():
            yield from leaves(inner, f"{place}.{key}" if place else key)
    elif isinstance(held, list) and held:
        for number, inner in enumerate(held):
            yield from leaves(inner, f"{place}[{number}]")
    else:
        yield place


def others(value: Any) -> list[Any]:
    """Return other values that could stand in place of one; the model refuses those of a wrong type."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value * 1.001 if value else 0.5, value + 1]
    if isinstance(value, str):
        digit = re.sub(r"[0-9a-f]", lambda found: "1" if found[0] == "0" else "0", value, count=1)
        return [f"{value}x", digit] if digit != value else [f"{value}x"]
    if value is None:
        return [0.25, "x", True, []]
    return [["x"], [0.25], {"x": "x"}]


def changed(document: Any, place: str, value: Any) -> Any:
    """Return plain data with another value at a place."""
    whole = copy.deepcopy(document)
    steps = [int(one) if one.isdigit() else one for one in re.findall(r"[^.\[\]]+", place)]
    held = whole
    for step in steps[:-1]:
        held = held[step]
    held[steps[-1]] = value
    return whole


@cache
def again() -> tuple[Result, EnergyCertificate]:
    """Return result and facts as they are derived from the session, once."""
    session = demo_session()
    result = evaluate(session, rule_set=virtual().workload.rule_set)
    return result, collect(session, result, Given(virtual().issuing))


def told(place: str, value: Any) -> EnergyCertificate | None:
    """Return the certificate with one value changed and a fitting id; None if that is none at all."""
    try:
        one = EnergyCertificate.model_validate(changed(virtual().document(), place, value))
    except ValidationError:
        return None
    if as_written(one.document()) == as_written(virtual().document()):
        return None
    return one if place == "id" else one.model_copy(update={"id": id_of(one)})


def found(one: EnergyCertificate) -> list[str]:
    """Return the places that are found wrong, alone or with the session."""
    alone = [place for place, _ in contradictions(one)]
    if alone:
        return alone
    result, facts = again()
    return [
        place
        for each in (
            _figures(one.result, result, complete=True),
            recorded(one, facts, judged=True, accuracy=False),
        )
        for place, _ in each
    ]


def _matches(place: str, patterns: tuple[str, ...]) -> bool:
    return any(re.fullmatch(pattern, place) for pattern in patterns)


def _sampled() -> list[str]:
    """Return the places to change: all but most of the curves' points, which are all alike."""
    every = list(leaves(virtual().document()))
    return [place for place in every if not re.search(r"curves\..*\[(?!(0|7|42)\])\d+\]$", place)]


def _missed(places: list[str]) -> tuple[set[str], int]:
    """Return the places of which a changed value is not found, and how many values were tried."""
    missed: set[str] = set()
    tried = 0
    for place in places:
        value: Any = virtual().document()
        for step in re.findall(r"[^.\[\]]+", place):
            value = value[int(step) if step.isdigit() else step]
        for other in others(value):
            one = told(place, other)
            if one is None:
                continue  # not even readable, or the same
            tried += 1
            if not found(one):
                missed.add(place)
    return missed, tried


@pytest.mark.deep
@pytest.mark.parametrize("part", range(PARTS))
def test_each_single_field_that_is_changed_is_found_or_is_stated_by_the_laboratory(part: int) -> None:
    asked = [place for place in _sampled() if not _matches(place, (*STATED_BY_THE_LABORATORY, *ELSEWHERE))]
    missed, tried = _missed(asked[part::PARTS])
    assert missed == set()
    assert tried > 1400 / PARTS, tried


@pytest.mark.deep
def test_each_line_of_what_the_laboratory_states_is_needed() -> None:
    """One that nothing falls under any more would hide a hole one day."""
    stated = [place for place in _sampled() if _matches(place, STATED_BY_THE_LABORATORY)]
    by_laboratory, _ = _missed(stated)
    idle = [one for one in STATED_BY_THE_LABORATORY if not any(re.fullmatch(one, each) for each in by_laboratory)]
    assert idle == []
    assert len(by_laboratory) < 60

# SPDX-License-Identifier: Apache-2.0
"""What a monitor states of its own readings takes the place of what was assumed of them, and of nothing else."""

import pytest

from energy_runner.analysis.uncertainty.inputs import Limits, Term
from instruments.specifications import load

ASSUMED = Limits(
    terms=[
        Term(name="gain", relative=0.01, assumed=True),
        Term(name="clock", relative=1e-3, assumed=True),
        Term(name="offset", unit="W"),
        Term(name="noise", unit="W"),
    ]
)


def found(limits: Limits, name: str) -> Term | None:
    return next((term for term in limits.terms if term.name == name), None)


@pytest.mark.parametrize("limit", [0.004, 0.03])
def test_it_replaces_an_assumed_gain_by_a_smaller_or_larger_one(limit: float) -> None:
    stated = ASSUMED.stated(limit)
    gain = found(stated, "gain")
    assert gain is not None
    assert (gain.relative, gain.assumed) == (limit, False)
    assert "own statement" in gain.source
    assert found(stated, "offset") is None  # the range is in it
    assert found(stated, "clock") == found(ASSUMED, "clock")
    assert found(stated, "noise") == found(ASSUMED, "noise")


def test_without_a_statement_nothing_changes() -> None:
    assert ASSUMED.stated(None) == ASSUMED


def test_what_a_document_or_a_bench_file_states_stays() -> None:
    known = Limits(terms=[Term(name="gain", relative=0.001, source="certificate"), Term(name="offset", unit="W")])
    assert known.stated(0.02) == known
    offset = Limits(terms=[*ASSUMED.terms[:2], Term(name="offset", absolute=1e-3, unit="W")])
    assert found(offset.stated(0.02), "offset") == found(offset, "offset")


def test_a_table_that_is_assumed_as_a_whole_gives_way_too() -> None:
    gain = found(Limits(assumed=True, terms=[Term(name="gain", relative=0.01)]).stated(0.002), "gain")
    assert gain is not None
    assert gain.relative == 0.002


def test_the_table_of_an_analyzer_behind_a_daemon_is_one_that_gives_way() -> None:
    table = Limits(terms=[Term(name=one.name, relative=one.relative, assumed=one.assumed) for one in load_terms()])
    assert table.stated(0.005) != table


def load_terms():
    return load("instruments.devices.ptdaemon").terms

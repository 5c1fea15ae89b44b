# SPDX-License-Identifier: Apache-2.0
"""The bench's chart as it was when a session was measured; and what was found later, but had begun before."""

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from energy_runner.api import trust_at
from energy_runner.sweep.trust.points import Decision, ReferencePoint
from energy_runner.sweep.trust.read import Found
from instruments.clock import NS_PER_S, utc_text
from tests.support.reference_nights import BEGIN_S, DAY_S, reference_points, since

GOOD = reference_points(random.Random(1), 40)
SHIFTED = reference_points(random.Random(3), 60, off=since(30, 0.01))


def at(night: float) -> str:
    """The moment of a night, in words."""
    return utc_text(round((BEGIN_S + night * DAY_S) * NS_PER_S))


def session(night: float, *, virtual: bool = False, recorded: str | None = None) -> Any:
    sweep = SimpleNamespace(bench="desk", bench_trust=recorded, started_utc=at(night)) if recorded else None
    record = SimpleNamespace(sweep=sweep, bench={"name": "desk"}, virtual=virtual, started_utc=at(night))
    return SimpleNamespace(record=record)


@pytest.fixture
def trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def asked(
        points: list[ReferencePoint], one: Any, decisions: tuple[Decision, ...] = (), issued: str = ""
    ) -> str:
        monkeypatch.setattr(trust_at, "found_references", lambda folder, name: Found(tuple(points)))
        monkeypatch.setattr(trust_at, "read_decisions", lambda folders, name: (decisions, ()))
        return trust_at.trust_of(one, tmp_path, issued or at(100)).state

    return asked


def test_what_counts_is_the_chart_when_it_was_measured_not_at_issue(trust: Any) -> None:
    assert trust(GOOD, session(20.5)) == "trusted", "at issue its last reference is older than two weeks"
    assert trust(GOOD, session(3.5)) == "not watched", "then it had no baseline yet"
    assert trust(GOOD, session(60)) == "not watched", "nobody had measured the reference for three weeks"


def test_a_change_that_is_found_later_and_had_begun_before_counts(trust: Any) -> None:
    assert trust(SHIFTED, session(25.5)) == "trusted", "the change came later"
    assert trust(SHIFTED[:31], session(30.5)) == "trusted", "one night tells nothing"
    assert trust(SHIFTED, session(30.5)) == "out of control", "but those that follow do"
    assert trust(SHIFTED, session(50.5)) == "out of control"


def test_that_somebody_trusts_it_again_makes_no_measurement_good(trust: Any) -> None:
    decision = Decision("desk", BEGIN_S + 58 * DAY_S, "ann", "new golden board", "new")
    assert trust(SHIFTED, session(50.5), (decision,)) == "out of control"
    assert trust(GOOD, session(20.5, recorded="out of control")) == "out of control"


def test_a_virtual_session_without_the_hosts_time_is_as_old_as_its_certificate(trust: Any) -> None:
    assert trust(GOOD, session(-9000, virtual=True), issued=at(20.5)) == "trusted"
    assert trust(GOOD, session(20.5, virtual=True, recorded="trusted")) == "trusted"


def test_without_references_nothing_is_said(trust: Any, tmp_path: Path) -> None:
    assert trust([], session(20.5)) == "not watched"
    assert trust_at.trust_of(session(20.5), tmp_path / "none", at(30)).source == ""

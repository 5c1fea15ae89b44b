# SPDX-License-Identifier: Apache-2.0
"""Points are claimed once, and what comes in under an old epoch changes nothing."""

from pathlib import Path

import pytest

from energy_runner.errors import ConfigurationError
from energy_runner.sweep.catalogue import Catalogue, Outcome, Running, SweepRow
from energy_runner.sweep.plan import plan_from_text

PLAN = 'name = "night"\norder = "as-written"\n[axes.voltage]\nsets = "voltage"\nvalues = [1, 2, 3]\n'
DONE = Outcome("completed", "done", valid=True, session="s", row="{}")


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    opened = Catalogue(tmp_path / "catalogue.sqlite")
    plan = plan_from_text(PLAN, "night.toml")
    opened.add_sweep(SweepRow("n1", "night", plan.text, "2026", "pc", "f", "open"), plan.points, {3: "right"})
    return opened


def test_points_are_claimed_in_order_and_once(catalogue: Catalogue) -> None:
    first, second = catalogue.claim("n1", "left", "a"), catalogue.claim("n1", "left", "b")
    assert first is not None
    assert second is not None
    assert (first.number, first.epoch, second.number) == (1, 1, 2)
    assert catalogue.claim("n1", "left", "a") == first  # as after a connection that broke while it was said
    assert catalogue.claim("n1", "left", "d") is None  # the third is for the other bench
    third = catalogue.claim("n1", "right", "c")
    assert third is not None
    assert third.number == 3
    assert catalogue.counts("n1") == {"waiting": 0, "running": 3, "done": 0, "set-aside": 0}


def test_a_late_result_is_kept_and_changes_nothing(catalogue: Catalogue) -> None:
    old = catalogue.claim("n1", "left", "frozen")
    assert old is not None
    assert catalogue.release("n1", catalogue.running("n1")[0], Outcome("lost", "waiting", reason="gone"))
    new = catalogue.claim("n1", "left", "next")
    assert new is not None
    assert (new.number, new.epoch) == (1, 2)
    assert not catalogue.beat(old, "n1", "frozen").held
    assert not catalogue.finish(old, DONE)
    assert catalogue.points("n1")[0].state == "running"
    assert catalogue.finish(new, DONE)
    assert [(one.epoch, one.accepted, one.outcome) for one in catalogue.attempts("n1", 1)] == [
        (1, False, "completed"),
        (2, True, "completed"),
    ]


def test_saying_the_same_twice_changes_nothing(catalogue: Catalogue) -> None:
    lease = catalogue.claim("n1", "left", "a")
    assert lease is not None
    assert catalogue.finish(lease, DONE)
    assert catalogue.finish(lease, Outcome("bench-fault", "waiting"))
    assert catalogue.points("n1")[0].state == "done"
    assert len(catalogue.attempts("n1")) == 1


def test_a_sign_of_life_saves_a_lease(catalogue: Catalogue) -> None:
    lease = catalogue.claim("n1", "left", "a")
    assert lease is not None
    seen = catalogue.running("n1")[0]
    assert catalogue.beat(lease, "n1", "a").held
    assert not catalogue.release("n1", seen, Outcome("lost", "waiting"))
    assert catalogue.finish(lease, DONE)


def test_only_the_claim_that_was_seen_is_released(catalogue: Catalogue) -> None:
    assert not catalogue.release("n1", Running(1, 1, 0, "a", "left"), Outcome("lost", "waiting"))
    assert catalogue.attempts("n1") == []


def test_a_bench_that_leaves_a_point_to_others(catalogue: Catalogue) -> None:
    failed = catalogue.claim("n1", "left", "a")
    assert failed is not None
    catalogue.finish(failed, Outcome("bench-fault", "waiting"), shun=True)
    first, other = catalogue.claim("n1", "left", "a"), catalogue.claim("n1", "right", "b")
    assert first is not None
    assert other is not None
    assert (first.number, other.number) == (2, 1)
    catalogue.forgive("n1")
    assert catalogue.shunned("n1") == []


def test_references_have_numbers_of_their_own_and_one_bench(catalogue: Catalogue) -> None:
    first = catalogue.claim_reference("n1", "left", "a", {"voltage": 2})
    second = catalogue.claim_reference("n1", "right", "b", {"voltage": 2})
    assert [(one.number, one.kind, dict(one.values)) for one in (first, second)] == [
        (4, "reference", {"voltage": 2}),
        (5, "reference", {"voltage": 2}),
    ]
    assert catalogue.counts("n1")["running"] == 0  # they are none of the plan's points


def test_seats_are_taken_all_or_none(catalogue: Catalogue) -> None:
    def take(worker: str, bench: str, *wanted: str) -> list[str]:
        found = catalogue.seats.take(wanted, worker=worker, bench=bench, sweep="n1", since_utc="now")
        return [one.instrument for one in found]

    assert take("a", "left", "pc/usb0", "pc/usb1") == []
    assert take("b", "right", "pc/usb1", "pc/usb2") == ["pc/usb1"]
    assert take("b", "left", "pc/usb3") == ["pc/usb0", "pc/usb1"]  # two benches of one name
    assert catalogue.beat(None, "n1", "a").seats == 2
    gone = [one for one in catalogue.seats.all() if one.worker == "a"]
    assert [one.beat for one in gone] == [1, 1]
    taken = catalogue.seats.take(["pc/usb1"], worker="b", bench="left", sweep="n1", since_utc="now", gone=gone)
    assert taken == []
    assert [(one.instrument, one.worker) for one in catalogue.seats.all()] == [("pc/usb1", "b")]
    catalogue.seats.leave("b")
    assert catalogue.seats.all() == []


def test_a_seat_that_has_shown_life_since_is_not_taken(catalogue: Catalogue) -> None:
    catalogue.seats.take(["x"], worker="a", bench="left", sweep="n1", since_utc="now")
    seen = catalogue.seats.all()
    catalogue.beat(None, "n1", "a")
    assert catalogue.seats.take(["x"], worker="b", bench="left", sweep="n1", since_utc="now", gone=seen)


def test_sweeps_go_by_id_or_by_name(catalogue: Catalogue) -> None:
    assert catalogue.sweep("night").id == catalogue.sweep("n1").id == catalogue.sweep().id == "n1"
    with pytest.raises(ConfigurationError, match="no sweep is called day"):
        catalogue.sweep("day")


def test_a_point_that_was_set_aside_is_put_back(catalogue: Catalogue) -> None:
    lease = catalogue.claim("n1", "left", "a")
    assert lease is not None
    catalogue.finish(lease, Outcome("refused", "set-aside", reason="no such rate"))
    assert catalogue.put_back("n1", 1)
    assert not catalogue.put_back("n1", 2)
    again = catalogue.claim("n1", "left", "a")
    assert again is not None
    assert (again.number, again.epoch) == (1, 2)

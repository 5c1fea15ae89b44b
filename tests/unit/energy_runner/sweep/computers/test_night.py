# SPDX-License-Identifier: Apache-2.0
"""A night on several computers, with a scheduler that does what the test wants, in virtual time."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from energy_runner.errors import BenchFault
from energy_runner.sweep.catalogue import Catalogue, Outcome, SweepRow
from energy_runner.sweep.computers.carrier import Away, Carried
from energy_runner.sweep.computers.night import DaskNight, find_benches
from energy_runner.sweep.plan.points import Point
from energy_runner.sweep.work.ends import End
from instruments.clock import VirtualClock

SWEEP = "night-1"


class Scheduler:
    """What a `Carrier` does, as the test says; calls are numbered from 0."""

    def __init__(self, *benches: str) -> None:
        self.benches: set[str] | None = set(benches)  # None: it does not answer
        self.calls: list[str] = []
        self.found: dict[int, Carried] = {}

    def offered(self) -> set[str]:
        if self.benches is None:
            raise Away("scheduler dask://pc1:8786: does not answer")
        return self.benches

    def call(self, sweep: str, bench: str, lease_s: float) -> int:
        self.offered()
        self.calls.append(bench)
        return len(self.calls) - 1

    def look(self, call: int) -> Carried:
        return self.found.get(call, Carried("pending"))

    def close(self) -> None:
        pass

    def ends(self, call: int, end: End, reason: str = "") -> None:
        self.found[call] = Carried("ended", {"end": str(end), "reason": reason, "points": 2})


@pytest.fixture
def catalogue(tmp_path: Path) -> Any:
    opened = Catalogue(tmp_path / "catalogue.sqlite")
    row = SweepRow(SWEEP, "night", "", "2026-11-30T00:00:00.000Z", "pc1", "sweeps", "open")
    opened.add_sweep(row, [Point(1, 1, 1, {})], {})
    yield opened
    opened.close()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def night(catalogue: Catalogue, clock: VirtualClock) -> Callable[..., DaskNight]:
    def made(scheduler: Scheduler, *benches: str) -> DaskNight:
        return DaskNight(scheduler, catalogue, SWEEP, benches, lease_s=30.0, clock=clock, absent_s=60.0)

    return made


def finish(catalogue: Catalogue) -> None:
    lease = catalogue.claim(SWEEP, "left", "pc2:1")
    assert lease is not None
    assert catalogue.finish(lease, Outcome("completed", "done", valid=True))


def looks(night: DaskNight, clock: VirtualClock, duration_s: float, *, stopping: bool = False) -> bool:
    """Look every second for a while; return whether it was over at the last look."""
    over = False
    for _ in range(round(duration_s)):
        over = night.look(stopping=stopping)
        clock.sleep(1.0)
    return over


def test_each_bench_is_called_once_and_its_last_word_is_its_end(night: Any, clock: VirtualClock) -> None:
    scheduler = Scheduler("left", "right")
    watched = night(scheduler, "left", "right")
    assert not looks(watched, clock, 300)
    assert scheduler.calls == ["left", "right"]
    scheduler.ends(0, End.FINISHED)
    scheduler.ends(1, End.QUARANTINED, "5 points in a row failed on it")
    assert watched.look(stopping=False)
    ends = watched.ends()
    assert (ends["left"].end, ends["left"].points) == (End.FINISHED, 2)
    assert ends["right"].reason == "5 points in a row failed on it"


def test_a_lost_call_is_made_again_but_not_in_haste(night: Any, clock: VirtualClock) -> None:
    scheduler = Scheduler("left")
    watched = night(scheduler, "left")
    watched.look(stopping=False)
    for call in range(100):
        scheduler.found[call] = Carried("lost")
    looks(watched, clock, 20)
    assert 5 <= len(scheduler.calls) <= 11


def test_a_scheduler_that_is_away_is_told_once_and_called_when_it_is_back(night: Any, clock: VirtualClock) -> None:
    scheduler = Scheduler("left")
    watched = night(scheduler, "left")
    looks(watched, clock, 5)
    scheduler.benches, scheduler.found[0] = None, Carried("lost")
    assert not looks(watched, clock, 30)
    assert watched.news() == ["scheduler dask://pc1:8786: does not answer; the benches go on meanwhile"]
    scheduler.benches = {"left"}
    assert not looks(watched, clock, 5)
    assert watched.news() == ["the scheduler answers again", "left: is offered again"]
    assert scheduler.calls == ["left", "left"]


def test_a_bench_that_stays_away_is_given_up(night: Any, clock: VirtualClock) -> None:
    scheduler = Scheduler("left")
    watched = night(scheduler, "left")
    looks(watched, clock, 5)
    scheduler.benches = set()
    assert not looks(watched, clock, 50)
    assert looks(watched, clock, 20)
    assert watched.ends()["left"].end == End.FAILED
    assert watched.ends()["left"].reason == "no worker has offered it for 1 min"


def test_a_complete_sweep_waits_only_shortly_for_a_bench_that_is_away(
    night: Any, clock: VirtualClock, catalogue: Catalogue
) -> None:
    scheduler = Scheduler("left", "right")
    watched = night(scheduler, "left", "right")
    looks(watched, clock, 5)
    scheduler.benches = {"left"}
    finish(catalogue)
    scheduler.ends(0, End.FINISHED)
    assert not watched.look(stopping=False)
    assert looks(watched, clock, 20)
    assert watched.ends()["right"].reason == "its worker was away when the sweep was complete"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (Carried("killed"), "its worker died again and again"),
        (
            Carried("ended", {"end": "interrupted", "reason": "stopped by SIGTERM", "points": 0}),
            "its worker was stopped on its computer (stopped by SIGTERM)",
        ),
    ],
)
def test_a_worker_that_leaves_is_called_again_three_times(
    night: Any, clock: VirtualClock, found: Carried, why: str
) -> None:
    scheduler = Scheduler("left")
    watched = night(scheduler, "left")
    for call in range(100):
        scheduler.found[call] = found
    assert looks(watched, clock, 30)
    assert scheduler.calls == ["left"] * 4
    assert watched.news() == [f"left: {why}; it is called again when it is back"] * 3
    assert watched.ends()["left"].reason == f"{why}, 4 times"


def test_a_worker_that_cannot_be_called_ends_with_the_reason(night: Any) -> None:
    scheduler = Scheduler("left")
    scheduler.found[0] = Carried("failed", problem="this dask worker does not offer bench 'left'")
    watched = night(scheduler, "left")
    watched.look(stopping=False)
    assert watched.look(stopping=False)
    assert watched.ends()["left"].reason == "this dask worker does not offer bench 'left'"


def test_a_word_that_cannot_be_understood_is_a_failure(night: Any) -> None:
    scheduler = Scheduler("left")
    scheduler.found[0] = Carried("ended", {"end": "of another version"})
    watched = night(scheduler, "left")
    watched.look(stopping=False)
    assert watched.look(stopping=False)
    assert "the same energy-runner on all computers" in watched.ends()["left"].reason


def test_a_stop_is_asked_through_the_catalogue_and_waited_for(
    night: Any, clock: VirtualClock, catalogue: Catalogue
) -> None:
    scheduler = Scheduler("left", "right")
    watched = night(scheduler, "left", "right")
    looks(watched, clock, 2)
    assert not watched.look(stopping=True)
    assert catalogue.sweep(SWEEP).state == "cancelling"
    scheduler.ends(0, End.STOPPED, "a person asked the sweep to stop")
    assert not looks(watched, clock, 100, stopping=True)
    assert watched.ends()["left"].end == End.INTERRUPTED
    assert looks(watched, clock, 60, stopping=True)
    assert watched.ends()["right"].reason == "its worker did not answer"


def test_a_bench_that_nobody_offers_is_refused_with_the_command_to_type(clock: VirtualClock) -> None:
    with pytest.raises(BenchFault, match=r"no worker offers bench 'right' \(offered: left\)") as refused:
        find_benches(Scheduler("left"), ["left", "right"], clock, "dask://pc1:8786")
    assert "energy-runner sweep worker --scheduler dask://pc1:8786 --bench right=FILE" in str(refused.value)


def test_a_worker_that_is_just_being_started_is_waited_for(clock: VirtualClock) -> None:
    scheduler = Scheduler()
    clock.call_after(
        3_000_000_000, lambda: scheduler.benches.add("left") if scheduler.benches is not None else None
    )
    find_benches(scheduler, ["left"], clock, "dask://pc1:8786")

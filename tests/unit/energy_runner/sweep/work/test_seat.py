# SPDX-License-Identifier: Apache-2.0
"""Whose bench it is: a dead owner's place is taken over, a living one's is not, wherever he is."""

import platform
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from energy_runner.director.stop import StopRequest
from energy_runner.errors import BenchFault, Interrupted
from energy_runner.sweep.catalogue import Catalogue
from energy_runner.sweep.catalogue.lease import Stillness
from energy_runner.sweep.work.seat import seated, sign_of_process
from energy_runner.sweep.work.served_bench import ServedBench, process_of, worker_name
from instruments.clock import VirtualClock

HOST = platform.node()
LOCAL = ServedBench("left", "left.toml", False, (f"{HOST}/usb1", f"{HOST}/usb2"))
SHARED = ServedBench("left", "left.toml", False, ("TCPIP0::meter::INSTR",))
LEASE_S = 30.0


class Place:
    """A catalogue in which somebody has a seat, and a clock that tells how long one waits for it."""

    def __init__(self, folder: Path) -> None:
        self.catalogue = Catalogue(folder / "catalogue.sqlite")
        self.clock = VirtualClock()
        self.stop = StopRequest()
        self.told: list[str] = []
        self.own = worker_name()

    def give(self, worker: str, bench: ServedBench) -> None:
        taken = self.catalogue.seats.take(
            bench.instruments, worker=worker, bench=bench.name, sweep="n1", since_utc="then"
        )
        assert taken == []

    def sit(self, bench: ServedBench, *, each_turn: Callable[[], object] = lambda: None) -> list[str]:
        """Sit down, say who was there before, and get up again."""

        def ask[T](question: Callable[[], T]) -> T:
            each_turn()
            return question()

        place = seated(
            self.catalogue,
            "n1",
            bench,
            self.own,
            clock=self.clock,
            still=Stillness(self.clock, LEASE_S),
            stop=self.stop,
            tell=self.told.append,
            ask=ask,
        )
        with place as taken_over:
            assert {one.worker for one in self.catalogue.seats.all() if one.bench == bench.name} == {self.own}
            assert sign_of_process(self.catalogue, process_of(self.own) or 0) == 0
            return [one.worker for one in taken_over]

    @property
    def waited_s(self) -> float:
        return self.clock.now_ns() / 1e9


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = Place(tmp_path)
    yield made
    made.catalogue.close()


def _died() -> str:
    process = subprocess.Popen(["true"])
    process.wait()
    return f"{HOST}:{process.pid}-abc"


def test_a_free_bench_is_given_back(place: Place) -> None:
    assert place.sit(LOCAL) == []
    assert place.catalogue.seats.all() == []
    assert place.waited_s == 0


def test_the_place_of_one_who_has_died_here_is_taken_at_once_with_a_note(place: Place) -> None:
    worker = _died()
    place.give(worker, LOCAL)
    assert set(place.sit(LOCAL)) == {worker}
    assert place.waited_s == 0
    assert f"bench left: {worker} is gone, its place is taken over" in place.told


@pytest.mark.parametrize(
    ("worker", "bench"),
    [
        (f"{HOST}:1-abc", LOCAL),  # its locks are free, as those of another user are, but the process is there
        ("elsewhere:7-abc", SHARED),
        (f"{HOST}:{2**22 + 1}-abc", SHARED),  # dead here, but whose bench it was is for the catalogue to say
    ],
)
def test_any_other_is_gone_after_a_whole_lease_without_a_sign(
    place: Place, worker: str, bench: ServedBench
) -> None:
    place.give(worker, bench)
    assert set(place.sit(bench)) == {worker}
    assert place.waited_s == pytest.approx(LEASE_S, abs=0.5)


def test_one_who_shows_life_is_named(place: Place) -> None:
    place.give("elsewhere:7-abc", SHARED)
    with pytest.raises(BenchFault, match="in use: elsewhere:7-abc measures sweep n1 on it as 'left' since then"):
        place.sit(SHARED, each_turn=lambda: place.catalogue.beat(None, "n1", "elsewhere:7-abc"))
    assert [one.worker for one in place.catalogue.seats.all()] == ["elsewhere:7-abc"]


def test_another_who_comes_first_with_the_same_count_is_not_taken_for_the_dead_one(place: Place) -> None:
    place.give("elsewhere:7-abc", SHARED)
    turns = iter(range(1000))

    def replaced() -> None:
        if next(turns) == 20:
            place.catalogue.seats.leave("elsewhere:7-abc")
            place.give("elsewhere:8-def", SHARED)

    with pytest.raises(BenchFault, match="in use: elsewhere:8-def"):
        place.sit(SHARED, each_turn=replaced)


def test_two_benches_of_one_name_are_not_served_at_once(place: Place) -> None:
    place.give("elsewhere:7-abc", ServedBench("left", "x", False, ("elsewhere/usb1",)))
    with pytest.raises(BenchFault, match="another bench"):
        place.sit(LOCAL, each_turn=lambda: place.catalogue.beat(None, "n1", "elsewhere:7-abc"))


def test_who_waits_for_a_place_heeds_a_request_to_stop(place: Place) -> None:
    place.give("elsewhere:7-abc", SHARED)
    place.stop.ask("stopped by SIGTERM")
    with pytest.raises(Interrupted, match="SIGTERM"):
        place.sit(SHARED)
    assert [one.worker for one in place.catalogue.seats.all()] == ["elsewhere:7-abc"]

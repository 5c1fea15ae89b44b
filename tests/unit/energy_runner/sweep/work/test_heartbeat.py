# SPDX-License-Identifier: Apache-2.0
"""A worker that stood still notices, whoever is first to ask: its heartbeat, or the run itself."""

from collections.abc import Callable

import pytest

from energy_runner.director.stop import StopRequest
from energy_runner.errors import Interrupted
from energy_runner.sweep.catalogue import Beat, Lease
from energy_runner.sweep.catalogue.engine import CatalogueUnavailable
from energy_runner.sweep.work.heartbeat import LEASE_GONE, Heartbeat
from instruments.clock import RealClock, VirtualClock

LEASE = Lease("n1", 1, 1, 1, "point", 1, {}, "pc:1-a", "left")
HELD = Beat(held=True, seats=1, state="open")


class Answers:
    """A catalogue that answers each beat as `how` says."""

    def __init__(self, how: Callable[[], Beat] = lambda: HELD) -> None:
        self.how = how
        self.beats = 0

    def beat(self, lease: Lease | None, sweep: str, worker: str) -> Beat:
        self.beats += 1
        return self.how()


def _heart(
    catalogue: Answers, clock: VirtualClock | RealClock, *, shared: bool = True, stop: StopRequest | None = None
) -> Heartbeat:
    return Heartbeat(
        catalogue,  # type: ignore[arg-type]
        "n1",
        "pc:1-a",
        lease_s=30.0,
        clock=clock,
        seats=1,
        shared=shared,
        stop=stop or StopRequest(),
    )


def test_a_run_on_the_network_ends_before_its_lease_can_be_over() -> None:
    clock = VirtualClock()
    stop = _heart(Answers(), clock).begin(LEASE)
    clock.sleep(19.0)
    stop.check()
    clock.sleep(2.0)  # the process stood still: no beat was made meanwhile
    with pytest.raises(Interrupted, match="21 s, so the lease may be gone"):
        stop.check()


def test_a_beat_that_was_answered_keeps_the_run_going() -> None:
    clock = VirtualClock()
    heart = _heart(Answers(), clock)
    stop = heart.begin(LEASE)
    for _ in range(5):
        clock.sleep(15.0)
        assert not heart.is_fresh()
        heart.beat()
        assert heart.is_fresh()
    assert stop.reason is None


def test_the_lease_counts_from_when_the_beat_was_sent() -> None:
    clock = VirtualClock()

    def slow() -> Beat:
        clock.sleep(25.0)
        return HELD

    heart = _heart(Answers(slow), clock)
    stop = heart.begin(LEASE)
    heart.beat()
    assert "may be gone" in str(stop.reason)


def test_a_local_bench_needs_no_answer_because_nobody_else_can_use_it() -> None:
    clock = VirtualClock()
    stop = _heart(Answers(), clock, shared=False).begin(LEASE)
    clock.sleep(3600.0)
    assert stop.reason is None


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (Beat(held=False, seats=1, state="open"), LEASE_GONE),
        (Beat(held=True, seats=0, state="open"), LEASE_GONE),
        (Beat(held=True, seats=1, state="cancelling"), "the sweep was cancelled"),
        (Beat(held=True, seats=1, state="stopping"), None),
    ],
)
def test_what_a_beat_finds(found: Beat, reason: str | None) -> None:
    heart = _heart(Answers(lambda: found), VirtualClock())
    stop = heart.begin(LEASE)
    heart.beat()
    assert stop.reason == reason
    assert heart.lost == (found.seats == 0)
    assert heart.state == found.state


def test_a_lease_that_is_gone_is_no_sign_that_the_worker_was_seen() -> None:
    clock = VirtualClock()
    heart = _heart(Answers(lambda: Beat(held=True, seats=0, state="open")), clock)
    clock.sleep(16.0)
    heart.beat()
    assert not heart.is_fresh()


def test_the_worker_that_is_to_end_ends_its_run_with_the_same_reason() -> None:
    worker = StopRequest()
    stop = _heart(Answers(), VirtualClock(), stop=worker).begin(LEASE)
    worker.ask("stopped by SIGTERM")
    assert stop.reason == "stopped by SIGTERM"


def test_a_catalogue_that_does_not_answer_is_asked_again() -> None:
    def silent() -> Beat:
        raise CatalogueUnavailable("locked")

    clock = VirtualClock()
    catalogue = Answers(silent)
    heart = _heart(catalogue, clock)
    stop = heart.begin(LEASE)
    clock.sleep(10.0)
    heart.beat()
    assert stop.reason is None
    catalogue.how = lambda: HELD
    heart.beat()
    clock.sleep(15.0)
    assert stop.reason is None


def test_the_first_beat_comes_before_the_first_point() -> None:
    with _heart(Answers(lambda: Beat(held=True, seats=1, state="stopping")), RealClock()) as heart:
        assert heart.state == "stopping"


def test_nothing_ends_the_thread_while_the_worker_goes_on() -> None:
    def broken() -> Beat:
        raise KeyError("a mistake of ours")

    catalogue = Answers()
    clock = RealClock()
    heart = Heartbeat(
        catalogue,  # type: ignore[arg-type]
        "n1",
        "pc:1-a",
        lease_s=0.06,
        clock=clock,
        seats=1,
        shared=False,
        stop=StopRequest(),
    )
    deadline = clock.deadline(30.0)
    with heart:
        catalogue.how = broken
        begun = catalogue.beats
        while catalogue.beats < begun + 3 and not deadline.expired():
            clock.sleep(0.01)
    assert catalogue.beats >= begun + 3

# SPDX-License-Identifier: Apache-2.0
"""One worker: serves a catalogue on one bench until nothing is left, a limit is reached, or it is told to stop."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from energy_runner.director.stop import StopRequest
from energy_runner.errors import Interrupted
from energy_runner.sweep.catalogue import Catalogue, Lease
from energy_runner.sweep.catalogue.lease import LEASE_S, Stillness
from energy_runner.sweep.catalogue.seats import BenchMark
from energy_runner.sweep.ladder import DONE, ELSEWHERE, QUARANTINE, SET_ASIDE, quarantined
from energy_runner.sweep.ladder import Ended as PointEnd
from energy_runner.sweep.plan import SweepPlan
from energy_runner.sweep.plan.settings import reference_values
from energy_runner.sweep.work.ends import End, Ended
from energy_runner.sweep.work.heartbeat import Heartbeat
from energy_runner.sweep.work.history import history_of
from energy_runner.sweep.work.limits import Limits
from energy_runner.sweep.work.lost import Reclaimer
from energy_runner.sweep.work.note_keeper import NoteKeeper
from energy_runner.sweep.work.outage import Patience
from energy_runner.sweep.work.point import Done, History, PointWork
from energy_runner.sweep.work.runner import Runner
from energy_runner.sweep.work.seat import seated
from energy_runner.sweep.work.served_bench import ServedBench, worker_name
from instruments.clock import NS_PER_S, Clock, RealClock, utc_text

_POLL_S = 1.0  # between two looks at a catalogue that has nothing for us, but may have
_TURN_S = 0.2  # a wait is cut into turns, so that a request to stop is heeded


@dataclass
class Worker:
    """Serves `sweep` on `bench`.

    `tell` is called with a line for people now and then, `step` with a name at every step of the work, for tests
    that kill or freeze a worker there.
    """

    catalogue: Catalogue
    sweep: str
    plan: SweepPlan
    bench: ServedBench
    folder: Path
    runner: Runner
    stop: StopRequest = field(default_factory=StopRequest)
    clock: Clock = field(default_factory=RealClock)
    lease_s: float = LEASE_S
    tell: Callable[[str], object] = lambda _: None
    step: Callable[[str], object] = lambda _: None

    def __post_init__(self) -> None:
        self.name = worker_name()
        self.trust = "not watched"
        self._ask = Patience(self.clock, self.stop, self.tell)
        self._limits = Limits(self.plan.spec.limits, self.folder, self.clock)
        self._still = Stillness(self.clock, self.lease_s)
        self._heart = Heartbeat(
            self.catalogue,
            self.sweep,
            self.name,
            lease_s=self.lease_s,
            clock=self.clock,
            seats=len(self.bench.instruments),
            shared=self.bench.is_shared,
            stop=self.stop,
        )
        self._work = PointWork(self.plan, self.bench, self.folder, self.runner, self.clock, self.step)
        self._notes = NoteKeeper(self.folder, self.tell)
        self._lost = Reclaimer(
            self.catalogue,
            self.sweep,
            self.folder,
            self.plan.spec.limits,
            self.runner.complete,
            self._notes,
            self.tell,
        )
        self._ended: list[tuple[int, PointEnd]] = []
        self._values: dict[int, Mapping[str, object]] = {}  # of the axes, of those points
        self._measured = 0
        self._since_reference: int | None = None  # points; None before the first reference
        self._reference_ns = 0

    def serve(self) -> Ended:
        """Measure points until there is a reason to end, and return it.

        Raises `BenchFault` if the bench is in use by another worker, or the catalogue does not answer for long.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        place = seated(
            self.catalogue,
            self.sweep,
            self.bench,
            self.name,
            clock=self.clock,
            still=self._still,
            stop=self.stop,
            tell=self.tell,
            ask=self._ask,
        )
        try:
            with place as taken_over:
                return self._serve({one.worker for one in taken_over})
        except Interrupted as error:  # while it waited for the seats, or for the catalogue
            return self._ends(End.INTERRUPTED, str(error))
        finally:
            self._notes.close()

    def _serve(self, dead: Collection[str]) -> Ended:
        self.step("seated")
        with self._heart:
            # At once: it may be hours to the first point, or there may be none.
            left = self.runner.make_safe()
            if left:
                self.tell(f"bench {self.bench.name}: switched off what an earlier job has left on: {left}")
            self._reclaim(dead)
            while (ended := self._again()) is None:
                pass
            self.step("leaving")
            return ended

    def _again(self) -> Ended | None:
        """Measure one point, or wait for one; return why the worker ends, None to go on."""
        ended = self._end()
        if ended is not None:
            return ended
        wait_s = self._limits.wait_s()
        if wait_s > 0:
            self._pause(min(wait_s, 60.0))
            return None
        limit = self._limits.reached()
        if limit is not None:
            return self._ends(End.LIMIT, limit)
        self._reclaim()
        lease = self._claim()
        if lease is not None:
            self.step("claimed")
            self._measure(lease)
            return None
        if not self._ask(lambda: self.catalogue.may_come(self.sweep, self.bench.name)):
            return self._ends(End.FINISHED)
        self._pause(min(_POLL_S, self.lease_s / 3))  # a point in progress elsewhere may come back
        return None

    def _ends(self, end: End, reason: str = "") -> Ended:
        return Ended(end, reason, self._measured)

    def _end(self) -> Ended | None:
        if self.stop.reason is not None:
            return self._ends(End.INTERRUPTED, self.stop.reason)
        if self._heart.lost:
            return self._ends(End.SEAT_LOST, "another worker has taken this bench over")
        if self._heart.state != "open":
            return self._ends(End.STOPPED, "a person asked the sweep to stop")
        mark = self._ask(self.catalogue.seats.marks).get(self.bench.name)
        if mark is not None and mark.state:
            return self._ends(End.QUARANTINED, f"quarantined since {mark.since_utc}: {mark.reason}")
        self.trust, why = self.runner.trust()
        if self.trust == "out of control":
            return self._ends(End.OUT_OF_CONTROL, why)
        return None

    # --- which point ------------------------------------------------------------------------------------

    def _claim(self) -> Lease | None:
        if self._reference_is_due():
            return self._claim_reference()
        lease = self._ask(lambda: self.catalogue.claim(self.sweep, self.bench.name, self.name))
        if lease is None and self._since_reference:
            return self._claim_reference()  # the last points stand between two references, as all others do
        return lease

    def _claim_reference(self) -> Lease:
        values = reference_values(self.plan.spec)
        return self._ask(lambda: self.catalogue.claim_reference(self.sweep, self.bench.name, self.name, values))

    def _reference_is_due(self) -> bool:
        reference = self.plan.spec.reference
        if reference is None:
            return False
        if self._since_reference is None:
            return self._ask(lambda: self.catalogue.counts(self.sweep))["waiting"] > 0
        hours = (self.clock.now_ns() - self._reference_ns) / NS_PER_S / 3600
        by_points = reference.every_points is not None and self._since_reference >= reference.every_points
        return by_points or (reference.every_hours is not None and hours >= reference.every_hours)

    # --- one point --------------------------------------------------------------------------------------

    def _measure(self, lease: Lease) -> None:
        began_ns = self.clock.now_ns()
        stop = self._heart.begin(lease)
        try:
            if not self._heart.is_fresh():
                self._heart.beat()  # this process may have stood still since it claimed the point
            before, steps = self._before(lease)
            done = self._work.attempt(lease, stop, self.trust, before, steps)
            self.step("measured")
            others = lease.kind == "point" and self._others(lease.number)
            done = self._work.conclude(lease, done, before, others=others, stop=stop)
            self._keep(lease, done)
            self.step("finished")
        finally:
            self._heart.end()
        self._measured += 1
        self._limits.took((self.clock.now_ns() - began_ns) / NS_PER_S, done.energy_j)

    def _before(self, lease: Lease) -> tuple[History, list[str]]:
        """Return the history of a point, and the steps of recovery since its last attempt."""
        kept = self._ask(lambda: self.catalogue.attempts(self.sweep, lease.number))
        history = history_of(kept)
        return history, list(kept[-1].steps) if kept else []

    def _others(self, number: int) -> bool:
        """Return whether another bench is being served that has not left this point to others."""
        seats = self._ask(self.catalogue.seats.all)
        shunned = self._ask(lambda: self.catalogue.shunned(self.sweep))
        marks = self._ask(self.catalogue.seats.marks)
        benches = {one.bench for one in seats if one.sweep == self.sweep and one.bench != self.bench.name}
        return any((number, one) not in shunned and not (one in marks and marks[one].state) for one in benches)

    def _keep(self, lease: Lease, done: Done) -> None:
        """Tell the catalogue and the folder what became of the point, and draw the consequences for the bench."""
        outcome = done.outcome
        end = done.end
        if lease.kind == "reference":
            # One that failed is not made again: the next reference is due at once.
            if outcome.state != "done":
                outcome = replace(outcome, state="set-aside")
                end = SET_ASIDE
            self._since_reference = 0 if outcome.state == "done" else self._since_reference
            self._reference_ns = self.clock.now_ns()
        elif self._since_reference is not None:
            self._since_reference += 1
        accepted = self._ask(lambda: self.catalogue.finish(lease, outcome, shun=done.end == ELSEWHERE))
        self.step("told")
        self._notes.keep(done.name, lease, outcome, accepted=accepted)
        if not accepted:
            self.tell(
                f"point {lease.number}: came in late, under an old lease; its session is kept, and not counted"
            )
        if end in (DONE, SET_ASIDE, ELSEWHERE) and outcome.outcome not in ("refused", "interrupted"):
            self._ended.append((lease.number, end))
            # Reference points have the same values every time, so that each one that fails counts.
            self._values[lease.number] = lease.values if lease.kind == "point" else {}
        if outcome.reason and outcome.state != "done":
            self.tell(f"point {lease.number}: {outcome.state}, {outcome.reason}")
        why = self._suspect(done)
        if why:
            mark = BenchMark(self.bench.name, "quarantined", why, utc_text(self.clock.utc_ns()))
            self._ask(lambda: self.catalogue.seats.mark(mark))
            self.tell(f"bench {self.bench.name} is quarantined: {why}")

    def _suspect(self, done: Done) -> str:
        """Return why this bench is to take no more points; "" if it may."""
        if done.end == QUARANTINE:
            return f"no step of recovery helped after: {done.outcome.reason}"
        most = self.plan.spec.limits.failures_in_a_row
        failing = quarantined(self._ended, most, self._values)
        return f"{most} or more points in a row failed on it" if failing else ""

    # --- the rest ---------------------------------------------------------------------------------------

    def _reclaim(self, dead: Collection[str] = ()) -> None:
        self._ask(lambda: self._lost.reclaim(dead, self._still, self.name))

    def _pause(self, duration_s: float) -> None:
        deadline = self.clock.deadline(duration_s)
        while not deadline.expired() and self.stop.reason is None and not self._heart.lost:
            self.clock.sleep(min(_TURN_S, deadline.remaining_s()))

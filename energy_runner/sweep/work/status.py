# SPDX-License-Identifier: Apache-2.0
"""How a sweep stands: what is done, what runs where, what failed, when it may end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from energy_runner.session.days import seconds_utc
from energy_runner.sweep.catalogue import Catalogue, Running
from energy_runner.sweep.catalogue.rows import states_of

_RECENT = 20  # points from which the time left is estimated


@dataclass(frozen=True)
class BenchHealth:
    """A bench that serves or served a sweep: what it does, what it measured, and what was said of it."""

    name: str
    worker: str | None
    point: int | None
    done: int
    failed: int
    mark: str


@dataclass(frozen=True)
class SweepStatus:
    """The state of a sweep.

    `counts` is the number of the plan's points in each state; `invalid` how many of the done ones are not valid,
    and `references` how often the reference point was measured; `reference_points` are the numbers of those
    measurements. `left_s` is the estimated time left, s, None while it cannot be known. `late` is the number of
    results that came in under an old lease.
    """

    sweep: str
    name: str
    state: str
    counts: Mapping[str, int]
    invalid: int
    references: int
    late: int
    running: Sequence[Running]
    aside: Mapping[int, str]
    benches: Sequence[BenchHealth]
    each_s: float | None
    left_s: float | None
    reference_points: Sequence[int] = ()

    @property
    def total(self) -> int:
        """Return the number of the plan's points."""
        return sum(self.counts.values())


def status_of(catalogue: Catalogue, sweep: str) -> SweepStatus:
    """Return how a sweep stands now."""
    row = catalogue.sweep(sweep)
    points = states_of(catalogue, row.id)
    attempts = catalogue.attempts(row.id)
    running = catalogue.running(row.id)
    seats = {one.bench: one for one in catalogue.seats.all() if one.sweep == row.id}
    marks = catalogue.seats.marks()
    counts = {"waiting": 0, "running": 0, "done": 0, "set-aside": 0}
    for point in points:
        counts[point.state] += point.kind == "point"
    counted = {one.number: one for one in attempts if one.accepted and one.outcome == "completed"}
    durations = [
        took
        for one in attempts
        if one.outcome == "completed" and (took := _took_s(one.started_utc, one.ended_utc))
    ][-_RECENT:]
    each_s = median(durations) if durations else None
    serving = max(1, len(seats))
    left = counts["waiting"] + counts["running"]
    benches = sorted({*seats, *(one.bench for one in attempts)})
    return SweepStatus(
        sweep=row.id,
        name=row.name,
        # A reference point is no part of the plan's points; the last one still has to be measured.
        state=row.state if left or running else "finished",
        counts=counts,
        invalid=sum(
            point.kind == "point" and not counted[point.number].valid
            for point in points
            if point.state == "done" and point.number in counted
        ),
        references=sum(point.kind == "reference" and point.state == "done" for point in points),
        late=sum(not one.accepted and one.outcome != "lost" for one in attempts),
        running=running,
        aside={point.number: point.reason for point in points if point.state == "set-aside"},
        benches=[
            BenchHealth(
                name=name,
                worker=seats[name].worker if name in seats else None,
                point=next((one.number for one in running if one.bench == name), None),
                done=sum(one.bench == name and one.outcome == "completed" and one.accepted for one in attempts),
                failed=sum(one.bench == name and one.outcome != "completed" for one in attempts),
                mark=f"{marks[name].state}: {marks[name].reason}" if name in marks and marks[name].state else "",
            )
            for name in benches
        ],
        each_s=each_s,
        left_s=None if each_s is None else left * each_s / serving,
        reference_points=[point.number for point in points if point.kind == "reference"],
    )


def _took_s(started: str | None, ended: str | None) -> float:
    """Return the seconds between two times; 0 where the clock was set back in between, or one is missing."""
    if not started or not ended:
        return 0.0
    try:
        return max(0.0, seconds_utc(ended) - seconds_utc(started))
    except ValueError:
        return 0.0

# SPDX-License-Identifier: Apache-2.0
"""Take the seats of a bench before a worker uses it, from a dead worker if need be, and give them back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Protocol

from energy_runner.director.stop import StopRequest
from energy_runner.errors import BenchFault, RunnerError
from energy_runner.sweep.catalogue import Catalogue
from energy_runner.sweep.catalogue.lease import Stillness
from energy_runner.sweep.catalogue.seats import Seat
from energy_runner.sweep.work.served_bench import ServedBench, has_died, is_of_process, os_locks
from instruments.clock import Clock, utc_text

_TURN_S = 0.2


class Ask(Protocol):
    """Asks the catalogue, again and again while it does not answer."""

    def __call__[T](self, question: Callable[[], T]) -> T:
        """Return its answer."""


@contextmanager
def seated(
    catalogue: Catalogue,
    sweep: str,
    bench: ServedBench,
    worker: str,
    *,
    clock: Clock,
    still: Stillness,
    stop: StopRequest,
    tell: Callable[[str], object],
    ask: Ask,
) -> Iterator[list[Seat]]:
    """Hold the bench while the body runs: its locks on this computer, and its seats in the catalogue.

    Yield the seats that were taken over from workers who are gone. The owner of a seat that only processes of this
    computer can have is gone if its locks are free and its process is no more; any other is gone if it showed no
    life for a whole lease, for which this waits. `ask` asks the catalogue again while it does not answer. Raises
    `BenchFault` for a bench that somebody else uses.
    """
    with os_locks(bench, catalogue.identity) as free:
        if not free:
            raise BenchFault(f"bench '{bench.name}' is in use: {_owner(catalogue, bench)}. Try: wait for its end")
        taken_over = _take(catalogue, sweep, bench, worker, clock=clock, still=still, stop=stop, ask=ask)
        for one in taken_over:
            tell(f"bench {bench.name}: {one.worker} is gone, its place is taken over")
        try:
            yield taken_over
        finally:
            with suppress(RunnerError):  # the next worker takes over seats without an owner
                catalogue.seats.leave(worker)


def _take(
    catalogue: Catalogue,
    sweep: str,
    bench: ServedBench,
    worker: str,
    *,
    clock: Clock,
    still: Stillness,
    stop: StopRequest,
    ask: Ask,
) -> list[Seat]:
    seen: dict[str, tuple[str, int]] = {}
    wanted = set(bench.instruments)
    while True:
        # A seat elsewhere under our bench's name is in the way, too: points and marks go by that name.
        found = [
            one
            for one in ask(catalogue.seats.all)
            if one.worker != worker and (one.instrument in wanted or one.bench == bench.name)
        ]
        alive = [one for one in found if seen.setdefault(one.instrument, _sign(one)) != _sign(one)]
        if alive:
            raise BenchFault(
                f"bench '{bench.name}' is in use: {alive[0].worker} measures sweep {alive[0].sweep} on it as "
                f"'{alive[0].bench}' since {alive[0].since_utc}. Try: wait for its end, or another bench"
            )
        gone = [
            one
            for one in found
            if (one.instrument in wanted and not bench.is_shared and has_died(one.worker))
            or still.is_still(("seat", one.instrument), _sign(one))
        ]
        if len(gone) == len(found):
            take = partial(
                catalogue.seats.take,
                bench.instruments,
                worker=worker,
                bench=bench.name,
                sweep=sweep,
                since_utc=utc_text(clock.utc_ns()),
                gone=gone,
            )
            if not ask(take):
                return found
        stop.check()
        clock.sleep(_TURN_S)


def _sign(seat: Seat) -> tuple[str, int]:
    return seat.worker, seat.beat


def check_free(catalogue: Catalogue, bench: ServedBench) -> None:
    """Raise `BenchFault` if another process of this computer holds the bench now."""
    with os_locks(bench, catalogue.identity) as free:
        if not free:
            raise BenchFault(f"bench '{bench.name}' is in use: {_owner(catalogue, bench)}. Try: wait for its end")


def _owner(catalogue: Catalogue, bench: ServedBench) -> str:
    seats = [one for one in catalogue.seats.all() if one.instrument in bench.instruments]
    if not seats:
        return "another process of this computer holds it, perhaps with another catalogue"
    return f"{seats[0].worker} measures sweep {seats[0].sweep} on it since {seats[0].since_utc}"


def sign_of_process(catalogue: Catalogue, pid: int) -> object:
    """Return the sign of life of the worker in process `pid` of this computer; None while it has no seat."""
    return next((one.beat for one in catalogue.seats.all() if is_of_process(one.worker, pid)), None)

# SPDX-License-Identifier: Apache-2.0
"""Sweeps on benches of several computers, which a dask scheduler brings together."""

from collections.abc import Callable, Collection
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from energy_runner.api.benches import load_bench
from energy_runner.api.runs import while_signals_stop
from energy_runner.api.sweeps import CATALOGUE, FOLDER
from energy_runner.director.stop import StopRequest
from energy_runner.sweep.computers.address import scheduler_at
from energy_runner.sweep.work.served_bench import served_bench
from instruments.clock import Clock, RealClock

if TYPE_CHECKING:
    from energy_runner.sweep.computers.carrier import Carrier

__all__ = ["check_scheduler", "offer_bench"]


def offer_bench(
    bench: str,
    source: str,
    scheduler: str,
    *,
    catalogue: str | Path | None = None,
    out: str | Path = FOLDER,
    tell: Callable[[str], object] = lambda _: None,
) -> str:
    """Offer a bench of this computer at a dask scheduler until Ctrl-C or SIGTERM, whose name is returned.

    `run_sweep` with the same `scheduler` lets it serve sweeps, one after the other, each in a process of its own.
    `catalogue` and `out` are as for `serve_sweep`, as this computer reaches them. Call it in the main thread.
    Raises `ConfigurationError` for a bench or a scheduler's address that cannot be.
    """
    from energy_runner.sweep.computers.offer import BenchOffer
    from energy_runner.sweep.computers.offering import offer_to

    at, out = scheduler_at(scheduler), Path(out)
    served = served_bench(bench, source, load_bench(source))
    offer = BenchOffer(served, str(catalogue or out / CATALOGUE), out, RealClock(), tell)
    stop = StopRequest()
    with while_signals_stop(stop):
        offer_to(offer, at, stop, tell)
    return stop.reason or ""


def check_scheduler(scheduler: str, benches: Collection[str]) -> None:
    """See that a scheduler answers and that its workers offer these benches.

    Raises `BenchFault` if not, and `ConfigurationError` for an address that cannot be.
    """
    with closing(connected(scheduler, benches, RealClock())):
        pass


def connected(scheduler: str, benches: Collection[str], clock: Clock) -> "Carrier":
    """Return a connection to a scheduler whose workers offer these benches; raises as `check_scheduler` does."""
    from energy_runner.sweep.computers.carrier import Carrier
    from energy_runner.sweep.computers.night import find_benches

    at = scheduler_at(scheduler)
    carrier = Carrier(at, clock)
    try:
        find_benches(carrier, benches, clock, at.given)
    except BaseException:
        carrier.close()
        raise
    return carrier

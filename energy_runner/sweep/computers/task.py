# SPDX-License-Identifier: Apache-2.0
"""What dask carries: the call "serve this sweep on that bench", and back the last word of who served it."""

import asyncio
from typing import Protocol

from energy_runner.errors import BenchFault
from energy_runner.sweep.work.ends import End, Ended

Word = dict[str, str | int]
_LOOK_S = 0.25


class Service(Protocol):
    """A sweep that is being served on a bench."""

    @property
    def ended(self) -> Ended | None:
        """Return how it ended, None while it goes on."""


class Offer(Protocol):
    """A bench that this process offers."""

    def serve(self, sweep: str, lease_s: float) -> Service | None:
        """Begin to serve a sweep, or join who serves it already; None while the bench serves another one."""


# The benches that this process offers, by name: it is a process of `sweep worker`, and dask calls us in it.
OFFERS: dict[str, Offer] = {}


async def serve_bench(sweep: str, bench: str, lease_s: float) -> Word:
    """Serve a sweep on a bench of this computer until it ends; return the last word.

    It only waits: if dask forgets the call, because its scheduler or the connection is gone, the work goes on, and
    the next such call joins it.
    """
    if bench not in OFFERS:
        raise BenchFault(f"this dask worker does not offer bench '{bench}'. Try: energy-runner sweep worker")
    while (service := OFFERS[bench].serve(sweep, lease_s)) is None:
        await asyncio.sleep(_LOOK_S)
    while (ended := service.ended) is None:
        await asyncio.sleep(_LOOK_S)
    return {"end": str(ended.end), "reason": ended.reason, "points": ended.points}


def ended_from(word: Word) -> Ended:
    """Return the end that a last word tells; raises `BenchFault` for one that cannot be understood."""
    try:
        return Ended(End(str(word["end"])), str(word["reason"]), int(word["points"]))
    except (KeyError, TypeError, ValueError) as error:
        raise BenchFault(
            f"a worker's last word cannot be understood ({error!r}). Try: the same energy-runner on all computers"
        ) from error

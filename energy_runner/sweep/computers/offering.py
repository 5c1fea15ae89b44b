# SPDX-License-Identifier: Apache-2.0
"""Offer a bench of this computer to a dask scheduler, again and again as schedulers come and go."""

import asyncio
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

from energy_runner.director.stop import StopRequest
from energy_runner.sweep.computers.address import Scheduler, quiet, resource
from energy_runner.sweep.computers.offer import BenchOffer
from energy_runner.sweep.computers.task import OFFERS
from energy_runner.sweep.work.served_bench import worker_name
from instruments.errors import one_line

_TURN_S = 0.25
_AGAIN_S = 1.0
_PATIENCE_S = 3.0
_LAST_WORD_S = 1.5  # for which the end of a sweep may be fetched
_CLOSE_S = 5.0


def offer_to(offer: BenchOffer, scheduler: Scheduler, stop: StopRequest, tell: Callable[[str], object]) -> None:
    """Offer a bench until a stop is asked for; the point in progress is then ended with the supply off."""
    quiet()
    security = scheduler.security()
    OFFERS[offer.bench.name] = offer
    try:
        with tempfile.TemporaryDirectory(prefix="energy-runner-dask-", ignore_cleanup_errors=True) as folder:
            asyncio.run(_Offering(offer, scheduler, security, stop, tell, folder).body())
    finally:
        offer.ask_to_stop("the worker ends")
        offer.close()
        del OFFERS[offer.bench.name]


class _Offering:
    def __init__(  # noqa: PLR0917
        self,
        offer: BenchOffer,
        scheduler: Scheduler,
        security: Any,
        stop: StopRequest,
        tell: Callable[[str], object],
        folder: str,
    ) -> None:
        self._offer = offer
        self._scheduler = scheduler
        self._security = security
        self._stop = stop
        self._tell = tell
        self._folder = folder
        self._number = 0

    async def body(self) -> None:
        while self._stop.reason is None:
            try:
                await self._one_connection()
            except (OSError, ValueError, RuntimeError) as error:
                self._tell(f"scheduler {self._scheduler.given}: {one_line(error)}; tried again")
            if self._stop.reason is None:
                await asyncio.sleep(_AGAIN_S)

    async def _one_connection(self) -> None:
        distributed: Any = import_module("distributed")
        utils: Any = import_module("distributed.utils")
        self._number += 1
        worker = distributed.Worker(
            self._scheduler.address,
            nthreads=1,
            resources={resource(self._offer.bench.name): 1},
            # A name for each connection: the scheduler may not have noticed yet that the last one is gone.
            name=f"{self._offer.bench.name} {worker_name()} {os.urandom(3).hex()}-{self._number}",
            host=utils.get_ip(
                self._scheduler.host
            ),  # reached by the way on which the scheduler is, and by no other
            security=self._security,
            dashboard=False,
            memory_limit=0,
            local_directory=self._folder,
        )
        try:
            await self._connected(worker)
        finally:
            with suppress(OSError, RuntimeError):
                await worker.close(timeout=_CLOSE_S, executor_wait=False, nanny=False)

    async def _connected(self, worker: Any) -> None:
        """Offer the bench while this connection lasts."""
        start = asyncio.ensure_future(_start(worker))
        if not await self._done(start, _PATIENCE_S) and self._stop.reason is None:
            self._tell(f"waits for scheduler {self._scheduler.given}")
        if not await self._done(start):
            start.cancel()
            return
        await start
        self._tell(f"offers bench {self._offer.bench.name} at scheduler {self._scheduler.given}")
        if await self._done(asyncio.ensure_future(worker.finished())):
            meanwhile = "; the sweep goes on meanwhile" if self._offer.busy else ""
            self._tell(f"scheduler {self._scheduler.given} has broken the connection{meanwhile}")
            return
        self._offer.ask_to_stop(self._stop.reason or "")
        while self._offer.busy:
            await asyncio.sleep(_TURN_S)
        await asyncio.sleep(_LAST_WORD_S)

    async def _done(self, task: "asyncio.Future[Any]", within_s: float | None = None) -> bool:
        """Wait for a task until a stop is asked for; return whether it is done."""
        turns = None if within_s is None else round(within_s / _TURN_S)
        while not task.done() and self._stop.reason is None and turns != 0:
            await asyncio.wait({task}, timeout=_TURN_S)
            turns = None if turns is None else turns - 1
        return task.done()


async def _start(worker: Any) -> None:
    await worker

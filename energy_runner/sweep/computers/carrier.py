# SPDX-License-Identifier: Apache-2.0
"""The connection to a dask scheduler: every call comes back soon, whatever has become of the other side."""

import re
from collections.abc import Set
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal
from uuid import uuid4

from energy_runner.errors import BenchFault, RunnerError
from energy_runner.sweep.computers.address import Scheduler, quiet, resource
from energy_runner.sweep.computers.task import Word, serve_bench
from instruments.clock import Clock, Deadline
from instruments.errors import one_line

_CONNECT_S = 4.0
_CALL_S = 4.0
_AGAIN_S = 5.0  # between two attempts to connect
_PREFIX = resource("")
_CONNECTIONS = re.compile(r"in <[^>]*>: ")  # dask's own names for them tell a person nothing


class Away(BenchFault):
    """The scheduler does not answer now, but may later."""


@dataclass(frozen=True)
class Carried:
    """What has become of a call: `lost` if dask forgot it, `killed` if its worker died again and again."""

    state: Literal["pending", "lost", "killed", "failed", "ended"]
    word: Word | None = None
    problem: str = ""


class Carrier:
    """A client of a scheduler that connects again by itself; calls of an older connection are lost."""

    def __init__(self, scheduler: Scheduler, clock: Clock) -> None:
        self._scheduler = scheduler
        self._clock = clock
        self._client: Any = None
        self._next: Deadline | None = None
        quiet()

    def connect(self) -> None:
        """See that there is a connection; raise `Away` if there is none."""
        if self._client is not None and self._client.status == "running":
            return
        self.close()
        if self._next is not None and not self._next.expired():
            raise self._away("does not answer")
        distributed: Any = import_module("distributed")
        try:
            self._client = distributed.Client(
                self._scheduler.address,
                timeout=_CONNECT_S,
                set_as_default=False,
                security=self._scheduler.security(),
                direct_to_workers=False,  # the way to the scheduler is enough
                name="energy-runner",
            )
        except (OSError, ValueError, RuntimeError) as error:  # a time-out is an OSError
            self._next = self._clock.deadline(_AGAIN_S)
            raise self._away(one_line(error)) from error

    def offered(self) -> Set[str]:
        """Return the benches that workers offer; raise `Away` if the scheduler does not answer."""
        self.connect()
        try:
            found = self._client.sync(self._client.scheduler.identity, callback_timeout=_CALL_S)
            workers = found["workers"].values()
        except (OSError, RuntimeError, KeyError) as error:
            raise self._away(one_line(error)) from error
        names = {name for worker in workers for name, amount in worker.get("resources", {}).items() if amount}
        return {name.removeprefix(_PREFIX) for name in names if name.startswith(_PREFIX)}

    def call(self, sweep: str, bench: str, lease_s: float) -> Any:
        """Have a bench serve a sweep, as soon as its worker is free; return what `look` takes."""
        self.connect()
        return self._client.submit(
            serve_bench,
            sweep,
            bench,
            lease_s,
            key=f"serve-{bench}-{uuid4().hex}",  # each call is a new one
            pure=False,
            retries=0,  # whether it is to be called again is decided here, where it is told
            resources={resource(bench): 1},
        )

    def look(self, call: Any) -> Carried:
        """Return what has become of a call."""
        status = call.status
        if call.client is not self._client or status in ("cancelled", "lost"):
            return Carried("lost")
        if status == "pending":
            return Carried("pending")
        return self._outcome(call)

    def _outcome(self, call: Any) -> Carried:
        from distributed.client import FutureCancelledError
        from distributed.scheduler import KilledWorker

        try:
            return Carried("ended", call.result(timeout=_CALL_S))
        except KilledWorker:
            return Carried("killed")
        except (FutureCancelledError, TimeoutError):
            return Carried("lost")  # the word was with a worker who is gone, or with a scheduler who is
        except RunnerError as error:
            return Carried("failed", problem=one_line(error))
        except Exception as error:  # whatever the other side raised, such as that it has another version of us
            return Carried("failed", problem=f"its worker cannot be called: {one_line(repr(error))}")

    def close(self) -> None:
        """Give the connection up; dask forgets the calls, and the workers end what they are at."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError, RuntimeError):
                client.close(timeout=_CALL_S)

    def _away(self, why: str) -> Away:
        why = _CONNECTIONS.sub("", why)
        return Away(
            f"scheduler {self._scheduler.given}: {why}. Try: dask scheduler on that computer, a firewall that "
            "lets its port through, and dask+tls:// if it wants TLS"
        )

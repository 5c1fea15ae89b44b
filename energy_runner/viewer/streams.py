# SPDX-License-Identifier: Apache-2.0
"""What happens in the runs, as a stream of server-sent events that lasts until the reader leaves."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from energy_runner.viewer.needed import needed_module
from energy_runner.viewer.site import Feeds, Site

MOST_STREAMS = 32  # a thread each
_TURN_S = 0.5  # so often it is looked whether the reader is still there
_QUIET_TURNS = 20  # without an event; then a comment keeps the connection open


class Streams:
    """All readers of the events of a site. They wait in threads of their own, so that no other answer waits."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._open = 0
        self._threads: Any = None

    @property
    def full(self) -> bool:
        """Return whether there are as many readers as there may be."""
        return self._open >= MOST_STREAMS

    async def events(self, has_left: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
        """Yield the state of each run, then its events as they come."""
        if self._site.feeds is None:
            return
        self._open += 1
        try:
            async for event in self._all(self._site.feeds, has_left):
                yield event
        finally:
            self._open -= 1

    async def _all(self, feeds: Feeds, has_left: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
        known = await self._run(feeds.snapshot)
        number = min((int(one["n"]) for one in known), default=0)
        for one in known:
            yield _event({"kind": "snapshot", "feed": one, "n": one["n"]})
        quiet = 0
        while not self._site.over and not await has_left():
            number, new = await self._run(_next, feeds, number)
            for event in new:
                yield _event(event)
            quiet = 0 if new else quiet + 1
            if quiet >= _QUIET_TURNS:
                quiet = 0
                yield b": still here\n\n"

    async def _run(self, what: Callable[..., Any], *given: Any) -> Any:
        anyio = needed_module("anyio")
        if self._threads is None:
            self._threads = anyio.CapacityLimiter(MOST_STREAMS + 1)
        return await anyio.to_thread.run_sync(what, *given, limiter=self._threads)


def _next(feeds: Feeds, number: int) -> tuple[int, list[dict[str, Any]]]:
    feeds.wait(number, _TURN_S)
    return feeds.since(number)


def _event(event: dict[str, Any]) -> bytes:
    return (
        b"data: "
        + json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        + b"\n\n"
    )

# SPDX-License-Identifier: Apache-2.0
"""What happens in the runs, as a stream of server-sent events that lasts until the reader leaves."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from energy_runner.viewer.needed import needed_module
from energy_runner.viewer.site import Feeds, Site

_TURN_S = 0.5  # so often it is looked whether the reader is still there
_QUIET_TURNS = 20  # without an event; then a comment keeps the connection open


async def events(site: Site, has_left: Callable[[], Awaitable[bool]]) -> AsyncIterator[bytes]:
    """Yield the state of each run, then its events as they come."""
    run = needed_module("starlette.concurrency").run_in_threadpool
    feeds = site.feeds
    if feeds is None:
        return
    known = await run(feeds.snapshot)
    number = min((int(one["n"]) for one in known), default=0)
    for one in known:
        yield _event({"kind": "snapshot", "feed": one, "n": one["n"]})
    quiet = 0
    while not site.over and not await has_left():
        number, new = await run(_next, feeds, number)
        for event in new:
            yield _event(event)
        quiet = 0 if new else quiet + 1
        if quiet >= _QUIET_TURNS:
            quiet = 0
            yield b": still here\n\n"


def _next(feeds: Feeds, number: int) -> tuple[int, list[dict[str, Any]]]:
    feeds.wait(number, _TURN_S)
    return feeds.since(number)


def _event(event: dict[str, Any]) -> bytes:
    return (
        b"data: "
        + json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        + b"\n\n"
    )

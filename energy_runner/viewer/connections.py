# SPDX-License-Identifier: Apache-2.0
"""Connections to the viewer: a bounded number of them, each of which has to ask something within a time.

Every program on this computer can connect, without the token, too. In a live view each connection takes a file
descriptor of the process that measures; so a connection that sends no request, or half of one, is closed.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 100  # some systems let a process have 256 files
QUEUED = 64  # accepted in one go before any is refused, so it is part of the bound
PATIENCE_S = 10.0  # for the head of a request


class Connection(H11Protocol):
    """One connection; where there are `MOST`, the oldest that asks nothing now makes room for it."""

    _patience: asyncio.TimerHandle | None = None
    _refused = False
    heard = 0.0  # when it was made, or was last at work; s of the loop's clock

    @property
    def is_at_work(self) -> bool:
        """Return whether a whole question was asked that is not answered yet."""
        cycle: Any = self.cycle
        return cycle is not None and not cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or end it where all others are at work."""
        if len(self.connections) >= MOST and not self._make_room():
            self.transport, self._refused = transport, True
            transport.abort()
            return
        super().connection_made(transport)
        self.heard = self.loop.time()
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Take what was sent; a request that is not whole yet does not gain time by it."""
        if self._refused:
            return
        super().data_received(data)
        if self.is_at_work:
            self.heard = self.loop.time()
            self._no_more_waiting()
        elif self._patience is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Release what is held for it."""
        self._no_more_waiting()
        if not self._refused:
            super().connection_lost(exc)

    # --- inside -------------------------------------------------------------------------------------------

    def _make_room(self) -> bool:
        idle = [one for one in self.connections if isinstance(one, Connection) and not one.is_at_work]
        if not idle:
            return False
        oldest = min(idle, key=lambda one: one.heard)
        self.connections.discard(oldest)
        oldest.transport.abort()
        return True

    def _wait(self) -> None:
        self._patience = self.loop.call_later(PATIENCE_S, self._too_late)

    def _too_late(self) -> None:
        self._patience = None
        if not self.is_at_work and not self.transport.is_closing():
            self.transport.abort()

    def _no_more_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

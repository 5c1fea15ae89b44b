# SPDX-License-Identifier: Apache-2.0
"""One direction of an asynchronous serial line (8N1): bytes take ten bit times and arrive in bursts."""

from collections.abc import Callable

from instruments.clock import Scheduled
from instruments.world.world import World

BITS_PER_BYTE = 10


class Wire:
    """A line at `baud` bits per second.

    `deliver(data)` is called when the last byte of a burst has arrived, `on_start()` when its first start bit
    begins (from then on, a receiving DUT draws more current).
    """

    def __init__(
        self,
        world: World,
        name: str,
        baud: int,
        deliver: Callable[[bytes], None],
        on_start: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.baud = baud
        self._world = world
        self._deliver = deliver
        self._on_start = on_start
        self._busy_until_ns = 0
        self._on_the_line: list[Scheduled] = []

    def duration_ns(self, count: int) -> int:
        """Return how long `count` bytes take, in ns."""
        return round(count * BITS_PER_BYTE * 1e9 / self.baud)

    @property
    def busy(self) -> bool:
        """Return whether bytes are on the line now."""
        return self._world.clock.now_ns() < self._busy_until_ns

    def send(self, data: bytes) -> int:
        """Queue bytes after those already on the line; return when the last one arrives (ns)."""
        clock = self._world.clock
        start_ns = max(clock.now_ns(), self._busy_until_ns)
        self._busy_until_ns = start_ns + self.duration_ns(len(data))
        arriving = self._world.faults.pass_through(self.name, data)
        self._on_the_line = [event for event in self._on_the_line if event.at_ns >= clock.now_ns()]
        if self._on_start is not None:
            self._on_the_line.append(clock.call_at(start_ns, self._on_start))
        self._on_the_line.append(clock.call_at(self._busy_until_ns, lambda: self._deliver(arriving)))
        return self._busy_until_ns

    def drop(self) -> None:
        """Drop the bytes on the line, as when the sender loses its supply or resets."""
        for event in self._on_the_line:
            event.cancel()
        self._on_the_line.clear()
        self._busy_until_ns = self._world.clock.now_ns()

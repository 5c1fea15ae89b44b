# SPDX-License-Identifier: Apache-2.0
"""A bounded queue between the thread that reads a stream and the code that uses it; overflow is counted."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from instruments.clock import Deadline


@dataclass(frozen=True)
class Overflow:
    """`dropped` bytes (or other units of the stream) were lost because the queue was full.

    `at` counts the units delivered to the reader before the gap: the loss lies between units `at` - 1 and `at`.
    """

    at: int
    dropped: int


class BoundedQueue[Item]:
    """Items of a stream in order, with gaps where the queue was full; one thread puts, another takes.

    `size_of` gives an item's size in the units of `capacity`. When the queue is full, the newest items are dropped
    until half of the capacity is free again: a few large gaps are easier to bridge than many small ones.
    """

    def __init__(self, capacity: int, size_of: Callable[[Item], int]) -> None:
        """`capacity` must be positive, or `ValueError` is raised."""
        if capacity <= 0:
            raise ValueError(f"a queue needs a capacity above 0, not {capacity}")
        self.capacity = capacity
        self._size_of = size_of
        self._changed = threading.Condition()
        # There are never two gaps in a row: the first one grows.
        self._entries: deque[Item | _Gap] = deque()
        self._filled = 0
        self._taken = 0
        self._passed: list[Overflow] = []
        self._ended: BaseException | None = None

    def put(self, item: Item) -> None:
        """Append an item, or count it as dropped if the queue is full. Never waits for the reader."""
        size = self._size_of(item)
        with self._changed:
            last = self._entries[-1] if self._entries else None
            resumes = not isinstance(last, _Gap) or self._filled <= self.capacity // 2
            if resumes and self._filled + size <= self.capacity:
                self._entries.append(item)
                self._filled += size
            elif isinstance(last, _Gap):
                last.dropped += size
            else:
                self._entries.append(_Gap(size))
            self._changed.notify()

    def end(self, error: BaseException) -> None:
        """End the stream: nothing more will be put, because of `error`."""
        with self._changed:
            self._ended = error
            self._changed.notify()

    @property
    def ended(self) -> BaseException | None:
        """Return the error that ended the stream; None while it goes on."""
        return self._ended

    def take(self, at_least: int, deadline: Deadline) -> list[Item]:
        """Return items until they hold `at_least` units, or up to a gap or the end of the queue.

        Waits for the first item until the deadline or the end of the stream. `take_overflow()` then returns what
        was lost directly before the returned items.
        """
        with self._changed:
            self._pass_gap()
            while not self._entries and self._ended is None and not deadline.expired():
                self._changed.wait(deadline.remaining_s())
                self._pass_gap()
            items: list[Item] = []
            size = 0
            while self._entries and size < at_least:
                entry = self._entries[0]
                if isinstance(entry, _Gap):
                    break
                items.append(entry)
                size += self._size_of(entry)
                self._entries.popleft()
            self._filled -= size
            self._taken += size
            return items

    def take_overflow(self) -> list[Overflow]:
        """Return the gaps passed since the last call."""
        with self._changed:
            passed, self._passed = self._passed, []
            return passed

    def _pass_gap(self) -> None:
        if self._entries and isinstance(self._entries[0], _Gap):
            self._passed.append(Overflow(self._taken, self._entries[0].dropped))
            self._entries.popleft()


@dataclass
class _Gap:
    dropped: int

# SPDX-License-Identifier: Apache-2.0
"""Wait for an answer on a stream of bytes, looking after the rest of the bench meanwhile."""

from collections.abc import Callable

from instruments.clock import Clock, Deadline
from instruments.links.base import Link

TURN_S = 0.02
_MOST_STALE_READS = 64


def await_answer[T](
    link: Link, take: Callable[[bytes], T | None], deadline: Deadline, while_waiting: Callable[[], None]
) -> T | None:
    """Return the first thing that `take` makes of the bytes that arrive; None if there is none by the deadline."""
    while True:
        answer = take(link.read(deadline.at_most(TURN_S)))
        if answer is not None or deadline.expired():
            return answer
        while_waiting()


def discard(link: Link, clock: Clock, quiet_s: float = 0.0) -> bytes:
    """Read what has arrived, and what arrives until nothing came for `quiet_s` seconds; return its beginning."""
    found = b""
    for _ in range(_MOST_STALE_READS):
        data = link.read(clock.deadline(quiet_s))
        if not data:
            break
        found = (found + data)[:200]
    return found

# SPDX-License-Identifier: Apache-2.0
"""Compare the count of a stream with a second clock, for an instrument whose count hides what it lost.

The library counts the samples of a JS110 as they come: frames that were lost leave no gap, the count just falls
behind (the library writes a warning, `pkt_index skip`, and goes on). Messages arrive late by chance but never
early, so the least delay of half a second shows the count against the host's clock.
"""

from collections import deque
from dataclasses import dataclass

from instruments.clock import NS_PER_S, to_ns

SLIP_S = 5e-3  # a smaller slip is not told from the delays of a busy computer
_DRIFT = 200e-6  # how far the instrument's clock and the host's may drift apart
_SPAN_NS = to_ns(0.5)
_FEWEST = 10  # messages that show a delay, where the stream has ended


@dataclass(frozen=True)
class Slip:
    """The count has fallen behind by `late_s` seconds, somewhere after the count `after`."""

    late_s: float
    after: int


@dataclass(frozen=True)
class _Seen:
    at_ns: int
    count: int
    behind_s: float


class SlipWatch:
    """The delays of one acquisition; a count is of `rate_hz` a second."""

    def __init__(self, rate_hz: float) -> None:
        self._rate_hz = rate_hz
        self._origin: _Seen | None = None
        self._span_ends_ns = 0
        self._least: _Seen | None = None  # of the span in progress
        self._last: deque[_Seen] = deque(maxlen=_FEWEST)
        self._known: list[_Seen] = []  # the least of the first span, and of the last one

    def note(self, arrived_ns: int, count: int) -> Slip | None:
        """Note that the stream had come to `count` at the host time `arrived_ns`; return a slip once it shows."""
        if self._origin is None:
            self._origin, self._span_ends_ns = _Seen(arrived_ns, count, 0.0), arrived_ns + _SPAN_NS
        passed_s = (arrived_ns - self._origin.at_ns) / NS_PER_S
        seen = _Seen(arrived_ns, count, passed_s - (count - self._origin.count) / self._rate_hz)
        if self._least is None or seen.behind_s < self._least.behind_s:
            self._least = seen
        self._last.append(seen)
        if arrived_ns < self._span_ends_ns:
            return None
        least, self._least, self._span_ends_ns = self._least, None, arrived_ns + _SPAN_NS
        return self._judged(least)

    def end(self) -> Slip | None:
        """Return the slip that the last messages show; no more will come."""
        least = min(self._last, key=lambda seen: seen.behind_s, default=None)
        return self._judged(least) if least is not None and len(self._last) == _FEWEST else None

    def _judged(self, least: _Seen) -> Slip | None:
        slips = [slip for slip in (_slip(before, least) for before in self._known) if slip.late_s > SLIP_S]
        self._known = [least] if slips or not self._known else [self._known[0], least]
        return slips[-1] if slips else None


def _slip(before: _Seen, least: _Seen) -> Slip:
    late_s = least.behind_s - before.behind_s - _DRIFT * (least.at_ns - before.at_ns) / NS_PER_S
    return Slip(late_s, before.count)

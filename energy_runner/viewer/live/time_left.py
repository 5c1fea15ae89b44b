# SPDX-License-Identifier: Apache-2.0
"""How long a run still takes, from its progress so far: the estimate of the progress bar on a terminal."""

from collections import deque

NS_PER_S = 1e9
_PERIOD_S = 30.0  # over which the speed is estimated, as the bar does
_STEP_S = 0.1


class TimeLeft:
    """The time left in seconds of the host, also on a virtual bench, whose time runs faster."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def at(self, now_ns: int, done_s: float, total_s: float | None) -> float | None:
        """Return the time left when `done_s` of `total_s` seconds of the bench are done; None while not known."""
        now_s = now_ns / NS_PER_S
        if self._seen and done_s < self._seen[-1][1]:
            self._seen.clear()
        if not self._seen or now_s - self._seen[-1][0] >= _STEP_S:
            self._seen.append((now_s, done_s))
        while self._seen[0][0] < now_s - _PERIOD_S:
            self._seen.popleft()
        if not self._seen or total_s is None or total_s <= done_s:
            return None
        since_s, from_s = self._seen[0]
        if now_s - since_s < _STEP_S or done_s <= from_s:
            return None
        return (total_s - done_s) * (now_s - since_s) / (done_s - from_s)

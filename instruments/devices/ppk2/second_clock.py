# SPDX-License-Identifier: Apache-2.0
"""Compare the number of samples with the host's clock: a counter modulo 64 does not see that 64 are missing.

The stream has no time stamps. What is known is when a sample had arrived: never before it was taken. The least lag
of samples behind the host's clock is remembered; it may grow as fast as two crystals differ. A lag that stays
larger than that by `SLACK_S`, at every look for a quarter of a second, is a loss. Less may be the link's.
"""

from instruments.devices.ppk2.protocol import COUNTER_WRAPS

SLACK_S = 5e-3  # the loss that Nordic's app tolerates (pc-nrfconnect-ppk, DATALOSS_THRESHOLD)
DRIFT = 200e-6  # how far the two clocks may differ, relative
LOOKS = 5
MOST_LOOKS = 20  # while the lag still grows, as in a stall
LOOK_EVERY_NS = 50_000_000


class SecondClock:
    """The account of one acquisition; times are host nanoseconds. `sure` is the last index known to be right."""

    def __init__(self, period_s: float) -> None:
        self.sure = 0
        self._period_ns = period_s * 1e9
        self._least_ns: float | None = None
        self._looked_ns = 0
        self._late: list[float] = []  # how late each look has been since the last that was right

    def missing(self, now_ns: int, index: int, *, final: bool = False) -> int:
        """Return how many samples are missing that the counter does not show, a multiple of 64; 0 for none.

        All that had arrived by `now_ns` is read, and `index` follows the last sample. `final` means that there
        will be no further look, so that fewer have to do, with a larger slack.
        """
        lag_ns = now_ns - index * self._period_ns
        if self._least_ns is None:
            self._least_ns, self._looked_ns = lag_ns, now_ns
            return 0
        passed_ns = now_ns - self._looked_ns
        if passed_ns < LOOK_EVERY_NS and not final:
            self._least_ns = min(self._least_ns, lag_ns)
            return 0
        self._looked_ns = now_ns
        self._least_ns = min(self._least_ns + DRIFT * passed_ns, lag_ns)
        late_ns, slack_ns = lag_ns - self._least_ns, SLACK_S * 1e9
        if late_ns <= slack_ns:
            self.sure = index
            self._late.clear()
            return 0
        self._late.append(late_ns)
        grows = max(self._late[-LOOKS:]) - min(self._late[-LOOKS:]) > slack_ns and len(self._late) < MOST_LOOKS
        if final:
            enough = min(self._late) > slack_ns * LOOKS / len(self._late)
        else:
            enough = len(self._late) >= LOOKS and not grows
        if not enough:
            return 0
        number = max(1, round(min(self._late[-LOOKS:]) / self._period_ns / COUNTER_WRAPS)) * COUNTER_WRAPS
        self._late.clear()
        return number

    def found(self, index: int) -> None:
        """Take note that a loss was reported, after which the next sample has this index."""
        self.sure = index

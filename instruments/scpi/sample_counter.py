# SPDX-License-Identifier: Apache-2.0
"""Check that a log is complete: compare the number of records with the host's clock.

A log over SCPI carries no time stamps and often reports no loss: the FIFO holds a few seconds and then silently
overwrites the oldest records (Keysight N6705C guide, "External Data Logging"). Only the number of records received
and the time that has passed are known, so this module compares the two.
"""

from instruments.clock import NS_PER_S
from instruments.errors import ProtocolViolation
from instruments.roles import Lost

_FULL = 0.9  # of the FIFO's capacity: guides say "about", so from here on it may have been full
COUNTER_SLACK_S = 0.1  # how much later than measured a record may become readable
_SLACK_RELATIVE = 200e-6  # how far the instrument's clock and the host's may drift apart


class SampleCounter:
    """The account of one log; `next_index` is the sample index of the next record to come.

    `fifo_s` is how many seconds of records the instrument keeps, `piece_s` how many may be held back until a piece
    of the log is full.

    Times are host nanoseconds. The moment of the trigger is not known, but every fetch bounds it: it cannot be
    later than the time of the answer minus the duration of all records up to it.
    """

    def __init__(self, period_s: float, armed_ns: int, fifo_s: float, piece_s: float = 0.0) -> None:
        self.next_index = 0
        self._period_s = period_s
        self._armed_ns = armed_ns
        self._fifo_s = fifo_s
        self._slack_s = COUNTER_SLACK_S + piece_s
        self._trigger_at_latest_ns: float | None = None
        self._doubt = False
        self._first: tuple[int, int] | None = None  # when the first records were asked for; index after them

    def account(
        self, asked_ns: int, answered_ns: int, received: int, *, doubtful: bool = False, final: bool = False
    ) -> Lost | None:
        """Count `received` records, all that the instrument held between `asked_ns` and `answered_ns`.

        Returns the loss before the first of them, if any, and moves `next_index` past the last. `doubtful` means
        that an earlier answer with records may have been lost in transit, `final` that no more will be fetched.
        Raises `ProtocolViolation` if more arrived than the period allows: then other parameters are logged too.
        """
        self._doubt |= doubtful
        if received == 0 and (self._trigger_at_latest_ns is None or not final):
            return None
        lost = self._loss(asked_ns, received)
        self._doubt = False
        self.next_index += received + (lost.missing if lost else 0)
        self._check_excess(asked_ns, answered_ns)
        trigger_ns = answered_ns - self.next_index * self._period_s * NS_PER_S
        if self._trigger_at_latest_ns is None or trigger_ns < self._trigger_at_latest_ns:
            self._trigger_at_latest_ns = trigger_ns
        return lost

    def _loss(self, asked_ns: int, received: int) -> Lost | None:
        """Return the loss before the records that came last."""
        full = received * self._period_s >= _FULL * self._fifo_s
        certain = self._trigger_at_latest_ns is not None
        if not certain and not (full or self._doubt):
            return None  # these records are the first; nothing suggests that there were others before
        # If nothing is known about the trigger, it may have come as soon as the log was armed.
        since_ns = self._armed_ns if self._trigger_at_latest_ns is None else self._trigger_at_latest_ns
        elapsed_s = (asked_ns - since_ns) / NS_PER_S
        missing = elapsed_s / self._period_s - (self.next_index + received)
        late = certain and missing * self._period_s > self._slack_s + _SLACK_RELATIVE * elapsed_s
        reasons = (
            (full, f"the FIFO, which holds about {self._fifo_s:.0f} s, was full"),
            (self._doubt, "an answer with records was lost in transit"),
            (late, f"after {elapsed_s:.1f} s, {missing * self._period_s:.3f} s of records have not come"),
        )
        reason = "; ".join(text for holds, text in reasons if holds)
        if not reason:
            return None
        count = max(1, round(missing))
        detail = f"{reason}; the number is estimated from the host's clock"
        return Lost(self.next_index, self.next_index + count, count, detail, 1)

    def _check_excess(self, asked_ns: int, answered_ns: int) -> None:
        if self._first is None:
            self._first = (asked_ns, self.next_index)
            return
        first_ns, first_index = self._first
        passed_s = (answered_ns - first_ns) / NS_PER_S
        logged_s = (self.next_index - first_index) * self._period_s
        if logged_s - passed_s > self._slack_s + _SLACK_RELATIVE * passed_s:
            raise ProtocolViolation(
                "count the logged records",
                f"{logged_s:.3f} s of records in {passed_s:.3f} s",
                "check that no other channel or parameter is logged, and the period the instrument reports",
            )

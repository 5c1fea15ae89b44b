# SPDX-License-Identifier: Apache-2.0
"""One of several ways in which an instrument can log, as a table."""

import math
from dataclasses import dataclass, replace

from instruments.clock import Deadline
from instruments.errors import Refused
from instruments.roles import SamplerCapabilities, SignalKind
from instruments.scpi.session import ScpiSession


@dataclass(frozen=True)
class LogKind:
    """How one kind of log is set up and read back.

    `set_up` holds blocks of commands, `period` is the query of the applied period (s), and each of `logged` a
    query that answers 0 if a parameter is not logged. The log holds at most `points` records, and lasts at most
    `longest_s` seconds unless a bench file says otherwise. It loses records if it is not read for `unread_s`
    seconds. With `at_end` it is read in one piece when it has ended; `stop` may then take `stop_s` seconds.
    """

    set_up: tuple[tuple[str, tuple[str, ...]], ...]
    period: str
    logged: tuple[str, ...]
    default_period_s: float
    kind: SignalKind = "mean"
    unread_s: float = math.inf
    points: float = math.inf
    longest_s: float = math.inf
    at_end: bool = False
    stop_s: float = 0.0

    def lasting(self, longest_s: float | None) -> "LogKind":
        """Return a log that lasts as long as a bench file says (s); None: it says nothing."""
        return self if longest_s is None else replace(self, longest_s=longest_s)

    def points_every(self, period_s: float) -> int:
        """Return how many records to take, one every `period_s` seconds; 0 where their number cannot be set."""
        return math.ceil(min(self.points, self.longest_s / period_s)) if self.points < math.inf else 0

    def check_logged(self, session: ScpiSession, words: dict[str, str], deadline: Deadline) -> None:
        """Raise `Refused` unless all parameters are logged."""
        for question in self.logged:
            query = question.format_map(words)
            if not session.ask_number(query, deadline):
                raise Refused(query, "it is not logged", "check the module and its options")

    def capabilities(self, period_s: float, points: int, *, on_edge: bool) -> SamplerCapabilities:
        """Return what a log with the applied period can do; one of a number of `points` ends when it is full."""
        longest_s = points * period_s if points else self.longest_s
        return SamplerCapabilities(
            starts_on_edge=on_edge,
            unread_s=self.unread_s,
            longest_s=longest_s,
            at_end=self.at_end,
            stop_s=longest_s if points else self.stop_s,
        )

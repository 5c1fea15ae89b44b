# SPDX-License-Identifier: Apache-2.0
"""A SCPI status register: its bits now, and those set since it was last read (SCPI-1999, volume 1, 20)."""

from dataclasses import dataclass

from instruments.clock import Deadline
from instruments.scpi.session import ScpiSession


@dataclass(frozen=True)
class StatusDialect:
    """The queries of one register, `condition` and `event`, which is cleared by reading it, and what bits mean."""

    condition: str
    event: str
    meanings: tuple[tuple[int, str], ...]

    def in_words(self, bits: int) -> str:
        """Return in words which bits are set; "" for none of those with a meaning."""
        return "; ".join(text for bit, text in self.meanings if bits & bit)


def questionable(session: ScpiSession, dialect: StatusDialect, deadline: Deadline) -> str:
    """Return in words which bits are set now or were since the last call; "" for none of those with a meaning."""
    now = session.ask_whole(dialect.condition, deadline)
    latched = session.ask_whole(dialect.event, deadline)
    return dialect.in_words(now | latched)

# SPDX-License-Identifier: Apache-2.0
"""What other twins need from the DUT's twin: its UART and its timestamp pin."""

from collections.abc import Callable
from typing import Protocol

from instruments.world.phase_marks import PhaseMarks

PIN_HOLD_NS = 1_000_000  # how long the timestamp pin stays low


class DutTwin(Protocol):
    """What a twin bench asks of its DUT, whether a twin or emulated."""

    @property
    def answers_from(self) -> str:
        """Return where the DUT's results come from, as text."""

    def take_marks(self) -> PhaseMarks | None:
        """Return where the layers of the last finished window began, once; None if that is unknown."""


class TwinDut(Protocol):
    """A DUT whose UART passes whole bytes."""

    @property
    def baud(self) -> int:
        """Return the speed of its UART in bits per second."""

    @property
    def talking(self) -> bool:
        """Return whether it is transmitting now."""

    def attach(self, listener: Callable[[bytes], None]) -> None:
        """Connect `listener` to the transmit pin: it is called with the bytes that the DUT sends."""

    def receive(self, data: bytes) -> None:
        """Take bytes that have arrived."""

    def receiving_starts(self) -> None:
        """Notice the first start bit of a burst."""


class MuteDut:
    """A DUT that never answers: enough to examine an instrument alone."""

    baud = 9600
    talking = False

    def attach(self, listener: Callable[[bytes], None]) -> None:
        """Do nothing: it never sends."""

    def receive(self, data: bytes) -> None:
        """Ignore the bytes."""

    def receiving_starts(self) -> None:
        """Do nothing."""

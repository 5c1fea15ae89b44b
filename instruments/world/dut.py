"""What other twins need of the DUT's twin: its UART and its timestamp pin."""

from collections.abc import Callable
from typing import Protocol

from instruments.world.phase_marks import PhaseMarks

PIN_HOLD_NS = 1_000_000  # how long the timestamp pin stays low


class DutTwin(Protocol):
    """What a bench says of its DUT, imitated or emulated."""

    @property
    def answers_from(self) -> str:
        """Return in words where its results come from."""

    def take_marks(self) -> PhaseMarks | None:
        """Return where the layers of the last finished window began, once; None where that cannot be known."""


class TwinDut(Protocol):
    """A DUT whose UART passes whole bytes; `attach(listener)` connects something to its transmit pin."""

    @property
    def baud(self) -> int:
        """Return the speed of its UART."""

    @property
    def talking(self) -> bool:
        """Return whether it is sending now."""

    def attach(self, listener: Callable[[bytes], None]) -> None:
        """Let `listener` hear what the DUT sends."""

    def receive(self, data: bytes) -> None:
        """Take bytes that arrived."""

    def receiving_starts(self) -> None:
        """Notice the first start bit of a burst."""


class MuteDut:
    """A DUT that hears everything and says nothing: enough for an instrument that is examined alone."""

    baud = 9600
    talking = False

    def attach(self, listener: Callable[[bytes], None]) -> None:
        """Do nothing: it says nothing."""

    def receive(self, data: bytes) -> None:
        """Do nothing with what it hears."""

    def receiving_starts(self) -> None:
        """Do nothing."""

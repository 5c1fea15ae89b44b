# SPDX-License-Identifier: Apache-2.0
"""What every shell says: the decoded events that answer commands, and the samples that arrive among them.

An instrument's own decoder returns these and, for whatever else its stream holds, events of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from instruments.roles import Edge, StreamItem


@dataclass(frozen=True)
class Ack:
    """A command was accepted; `command` is its echo with the data that follow it."""

    command: str


@dataclass(frozen=True)
class ErrorReply:
    """A command was refused (`command` is its echo), or an error occurred during an acquisition."""

    command: str


@dataclass(frozen=True)
class ErrorDetail:
    """The reason for the error before it."""

    text: str


@dataclass(frozen=True, eq=False)
class SampleRun:
    """Consecutive samples as float64, exactly as printed."""

    values: npt.NDArray[np.float64]


@dataclass(frozen=True)
class End:
    """The acquisition has ended; `text` is the line that says so."""

    text: str


@dataclass(frozen=True)
class SummaryText:
    """Figures that sum up the acquisition that has ended, in the order of the text; a step of each last digit."""

    values: tuple[float, ...]
    steps: tuple[float, ...]


class Decoder(Protocol):
    """Turns bytes, in pieces of any size, into events."""

    def feed(self, data: bytes) -> Sequence[object]:
        """Return the events that `data` completes, in the order of the bytes. Never raises."""


class Stream(Protocol):
    """The account of one acquisition: it gives each sample its index and notices what is missing.

    It may have an attribute `answers`, False where no command is answered during the acquisition.
    """

    @property
    def ended(self) -> bool:
        """Return whether the acquisition has ended by itself."""

    def take(self, event: object) -> Iterator[StreamItem | Edge]:
        """Yield the items for one decoded event."""

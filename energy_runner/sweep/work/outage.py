# SPDX-License-Identifier: Apache-2.0
"""Ask a catalogue that does not answer again, until the outage is too long."""

from collections.abc import Callable
from dataclasses import dataclass

from energy_runner.director.stop import StopRequest
from energy_runner.errors import Interrupted
from energy_runner.sweep.catalogue.engine import CatalogueUnavailable
from instruments.clock import Clock
from instruments.errors import one_line

OUTAGE_S = 600.0  # for which a catalogue may be gone before a worker gives up; its sessions stay
_POLL_S = 1.0
_TURN_S = 0.2  # a wait is cut into turns, so that a request to stop is heeded


@dataclass(frozen=True)
class Patience:
    """Asks the catalogue, again and again for up to `outage_s` while it does not answer; `tell` is told once."""

    clock: Clock
    stop: StopRequest
    tell: Callable[[str], object]
    outage_s: float = OUTAGE_S

    def __call__[T](self, question: Callable[[], T]) -> T:
        """Return the answer.

        Raises `CatalogueUnavailable` when the outage was too long, and `Interrupted` if a stop is asked for in it.
        """
        deadline = self.clock.deadline(self.outage_s)
        told = False
        while True:
            try:
                return question()
            except CatalogueUnavailable as error:
                if self.stop.reason is not None:
                    raise Interrupted(f"{self.stop.reason}, and meanwhile {one_line(error)}") from error
                if deadline.expired():
                    raise
                if not told:
                    self.tell(f"{error}; asked again for up to {self.outage_s / 60:.0f} min")
                    told = True
            turn = self.clock.deadline(_POLL_S)
            while not turn.expired() and self.stop.reason is None:
                self.clock.sleep(min(_TURN_S, turn.remaining_s()))

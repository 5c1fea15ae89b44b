# SPDX-License-Identifier: Apache-2.0
"""What a worker is handed to do its work with: `api` knows how a bench is built and a run is made."""

from pathlib import Path
from typing import Protocol

from energy_runner.director.stop import StopRequest
from energy_runner.session.folder import Session
from energy_runner.session.record import SweepFacts
from energy_runner.sweep.ladder import Taken
from energy_runner.sweep.plan.settings import Settings


class Runner(Protocol):
    """Measures points on one bench."""

    def measure(self, settings: Settings, out: Path, facts: SweepFacts, stop: StopRequest) -> Session:
        """Make one run and return its session, however it ended.

        Raises `ConfigurationError` if it cannot be begun, and `BenchFault` if the bench is in use or the session
        cannot be written.
        """

    def complete(self, session: Session) -> Session:
        """Return a session with its result, which a process that died may not have written."""

    def recover(self, step: str, stop: StopRequest) -> tuple[Taken, str]:
        """Take one step of the ladder; return how it went, and the details in one line."""

    def make_safe(self) -> str:
        """Switch off what an earlier job has left on; return which job that was, "" if none left anything.

        Raises `BenchFault` if the supply may still be on.
        """

    def trust(self) -> tuple[str, str]:
        """Return the state of the bench, "trusted", "out of control" or "not watched", and the reason."""

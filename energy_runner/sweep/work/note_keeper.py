# SPDX-License-Identifier: Apache-2.0
"""Notes beside the sessions of a sweep, for which a full disk is no reason to lose a night."""

from collections.abc import Callable
from pathlib import Path

from energy_runner.errors import RunnerError
from energy_runner.sweep.catalogue import Lease, Outcome
from energy_runner.sweep.notes import write_note


class NoteKeeper:
    """Writes notes; one that the disk refuses is written later.

    The catalogue knows all that is in them: they are needed where it has to be made again.
    """

    def __init__(self, folder: Path, tell: Callable[[str], object]) -> None:
        self._folder = folder
        self._tell = tell
        self._unwritten: dict[str, tuple[Lease, Outcome, bool]] = {}

    def keep(self, name: str, lease: Lease, outcome: Outcome, *, accepted: bool) -> None:
        """Write the note of the attempt `name`, and those that could not be written before."""
        before = len(self._unwritten)
        self._unwritten[name] = (lease, outcome, accepted)
        problem = self._try()
        if problem and not before:
            self._tell(f"{problem}; the note is written later")

    def close(self) -> None:
        """Write what is left, and say what cannot be written."""
        problem = self._try()
        if problem:
            self._tell(
                f"{len(self._unwritten)} notes are missing: {problem}. The catalogue knows what they would say"
            )

    def _try(self) -> str:
        """Return what keeps a note from being written, "" if all are."""
        for name, (lease, outcome, accepted) in tuple(self._unwritten.items()):
            try:
                write_note(self._folder, name, lease, outcome, accepted=accepted)
            except RunnerError as error:
                return str(error)
            del self._unwritten[name]
        return ""

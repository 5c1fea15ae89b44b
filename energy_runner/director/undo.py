# SPDX-License-Identifier: Apache-2.0
"""Undo actions in reverse order, whatever happens; an error in one step does not stop the others."""

from collections.abc import Callable
from dataclasses import dataclass

from instruments.clock import Clock, Deadline
from instruments.errors import InstrumentError


@dataclass(frozen=True)
class Undo:
    """One undo step: `run(deadline)` within `limit_s` seconds."""

    name: str
    run: Callable[[Deadline], object]
    limit_s: float


@dataclass(frozen=True)
class UndoReport:
    """How one step went; `error` is None if it did its job."""

    name: str
    error: BaseException | None


class UndoStack:
    """Undo steps, each registered before the action it undoes, so that half an action is undone too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._steps: list[Undo] = []

    def register(
        self, name: str, run: Callable[[Deadline], object], limit_s: float = 5.0, *, last: bool = False
    ) -> None:
        """Register how to undo the action that follows; with `last`, after all that is registered without it.

        Closing a port is such a step: it takes no notice of a deadline, and a port that does not let itself be
        closed must not keep the supply on.
        """
        self._steps.insert(0 if last else len(self._steps), Undo(name, run, limit_s))

    def unwind(self, report: Callable[[UndoReport], None]) -> None:
        """Run every step, newest first, then those for the end, each with its own deadline; report how each went.

        Nothing that a step or `report` raises keeps the next step from running. A step that was cut short by
        what no instrument raises (Ctrl-C, want of memory) is run once more. What `report` raised first is raised
        when all steps have run.
        """
        unreported: BaseException | None = None
        # A handler of signals may raise between any two lines: the step is still on the stack and is run again.
        while self._steps:
            try:
                self._unwind_one(report)
            except BaseException as caught:
                unreported = unreported or caught
        if unreported is not None:
            raise unreported

    def _unwind_one(self, report: Callable[[UndoReport], None]) -> None:
        step = self._steps[-1]
        error = self._attempt(step)
        if error is not None and not isinstance(error, InstrumentError):
            error = self._attempt(step)
        self._steps.pop()
        report(UndoReport(step.name, error))

    def _attempt(self, step: Undo) -> BaseException | None:
        try:
            step.run(self._clock.deadline(step.limit_s))
        except BaseException as error:
            return error
        return None

# SPDX-License-Identifier: Apache-2.0
"""The switch that cuts a debug probe while the DUT is measured: a probe feeds current into it, or draws some.

It is on while the DUT is flashed, turned off before the supply is switched on to measure, read back around every
window, and turned as it was before when the supply is off, whatever happened in between.
"""

from collections.abc import Callable
from typing import Protocol

from energy_runner.bench import Bench
from energy_runner.director.undo import UndoStack
from energy_runner.errors import BenchFault
from energy_runner.session.events import AnyEvent, SwitchRead, SwitchTurned
from instruments.clock import Deadline
from instruments.errors import InstrumentError, one_line

STEP = "turn the switch on again"
ANSWER_S = 5.0
READ_S = 2.0
PROBE_S = 3.0  # until the computer has found a probe that was switched on
ON_AGAIN_S = 15.0  # a hub may have to be found again


class Told(Protocol):
    """Takes what is to be recorded, as a `Recorder` does."""

    def emit(self, event: AnyEvent) -> None:
        """Take an event."""

    def remark(self, source: str, text: str, *, suspicious: bool = False) -> None:
        """Take a remark of the device called `source`."""


class Isolation:
    """The switch of a bench during one run; a bench without one is told so by the rule `probe-off`."""

    def __init__(self, bench: Bench, recorder: Told) -> None:
        self._bench = bench
        self._recorder = recorder
        self._name = bench.players.switch.instrument if bench.players.switch is not None else ""
        self._restore_to: bool | None = None  # how it stood before this run; None: nothing was turned yet
        self._stands: bool | None = None  # how this run has turned it
        self._silent = False

    def register(self, undo: UndoStack) -> None:
        """Register how the switch is turned on again; before the supply's step, so that it comes after that."""
        if self._bench.switch is not None:
            undo.register(STEP, self._restore, ON_AGAIN_S)

    def connect(self, wait: Callable[[float], object]) -> None:
        """Turn the switch on unless it is: flashing needs the probe. `wait(seconds)` lets time pass."""
        switch, clock = self._bench.switch, self._bench.clock
        if switch is None or switch.is_on(clock.deadline(ANSWER_S)) is True:
            return
        self._restore_to = False
        switch.turn(True, clock.deadline(ANSWER_S))
        on = switch.is_on(clock.deadline(ANSWER_S))
        if on is False:
            raise BenchFault(
                f"the switch {self._name} was turned on, and says that it is off; check what it switches"
            )
        self._stands = True
        self._recorder.emit(SwitchTurned(t_ns=clock.now_ns(), on=True, confirmed=on is True, switch=self._name))
        wait(PROBE_S)

    def begin(self) -> None:
        """Turn the switch off, unless it is off already; raise if it stays on."""
        switch, clock = self._bench.switch, self._bench.clock
        if switch is None:
            return
        if switch.is_on(clock.deadline(ANSWER_S)) is False:
            self._recorder.remark(self._name, "the switch was off before the run, and is left so")
            self._recorder.emit(SwitchRead(t_ns=clock.now_ns(), on=False, switch=self._name))
            return
        self._restore_to = True if self._restore_to is None else self._restore_to
        switch.turn(False, clock.deadline(ANSWER_S))
        on = switch.is_on(clock.deadline(ANSWER_S))
        if on:
            raise BenchFault(
                f"the switch {self._name} was turned off, and says that it is on; check what it switches"
            )
        self._stands = False
        self._recorder.emit(SwitchTurned(t_ns=clock.now_ns(), on=False, confirmed=on is False, switch=self._name))
        if on is None:
            self._recorder.remark(
                self._name,
                "turned off, and it cannot tell whether it is: not confirmed that the debug probe is off",
                suspicious=True,
            )

    def look(self) -> None:
        """Ask the switch how it stands. One that does not answer ends no run: the rule `probe-off` says so."""
        switch, clock = self._bench.switch, self._bench.clock
        if switch is None:
            return
        try:
            on = switch.is_on(clock.deadline(READ_S))
        except InstrumentError as error:
            on = None
            if not self._silent:
                self._recorder.remark(
                    self._name, f"how it stands is not known: {one_line(error)}", suspicious=True
                )
            self._silent = True
        if on:
            self._recorder.remark(self._name, "the switch is on again while the DUT is measured", suspicious=True)
        self._recorder.emit(SwitchRead(t_ns=clock.now_ns(), on=on, switch=self._name))

    def _restore(self, deadline: Deadline) -> None:
        """Turn the switch as it stood before this run; a link that was lost is opened once more for that."""
        switch, wanted = self._bench.switch, self._restore_to
        if switch is None or wanted is None or wanted is self._stands:
            return
        try:
            switch.turn(wanted, deadline.at_most(ANSWER_S))
        except InstrumentError:
            instrument = self._bench.instruments[self._name]
            instrument.close()
            instrument.open(deadline)
            switch.turn(wanted, deadline)
        on = switch.is_on(deadline)
        self._restore_to = None
        self._recorder.emit(
            SwitchTurned(t_ns=self._bench.clock.now_ns(), on=wanted, confirmed=on is wanted, switch=self._name)
        )

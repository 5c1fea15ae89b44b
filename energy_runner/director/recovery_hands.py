# SPDX-License-Identifier: Apache-2.0
"""A bench in the hands of one step of recovery: at the end, what it fed is off and what it opened is closed."""

from collections.abc import Callable, Sequence

from energy_runner.bench import Bench
from energy_runner.director.alive import KeepAlive
from energy_runner.director.stage import ANSWER_S, OPEN_S
from energy_runner.director.stop import StopRequest
from energy_runner.director.supply_off import OFF_S, POWER_S, SUPPLY_STEP, switch_off, switch_on
from energy_runner.director.undo import UndoReport, UndoStack
from energy_runner.errors import BenchFault
from instruments.clock import Deadline
from instruments.devices.dut.driver import Dut
from instruments.errors import InstrumentError, one_line
from instruments.roles import Identity, Instrument, Restarts

TURN_S = 0.05
TRY_AGAIN_S = 1.0  # between two openings of something that may be starting


class DoesNotApply(Exception):  # noqa: N818 - no fault: the bench has nothing that the step could act on
    """The bench has nothing that the step could act on; the message says what is missing."""


class Hands:
    """The bench during one step. `remarks` are further findings, for the detail of the step.

    `touched` says that something was opened; `why_not_off` why the supply was not confirmed off.
    """

    def __init__(
        self, bench: Bench, deadline: Deadline, stop: StopRequest, usb_power_command: Sequence[str] = ()
    ) -> None:
        self.bench = bench
        self.deadline = deadline
        self.usb_power_command = tuple(usb_power_command)
        self.remarks: list[str] = []
        self.touched = False
        self.why_not_off = "its instrument was not reached"
        self._stop = stop
        self._undo = UndoStack(bench.clock)
        self._opened: set[str] = set()
        self._registered: set[str] = set()
        self._keep_alive = KeepAlive(bench, self.remarks.append)
        # A DUT that answered in an earlier job may restart now, and the driver would take that for a fault.
        bench.dut = Dut(bench.dut.link, bench.clock, self.look_after)
        for instrument in bench.instruments.values():
            instrument.while_waiting = self.look_after

    # --- waiting ------------------------------------------------------------------------------------------

    def look_after(self) -> None:
        """Heed a request to stop, and keep a supply on that watches itself."""
        self._stop.check()
        self._keep_alive()

    def wait(self, duration_s: float) -> None:
        """Wait for `duration_s` seconds, but not beyond the deadline."""
        limit = self.deadline.at_most(duration_s)
        self.look_after()
        while not limit.expired():
            self.bench.clock.sleep(min(TURN_S, limit.remaining_s()))
            self.look_after()

    def within(self, limit_s: float) -> Deadline:
        """Return the deadline of one action; raise `BenchFault` if the step has no time left."""
        if self.deadline.expired():
            raise BenchFault("the step's time is over. Try: a longer deadline")
        return self.deadline.at_most(limit_s)

    # --- instruments --------------------------------------------------------------------------------------

    @property
    def feeding(self) -> list[str]:
        """Return the names of the instruments that feed the DUT."""
        return [self._name(instrument) for instrument, _ in self.bench.feeding()]

    @property
    def dut_port(self) -> str:
        """Return the name of the instrument that carries the DUT's UART."""
        return self.bench.players.dut.instrument

    def open(self, name: str) -> Identity:
        """Open an instrument, which brings its answers in step; one that is open is closed first."""
        instrument = self._register(name)
        if name in self._opened:
            self.close(name)
        identity = instrument.open(self.within(OPEN_S))
        self._opened.add(name)
        return identity

    def restart(self, name: str, board: Restarts) -> Identity | None:
        """Restart a board through its port, which may be closed; return None if its port cannot do that."""
        self._register(name)
        identity = board.restart(self.within(OPEN_S))
        if identity is not None:
            self._opened.add(name)
        return identity

    def opens(self, name: str) -> bool:
        """Open an instrument unless it is open; return whether it is open now."""
        if name not in self._opened:
            try:
                self.open(name)
            except InstrumentError:
                return False
        return True

    def open_at_last(self, name: str, limit_s: float) -> Identity:
        """Open an instrument, again and again for `limit_s` seconds; raise its last error."""
        limit = self.within(limit_s)
        while True:
            try:
                return self.open(name)
            except InstrumentError:
                if limit.remaining_s() <= TRY_AGAIN_S:
                    raise
            self.bench.instruments[name].close()
            self.wait(TRY_AGAIN_S)

    def close(self, name: str) -> None:
        """Close an instrument; what it says against that is a remark."""
        self._opened.discard(name)
        try:
            self.bench.instruments[name].close()
        except InstrumentError as error:
            self.remarks.append(f"{name} did not let itself be closed: {one_line(error)}")

    def close_all(self) -> None:
        """Close everything, as is needed before a plug loses its power; what the supply does then is not known."""
        for name in sorted(self._opened):
            self.close(name)
        self.bench.off_confirmed = False

    def on_undo(self, name: str, run: Callable[[Deadline], object], limit_s: float) -> None:
        """Register how to undo what follows."""
        self._undo.register(name, run, limit_s)

    # --- supply and DUT -----------------------------------------------------------------------------------

    def open_supply(self) -> None:
        """Open the instruments that feed the DUT, and switch them off; nothing without a supply."""
        if self.bench.supply is None:
            return
        for name in self.feeding:
            if name not in self._opened:
                self.open(name)
        self.bench.supply.off(self.within(POWER_S))
        self.bench.off_confirmed = True

    def supply_answers(self) -> bool:
        """Open and switch off the supply if it can be reached; the end of the step tells if it cannot."""
        try:
            self.open_supply()
        except InstrumentError as error:
            self.why_not_off = one_line(error)
            return False
        return True

    def feed(self) -> None:
        """Set the supply and switch it on."""
        bench = self.bench
        if bench.supply is None or bench.supply_settings is None:
            raise BenchFault(f"bench '{bench.spec.name}' does not state at which voltage the DUT runs")
        bench.supply.configure(bench.supply_settings, self.within(OPEN_S))
        switch_on(bench, bench.supply, self.within(POWER_S), self.remarks.append)

    def greet(self) -> str:
        """Feed the DUT, if the bench does, until it says its name in step; return that. Its port may be closed."""
        dut, boot_s = self.bench.dut, self.bench.spec.dut.boot_timeout_s
        heard = self.dut_port in self._opened
        if self.bench.supply is not None:
            self.feed()
            if heard:
                dut.wait_for_boot(self.within(boot_s))
        if not heard:  # what the DUT said while its port was closed is lost, so it is asked
            self.open_at_last(self.dut_port, OPEN_S)
        dut.settle(self.within(ANSWER_S))
        return dut.identify(self.within(2 * ANSWER_S + boot_s), boot_s).make

    # --- the end ------------------------------------------------------------------------------------------

    def let_go(self) -> None:
        """Switch the supply off and close everything, whatever happened."""
        self.bench.dut.while_waiting = lambda: None
        for instrument in self.bench.instruments.values():
            instrument.while_waiting = lambda: None
        self._undo.unwind(self._undone)

    def _undone(self, done: UndoReport) -> None:
        if done.error is None:
            return
        if done.name == SUPPLY_STEP:
            self.why_not_off = one_line(done.error)
        else:
            self.remarks.append(f"{done.name}: {one_line(done.error)}")

    def _switch_off(self, deadline: Deadline) -> None:
        reached = set(self.feeding) <= self._opened
        persistent = reached or self.bench.switched_on
        switch_off(self.bench, deadline, self.remarks.append, persistent=persistent, opened=reached)

    def _register(self, name: str) -> Instrument:
        """Register how to close an instrument and, for one that feeds, how to switch off; return it."""
        self.touched = True
        instrument = self.bench.instruments[name]
        if name not in self._registered:
            self._registered.add(name)
            self._undo.register(f"close {name}", lambda _: instrument.close(), last=True)
            if name in self.feeding and SUPPLY_STEP not in self._registered:
                self._registered.add(SUPPLY_STEP)
                self._undo.register(SUPPLY_STEP, self._switch_off, OFF_S)
        return instrument

    def _name(self, instrument: Instrument) -> str:
        return next(name for name, one in self.bench.instruments.items() if one is instrument)

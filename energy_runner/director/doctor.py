# SPDX-License-Identifier: Apache-2.0
"""Examine a bench: every instrument by itself, then all together; the supply is always switched off at the end."""

from collections.abc import Callable, Sequence
from functools import partial

from energy_runner.bench import Bench
from energy_runner.bench.rails import Sampled
from energy_runner.director.advice import Heard, advised, permission_advice, what_is_there
from energy_runner.director.alive import KeepAlive
from energy_runner.director.edge_delay_check import STEP as DELAY_STEP
from energy_runner.director.edge_delay_check import EdgeDelayChecked, edges_among_samples
from energy_runner.director.examination import (
    DIED,
    SUPPLY_ANSWERS,
    SUPPLY_IS_OFF,
    WATCHDOG,
    Examination,
    Examined,
    who,
)
from energy_runner.director.firmware import firmware_doubts
from energy_runner.director.probe_check import RESTORE, RESTORE_S, STEP, ProbeCheck
from energy_runner.director.pulse_check import pulse_seen
from energy_runner.director.stage import ANSWER_S, OPEN_S
from energy_runner.director.stop import StopRequest
from energy_runner.director.subscriber import Called
from energy_runner.director.supply_off import (
    OFF_S,
    POWER_S,
    SUPPLY_STEP,
    stopped_safely,
    switch_off,
    switch_off_unreached,
    switch_on,
)
from energy_runner.director.surroundings import disturbed
from energy_runner.director.talk import Talk
from energy_runner.director.undo import UndoReport, UndoStack
from energy_runner.director.wiring_check import current_while_off, line_carries
from energy_runner.errors import ConfigurationError, Interrupted, RunnerError
from energy_runner.wording import short_time
from instruments.clock import Deadline
from instruments.errors import InstrumentError, one_line
from instruments.roles import Identity, Instrument, Supply

_TITLES = {"monitor": "power monitor", "io-manager": "IO manager", "dut": "DUT's port"}


Step = tuple[str, Callable[[], str]]
Listener = Callable[[Examined], None]


def examine(
    bench: Bench, stop: StopRequest, listener: Listener = lambda step: None, died: str | None = None
) -> Examination:
    """Examine everything and switch the supply off; raise `Interrupted` if the user asks to stop.

    `died` names an earlier run on the bench that did not end properly. `listener` is called with every step as it
    ends. One that raises, or takes longer than a second, is not called again.
    """
    doctor = _Doctor(bench, stop, listener)
    try:
        return doctor.run(died)
    finally:
        doctor.end_listener()


class _Doctor:
    """One examination; every undo step is registered before the action it undoes."""

    def __init__(self, bench: Bench, stop: StopRequest, listener: Listener) -> None:
        self._bench = bench
        self._stop = stop
        self._listener: Called | None = Called(listener)
        self._steps: list[Examined] = []
        self._undo = UndoStack(bench.clock)
        self._reached: dict[str, Identity] = {}
        self._dut: dict[str, Identity] = {}
        self._period_s = 0.0
        self._delay: EdgeDelayChecked | None = None
        self._keep_alive = KeepAlive(bench, self._unwatched)
        bench.dut.while_waiting = self._look_after
        self._heard = Heard(bench)
        self._talk = Talk(bench)
        self._probe = ProbeCheck(bench)

    def run(self, died: str | None = None) -> Examination:
        """Examine every instrument by itself, so that one run finds every wrong port, then all together."""
        if died is not None:
            self._note(Examined(DIED, True, died))
        bench, players = self._bench, self._bench.players
        asked = [name for name in bench.instruments if name != players.dut.instrument or _relays(bench, name)]
        alone: list[Step] = [
            (f"{_called(name)} answers", partial(self._open, name, bench.instruments[name])) for name in asked
        ]
        together = self._steps_together()
        if bench.switch is not None:  # registered before the supply's step, so that it comes after that
            self._undo.register(RESTORE, self._probe.restore, RESTORE_S)
        stopped: Interrupted | None = None
        unreached: list[str] = []
        try:
            answers = [self._step(step, asked) for step, asked in zip(alone, asked, strict=True)]
            unreached = [name for name in asked if name not in self._reached]
            if all(answers):
                all(self._step(step) for step in together)
        except Interrupted as error:
            stopped = error
        finally:
            bench.dut.while_waiting = lambda: None
            self._undo.unwind(self._undone)
            self._note_supply_unreached(stopped)
        if stopped is not None:
            raise stopped_safely(stopped, bench)
        if unreached and not bench.virtual:
            self._advise(unreached)
        identities = self._reached | self._dut
        virtual = bench.virtual
        return Examination(bench.spec.name, virtual, tuple(self._steps), self._delay, identities)

    def _steps_together(self) -> list[Step]:
        """Return the steps for which several instruments are needed, of those that the bench has."""
        bench, players = self._bench, self._bench.players
        fed, sampled = bench.supply is not None, bench.sampler is not None
        off: list[tuple[bool, str, Callable[[], str]]] = []
        samples: list[tuple[bool, str, Callable[[], str]]] = []
        for one in bench.sampled():
            who_samples = _called(one.by if one.rail else players.sampler)
            rail = f", rail {one.rail}" if one.rail else ""
            off.append((fed, f"current into the DUT while it is off{rail}", partial(self._current_while_off, one)))
            samples.append((True, f"{who_samples} samples as asked", partial(self._set_sampler, one)))
        steps = (
            (bench.switch is not None, STEP, self._probe.turn_off),
            (bench.thermometer is not None, "temperature", self._temperature),
            (fed, f"{_called(players.supply)} takes its settings", self._set_supply),
            *off,
            *samples,
            (fed, "DUT boots", self._power_up),
            (True, "DUT says who it is", self._identify),
            (True, "DUT's line carries commands", self._carry),
            (sampled, "timestamp pin is seen", self._pulse),
            (sampled and bench.edges is not None, DELAY_STEP, self._edges_among_samples),
        )
        return [(name, action) for there, name, action in steps if there]

    def _look_after(self) -> None:
        self._stop.check()
        self._keep_alive()

    def _step(self, step: Step, instrument: str = "") -> bool:
        """Take a step; one that fails with one instrument says what was exchanged with it last."""
        name, action = step
        self._stop.check()
        try:
            examined = Examined(name, True, action())
        except Interrupted:
            raise
        except (InstrumentError, RunnerError) as error:
            examined = Examined(name, False, one_line(error) + self._talk.last(instrument))
        self._note(examined)
        return examined.ok

    def _note(self, examined: Examined) -> None:
        self._steps.append(examined)
        # A closed pipe, a full disk, a terminal that stands still: the examination and its tear-down go on.
        if self._listener is not None and self._listener.offer(examined) is not None:
            self.end_listener()

    def end_listener(self) -> None:
        """Call the listener no more; safe to call twice."""
        if self._listener is not None:
            self._listener.end()
            self._listener = None

    def _undone(self, done: UndoReport) -> None:
        if done.name != SUPPLY_STEP:
            return
        player = self._bench.players.supply
        if player is not None and (player.instrument in self._reached or done.error is None):
            says = " ".join(str(done.error).split()) if done.error else f"confirmed by {_the(player.instrument)}"
            self._note(Examined(SUPPLY_IS_OFF, done.error is None, says))

    def _note_supply_unreached(self, stopped: Interrupted | None) -> None:
        """Say what is known of a supply that was never reached; after a stop it is switched off all the same."""
        player = self._bench.players.supply
        if player is None or player.instrument in self._reached or self._bench.off_confirmed:
            return
        if stopped is not None:
            switch_off_unreached(self._bench)
        if self._bench.off_confirmed:
            self._note(Examined(SUPPLY_IS_OFF, True, f"confirmed by {_the(player.instrument)}"))
        else:
            self._note(Examined(SUPPLY_IS_OFF, False, f"not known: {_the(player.instrument)} was not reached"))

    def _advise(self, unreached: Sequence[str]) -> None:
        """Say what may help with instruments that did not answer; their ports are closed again."""
        closed = [text for text in (permission_advice(self._bench, name) for name in unreached) if text]
        for text in closed:
            self._note(Examined("permission to open it", False, text))
        swapped = advised("", self._bench, self._heard).removeprefix(". ")
        if swapped:
            self._note(Examined("ports as in the bench file", False, swapped))
        for text in disturbed(self._bench, unreached):
            self._note(Examined("what may disturb it", False, text))
        if not closed and not swapped:
            there = what_is_there(self._bench, unreached)
            if there:
                self._note(Examined("what this computer has", True, there))

    # --- each instrument by itself ------------------------------------------------------------------------

    def _open(self, name: str, instrument: Instrument) -> str:
        supply = self._bench.players.supply
        self._undo.register(f"close {name}", lambda _: instrument.close(), last=True)
        if supply is not None and name == supply.instrument:
            self._undo.register(SUPPLY_STEP, self._switch_off, OFF_S)
        identity = instrument.open(self._deadline(OPEN_S))
        self._reached[name] = identity
        for doubt in firmware_doubts(self._bench, name, identity):
            self._note(Examined(f"firmware of {_the(name)}", not doubt.is_older, doubt.text))
        return who(identity)

    def _switch_off(self, deadline: Deadline) -> None:
        player = self._bench.players.supply
        reached = player is not None and player.instrument in self._reached
        switch_off(self._bench, deadline, self._failed_try, persistent=reached)

    def _unwatched(self, text: str) -> None:
        self._note(Examined(WATCHDOG, True, text))

    def _failed_try(self, text: str) -> None:
        self._note(Examined(SUPPLY_ANSWERS, False, text))

    # --- all together -------------------------------------------------------------------------------------

    def _set_supply(self) -> str:
        supply, settings = self._supply(), self._bench.supply_settings
        if settings is None:
            raise ConfigurationError("the bench file states no voltage")
        return f"{supply.configure(settings, self._deadline(OPEN_S)).voltage_set_v:g} V"

    def _set_sampler(self, one: Sampled) -> str:
        applied = one.sampler.configure(self._bench.sampling, self._deadline(OPEN_S))
        self._period_s = self._period_s or applied.period_s
        names = ", ".join(signal.name for signal in applied.signals)
        return f"{names}, a sample every {short_time(applied.period_s)}"

    def _temperature(self) -> str:
        thermometer = self._bench.thermometer
        if thermometer is None:
            raise ConfigurationError("the bench file names no thermometer")
        now = thermometer.read(self._deadline(ANSWER_S))
        doubt = "its uncertainty is not stated" if now.u_k is None else f"u = {now.u_k:.2g} K"
        return f"{now.value_c:.1f} °C, {doubt}"

    def _current_while_off(self, one: Sampled) -> str:
        self._undo.register("end the acquisition", one.sampler.stop, POWER_S)
        return current_while_off(self._bench, one, self._look_after)

    def _carry(self) -> str:
        boot_s = self._bench.spec.dut.boot_timeout_s
        return line_carries(self._bench, self._deadline(ANSWER_S + boot_s), boot_s)

    def _power_up(self) -> str:
        self._open_dut_port()
        supply = self._supply()
        switch_on(self._bench, supply, self._deadline(POWER_S), self._unwatched)
        boot = self._bench.dut.wait_for_boot(self._deadline(self._bench.spec.dut.boot_timeout_s))
        measured_v = supply.measured_voltage_v(self._deadline(ANSWER_S))
        volts = f", {measured_v:.3f} V at its supply" if measured_v is not None else ""
        return f"firmware built for {boot.text('timestamp-mode') or 'an unknown'} mode{volts}"

    def _identify(self) -> str:
        self._open_dut_port()
        boot_s = self._bench.spec.dut.boot_timeout_s
        identity = self._bench.dut.identify(self._deadline(ANSWER_S + boot_s), boot_s)
        self._dut = {"dut": identity}
        return f"{identity.make}, model {identity.model}"

    def _pulse(self) -> str:
        return pulse_seen(self._bench, self._period_s, self._stop, self._undo, _the)

    def _edges_among_samples(self) -> str:
        if self._bench.sampler is not None:
            self._bench.sampler.stop(self._deadline(POWER_S + self._bench.sampler.capabilities.stop_s))
        self._delay = edges_among_samples(self._bench, self._look_after)
        return self._delay.says

    def _open_dut_port(self) -> None:
        name = self._bench.players.dut.instrument
        if name not in self._reached:
            self._open(name, self._bench.instruments[name])

    def _supply(self) -> Supply:
        if self._bench.supply is None:
            raise ConfigurationError("the bench file names no supply")
        return self._bench.supply

    def _deadline(self, after_s: float) -> Deadline:
        return self._bench.clock.deadline(after_s)


def _called(name: object) -> str:
    """Return what an instrument is called; those of a bench file's short form have titles."""
    return _TITLES.get(str(name), str(name))


def _the(name: str) -> str:
    """Return what an instrument is called within a sentence: titles have an article, names of the user's none."""
    return f"the {_TITLES[name]}" if name in _TITLES else name


def _relays(bench: Bench, name: str) -> bool:
    """Return whether an instrument is more than the DUT's bare serial port, so that it can identify itself."""
    return bench.players.instruments[name].driver != "dut-port"

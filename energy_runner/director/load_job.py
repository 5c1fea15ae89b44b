# SPDX-License-Identifier: Apache-2.0
"""Sample a known load in place of the DUT, and record it; the supply is off at the end of every path.

Only the instruments that feed and sample are opened: nothing answers on the DUT's UART, and no pin moves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from energy_runner.bench import Bench
from energy_runner.bench.calibration import check_serial
from energy_runner.bench.rails import Sampled
from energy_runner.director.alive import KeepAlive
from energy_runner.director.examination import DIED, SUPPLY_ANSWERS, SUPPLY_IS_OFF, WATCHDOG, Examined, who
from energy_runner.director.instrument_events import device_identified, monitor_configured
from energy_runner.director.recorder import Recorder
from energy_runner.director.signals import check_signals
from energy_runner.director.stage import ANSWER_S, OPEN_S
from energy_runner.director.stop import StopRequest
from energy_runner.director.subscriber import Called
from energy_runner.director.supply_off import (
    MAY_BE_ON,
    OFF_S,
    POWER_S,
    SUPPLY,
    SUPPLY_STEP,
    stopped_safely,
    switch_off,
    switch_off_unreached,
    switch_on,
)
from energy_runner.director.undo import UndoReport, UndoStack
from energy_runner.errors import BenchFault, ConfigurationError, Interrupted
from energy_runner.session.events import (
    AcquisitionStarted,
    AcquisitionStopped,
    MonitorConfigured,
    SupplySwitched,
)
from energy_runner.wording import short_time
from instruments.clock import Deadline
from instruments.errors import one_line
from instruments.roles import AppliedSupply, Identity, Sampler, SamplingSettings, Supply, SupplySettings

SUPPLY_IS_ON = "supply is on"
SETTLE_S = 0.5
TURN_S = 0.05
POLL_S = 0.1
STOP_S = 15.0
FIRST_SAMPLE_S = 3.0


@dataclass(frozen=True)
class SampledLoad:
    """A load that was sampled: the monitor's settings as reported, its identity, and whether it is a twin."""

    monitor: MonitorConfigured
    identity: Identity
    virtual: bool


def sample_load(
    bench: Bench,
    stop: StopRequest,
    recorder: Recorder,
    seconds: float,
    listener: Callable[[Examined], None] = lambda step: None,
    *,
    died: str | None = None,
) -> SampledLoad:
    """Feed the load, sample it for `seconds`, and switch the supply off.

    Events, bytes and samples go to `recorder`, which is closed at the end. `listener` is called with every step,
    first with an earlier run that `died`.
    Raises `Interrupted` if the user asks to stop, an instrument's error, and `BenchFault` if the supply does not
    confirm that it is off.
    """
    job = _Job(bench, stop, recorder, listener)
    try:
        return job.run(seconds, died)
    finally:
        job.end_listener()
        recorder.close()


class _Job:
    """One acquisition; every undo step is registered before the action it undoes."""

    def __init__(
        self, bench: Bench, stop: StopRequest, recorder: Recorder, listener: Callable[[Examined], None]
    ) -> None:
        self._bench = bench
        self._clock = bench.clock
        self._stop = stop
        self._recorder = recorder
        self._listener: Called | None = Called(listener)
        self._undo = UndoStack(bench.clock)
        self._identities: dict[str, Identity] = {}
        self._keep_alive = KeepAlive(bench, self._unwatched)
        self._acquiring = False
        self._fault: BenchFault | None = None
        bench.listen(recorder.bytes_passed)

    def run(self, seconds: float, died: str | None) -> SampledLoad:
        if died is not None:
            self._recorder.remark(SUPPLY, f"the last run on this bench died: {died}", suspicious=True)
            self._note(DIED, died)
        supply, sampler, settings, names = self._roles()
        stopped: Interrupted | None = None
        try:
            for name in names:
                self._open(name)
            supplied = self._set_supply(supply, settings)
            configured = self._set_sampler(sampler, names[-1], supplied)
            self._switch_on(supply)
            self._sample(sampler, seconds)
        except Interrupted as error:
            stopped = error
        finally:
            self._recorder.lenient = True  # from here on nothing keeps the supply from being switched off
            self._undo.unwind(self._undone)
            self._recorder.lenient = False
        if self._fault is not None:
            raise self._fault
        if stopped is not None:
            if not self._identities:
                switch_off_unreached(self._bench)
            raise stopped_safely(stopped, self._bench)
        identity = self._identities[configured.sampler]
        virtual = self._bench.virtual or any(one.virtual for one in self._identities.values())
        return SampledLoad(configured, identity, virtual)

    def _roles(self) -> tuple[Supply, Sampler, SupplySettings, Sequence[str]]:
        bench, players = self._bench, self._bench.players
        if bench.supply is None or players.supply is None or bench.supply_settings is None:
            raise ConfigurationError(f"bench '{bench.spec.name}' has no supply, which must feed the load")
        if bench.sampler is None or players.sampler is None:
            raise ConfigurationError(f"bench '{bench.spec.name}' has no sampler, so there is nothing to compare")
        names = dict.fromkeys((players.supply.instrument, players.sampler.instrument))
        return bench.supply, bench.sampler, bench.supply_settings, list(names)

    # --- steps --------------------------------------------------------------------------------------------

    def _open(self, name: str) -> None:
        self._stop.check()
        instrument, supply = self._bench.instruments[name], self._bench.players.supply
        self._undo.register(f"close {name}", lambda _: instrument.close(), last=True)
        if supply is not None and name == supply.instrument:
            self._undo.register(SUPPLY_STEP, self._switch_off, OFF_S)
        instrument.while_waiting = self._stop.check
        identity = instrument.open(self._deadline(OPEN_S))
        instrument.while_waiting = lambda: None
        self._identities[name] = identity
        check_serial(self._bench.spec, name, identity)
        self._recorder.emit(device_identified(self._clock.now_ns(), name, identity))
        self._note(f"{name} answers", who(identity))

    def _set_supply(self, supply: Supply, settings: SupplySettings) -> AppliedSupply:
        self._stop.check()
        applied = supply.configure(settings, self._deadline(OPEN_S))
        self._note("supply takes its settings", f"{applied.voltage_set_v:g} V")
        return applied

    def _set_sampler(self, sampler: Sampler, name: str, supplied: AppliedSupply) -> MonitorConfigured:
        self._stop.check()
        players = self._bench.players
        wanted = SamplingSettings(self._bench.sampling.sample_rate_hz, on_edge=False)
        applied = sampler.configure(wanted, self._deadline(OPEN_S))
        check_signals(name, applied)
        if sampler.capabilities.starts_on_edge:
            raise BenchFault(
                f"the driver of {name} starts on an edge only, and a load makes none. Try: a driver that heeds "
                "SamplingSettings.on_edge"
            )
        sampled = Sampled("", sampler, name, players.supply.instrument if players.supply else "")
        configured = monitor_configured(self._bench, sampled, applied, supplied, has_edges=False)
        self._recorder.emit(configured)
        self._recorder.open_trace(applied, streaming={name})
        names = ", ".join(signal.name for signal in applied.signals)
        self._note(f"{name} samples as asked", f"{names}, a sample every {short_time(applied.period_s)}")
        return configured

    def _switch_on(self, supply: Supply) -> None:
        self._stop.check()
        switch_on(self._bench, supply, self._deadline(POWER_S), self._unwatched)
        self._recorder.emit(SupplySwitched(t_ns=self._clock.now_ns(), on=True))
        self._wait(SETTLE_S)
        measured_v = supply.measured_voltage_v(self._deadline(ANSWER_S))
        self._note(SUPPLY_IS_ON, f"{measured_v:.4f} V at its output" if measured_v is not None else "confirmed")

    def _sample(self, sampler: Sampler, seconds: float) -> None:
        self._undo.register("end the acquisition", lambda deadline: self._end(sampler, deadline), STOP_S)
        self._acquiring = True
        sampler.start(self._deadline(ANSWER_S))
        self._recorder.emit(AcquisitionStarted(t_ns=self._clock.now_ns()))
        soon, end = self._deadline(FIRST_SAMPLE_S), self._deadline(seconds)
        while not end.expired():
            self._wait(min(POLL_S, end.remaining_s()))
            self._recorder.stream(sampler.poll(self._deadline(ANSWER_S)))
            if soon.expired() and not self._recorder.samples_end and not sampler.capabilities.at_end:
                raise BenchFault(f"the sampler delivered no sample within {FIRST_SAMPLE_S:g} s of its start")
        self._end(sampler, self._deadline(STOP_S + sampler.capabilities.stop_s))
        self._note("load was sampled", f"{self._recorder.samples_received} samples in {seconds:g} s")

    def _end(self, sampler: Sampler, deadline: Deadline) -> None:
        if not self._acquiring:
            return
        self._acquiring = False
        try:
            self._recorder.stream(sampler.stop(deadline))
        finally:
            end, received = self._recorder.samples_end, self._recorder.samples_received
            self._recorder.emit(AcquisitionStopped(t_ns=self._clock.now_ns(), samples=end, received=received))
            self._recorder.close_trace()

    # --- helpers ------------------------------------------------------------------------------------------

    def _switch_off(self, deadline: Deadline) -> None:
        player = self._bench.players.supply
        reached = player is not None and player.instrument in self._identities
        switch_off(self._bench, deadline, self._failed_try, persistent=reached)

    def _unwatched(self, text: str) -> None:
        self._recorder.remark(SUPPLY, text)
        self._note(WATCHDOG, text)

    def _failed_try(self, text: str) -> None:
        self._recorder.remark(SUPPLY, text)
        self._note(SUPPLY_ANSWERS, text, ok=False)

    def _wait(self, duration_s: float) -> None:
        end = self._deadline(duration_s)
        while not end.expired():
            self._stop.check()
            self._keep_alive()
            self._clock.sleep(min(TURN_S, end.remaining_s()))

    def _undone(self, done: UndoReport) -> None:
        if done.name != SUPPLY_STEP:
            return
        player = self._bench.players.supply
        if done.error is None:
            self._recorder.emit(SupplySwitched(t_ns=self._clock.now_ns(), on=False))
            self._note(SUPPLY_IS_OFF, f"confirmed by {player}")
        else:
            says = one_line(done.error)
            self._recorder.remark(SUPPLY, f"the supply may still be on: {says}", suspicious=True)
            self._note(SUPPLY_IS_OFF, says, ok=False)
            self._fault = BenchFault(f"{MAY_BE_ON}: {player} did not confirm that the supply is off: {says}")

    def _note(self, step: str, says: str, *, ok: bool = True) -> None:
        if self._listener is not None and self._listener.offer(Examined(step, ok, says)) is not None:
            self.end_listener()

    def end_listener(self) -> None:
        """Call the listener no more; safe to call twice."""
        if self._listener is not None:
            self._listener.end()
            self._listener = None

    def _deadline(self, after_s: float) -> Deadline:
        return self._clock.deadline(after_s)

# SPDX-License-Identifier: Apache-2.0
"""A bench that is open while somebody else's code runs, and records what the DUT draws in some stretches of it.

One acquisition a recording; the supply stays on between them, and is off at the end of every path. All calls come
from one thread, `director.attendant`'s.
"""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from energy_runner.bench import Bench
from energy_runner.bench.calibration import check_serial
from energy_runner.director.alive import KeepAlive
from energy_runner.director.instrument_events import device_identified, monitor_configured
from energy_runner.director.isolation import Isolation
from energy_runner.director.recorder import Recorder
from energy_runner.director.signals import check_signals
from energy_runner.director.stage import ANSWER_S, OPEN_S
from energy_runner.director.stop import StopRequest
from energy_runner.director.supply_off import (
    MAY_BE_ON,
    OFF_S,
    POWER_S,
    SUPPLY,
    SUPPLY_STEP,
    switch_off,
    switch_on,
)
from energy_runner.director.undo import UndoReport, UndoStack
from energy_runner.errors import BenchFault, ConfigurationError
from energy_runner.session.events import (
    AcquisitionStarted,
    AcquisitionStopped,
    AnyEvent,
    Remark,
    SupplySwitched,
)
from instruments.clock import NS_PER_S, Deadline
from instruments.devices.dut.driver import Answer
from instruments.errors import one_line
from instruments.roles import AppliedSupply, Identity, Instrument, Sampler, SamplingSettings, Supply

SETTLE_S = 0.5
TURN_S = 0.05
STOP_S = 15.0
FIRST_SAMPLE_S = 3.0
MARGIN_S = 0.05  # of samples before and behind the body, and at least so many samples
MARGIN_SAMPLES = 5


def _closed(instrument: Instrument, deadline: Deadline) -> None:
    instrument.close()


@dataclass
class Journalled:
    """Where events go: to the recording in progress, or else to the next one, whose journal they begin."""

    bench: Bench
    recorder: Recorder | None = None
    waiting: list[AnyEvent] = field(default_factory=list)

    def emit(self, event: AnyEvent) -> None:
        """Write an event, or keep it."""
        if self.recorder is not None:
            self.recorder.emit(event)
        elif len(self.waiting) < 1000:  # a device may remark without end
            self.waiting.append(event)

    def remark(self, source: str, text: str, *, suspicious: bool = False) -> None:
        """Write a remark, or keep it."""
        self.emit(Remark(t_ns=self.bench.clock.now_ns(), box=source, text=text, suspicious=suspicious))

    def bytes_passed(self, device: str, direction: Literal["tx", "rx"], data: bytes) -> None:
        """Record bytes that passed a link, if a recording is in progress."""
        if self.recorder is not None:
            self.recorder.bytes_passed(device, direction, data)


@dataclass(frozen=True)
class Began:
    """A recording in progress: host times in ns, and the voltage that was set."""

    start_ns: int
    begin_ns: int
    margin_s: float


class RecordingJob:
    """One bench, opened once. `open` first; `close` at the end of every path."""

    def __init__(self, bench: Bench, stop: StopRequest) -> None:
        if bench.rails:
            raise ConfigurationError(
                f"bench '{bench.spec.name}' has several rails, and a recording is of one. Try: a bench with one"
            )
        if bench.sampler is None or bench.players.sampler is None:
            raise ConfigurationError(f"bench '{bench.spec.name}' has no sampler, so nothing can be measured")
        self.bench = bench
        self.clock = bench.clock
        self.virtual = bench.virtual
        self._sampler: Sampler = bench.sampler
        self._sampled_by = bench.players.sampler.instrument
        self._stop = stop
        self._undo = UndoStack(bench.clock)
        self._identities: dict[str, Identity] = {}
        self._journal = Journalled(bench)
        self._isolation = Isolation(bench, self._journal)
        self._keep_alive = KeepAlive(bench, self._say)
        self._supplied: AppliedSupply | None = None
        self._acquiring = False
        self._on = False
        self._fault: BenchFault | None = None
        self._began: Began | None = None
        bench.listen(self._journal.bytes_passed)
        bench.dut.while_waiting = self.look_after

    # --- the bench ----------------------------------------------------------------------------------------

    def open(self, died: str | None = None) -> None:
        """Open every instrument and set the supply, which stays off; raises the instruments' errors."""
        if died is not None:
            self._journal.remark(SUPPLY, f"the last run on this bench died: {died}", suspicious=True)
        bench, players = self.bench, self.bench.players
        self._isolation.register(self._undo)
        for name, instrument in bench.instruments.items():
            self._stop.check()
            self._undo.register(f"close {name}", partial(_closed, instrument), last=True)
            if players.supply is not None and name == players.supply.instrument:
                self._undo.register(SUPPLY_STEP, self._switch_off, OFF_S)
            instrument.while_waiting = self._stop.check
            identity = instrument.open(self._deadline(OPEN_S))
            self._identities[name] = identity
            self.virtual = self.virtual or identity.virtual
            check_serial(bench.spec, name, identity)
        settings = bench.supply_settings
        if settings is None:
            raise BenchFault(f"bench '{bench.spec.name}' does not state at which voltage the DUT runs")
        self._supplied = AppliedSupply(settings.voltage_v)
        if bench.supply is not None:
            self._supplied = bench.supply.configure(settings, self._deadline(OPEN_S))
        self._isolation.begin()

    def close(self) -> None:
        """End what runs, switch the supply off, close all; raises `BenchFault` if it did not confirm that.

        Safe to call twice. From here on a request to stop changes nothing.
        """
        bench = self.bench
        bench.dut.while_waiting = lambda: None
        for instrument in bench.instruments.values():
            instrument.while_waiting = lambda: None
        recorder = self._journal.recorder
        if recorder is not None:
            recorder.lenient = True
        try:
            self._undo.unwind(self._undone)
        finally:
            self._on = False
            if recorder is not None:
                self._journal.recorder = None
                recorder.close()
        if self._fault is not None:
            raise self._fault

    def power(self, *, on: bool) -> None:
        """Switch the supply on, and wait until it has settled, or off; without a supply, do nothing."""
        supply = self.bench.supply
        if supply is None or on == self._on:
            return
        if on:
            self._turn_on(supply)
            self.wait(SETTLE_S)
        else:
            switch_off(self.bench, self._deadline(OFF_S), self._say)
            self._on = False
            self._journal.emit(SupplySwitched(t_ns=self.clock.now_ns(), on=False))

    # --- one recording ------------------------------------------------------------------------------------

    def begin(self, folder: Path, *, from_off: bool) -> Began:
        """Begin a recording in `folder`: the DUT is on, or is switched on after the acquisition has begun."""
        if self._began is not None:
            raise ConfigurationError("a recording is in progress on this bench, and there is one at a time")
        if from_off and self.bench.supply is None:
            raise ConfigurationError("nothing on this bench switches the DUT, so its boot cannot be in the body")
        players = self.bench.players
        together = players.supply is not None and players.supply.instrument == self._sampled_by
        if from_off and together and self._sampler.capabilities.mute:
            raise ConfigurationError(
                f"{self._sampled_by} cannot be told to switch on while it samples as it is set. Try: its text "
                "output (format = 'ascii_dec'), or a body that begins with the DUT on"
            )
        self._stop.check()
        self.power(on=not from_off)
        recorder = Recorder(folder, self.clock)
        self._journal.recorder = recorder
        waiting, self._journal.waiting = self._journal.waiting, []
        for name, identity in self._identities.items():
            recorder.emit(device_identified(self.clock.now_ns(), name, identity))
        for event in waiting:
            recorder.emit(event.model_copy(update={"t_ns": self.clock.now_ns()}))
        if self._on:
            recorder.emit(SupplySwitched(t_ns=self.clock.now_ns(), on=True))
        period_s = self._set_sampler(recorder)
        start_ns, latency_s = self._start(period_s)
        margin_s = max(MARGIN_S, MARGIN_SAMPLES * period_s)
        self.wait(margin_s)
        self._began = Began(start_ns, self.clock.now_ns(), margin_s + latency_s)
        if from_off and self.bench.supply is not None:
            self._turn_on(self.bench.supply)
        return self._began

    def end(self) -> int:
        """End the recording, whose files are complete then; return when its body ended, in host ns."""
        began, self._began = self._began, None
        recorder = self._journal.recorder
        if began is None or recorder is None:
            raise BenchFault("no recording is in progress on this bench any more")
        end_ns = self.clock.now_ns()
        try:
            self.wait(began.margin_s)
            self._end(self._deadline(STOP_S + self._sampler.capabilities.stop_s))
        finally:
            self._journal.recorder = None
            recorder.close()
        return end_ns

    def wait(self, duration_s: float) -> None:
        """Let time pass while the stream is read."""
        end = self._deadline(duration_s)
        while not end.expired():
            self.clock.sleep(min(TURN_S, end.remaining_s()))
            self.look_after()

    def look_after(self) -> None:
        """Heed a request to stop, say to the supply that it is wanted, and read the stream."""
        self._stop.check()
        self._keep_alive()
        if self._acquiring and self._journal.recorder is not None:
            self._journal.recorder.stream(self._sampler.poll(self._deadline(ANSWER_S)))

    def command(self, text: str, limit_s: float) -> Answer:
        """Send a command to the DUT and return its answer, up to `m-ready`."""
        return self.bench.dut.command(text, self._deadline(limit_s))

    def wait_for_boot(self, limit_s: float | None) -> Answer:
        """Wait for the DUT's boot lines, up to `m-ready`; by default as long as the bench file says."""
        boot_s = self.bench.spec.dut.boot_timeout_s if limit_s is None else limit_s
        return self.bench.dut.wait_for_boot(self._deadline(boot_s))

    # --- inside -------------------------------------------------------------------------------------------

    def _turn_on(self, supply: Supply) -> None:
        self._on = True
        switch_on(self.bench, supply, self._deadline(POWER_S), self._say)
        self._journal.emit(SupplySwitched(t_ns=self.clock.now_ns(), on=True))

    def _set_sampler(self, recorder: Recorder) -> float:
        name, sampler, supplied = self._sampled_by, self._sampler, self._supplied
        assert supplied is not None  # noqa: S101 - `open` sets it
        wanted = SamplingSettings(self.bench.sampling.sample_rate_hz, on_edge=False)
        applied = sampler.configure(wanted, self._deadline(OPEN_S))
        check_signals(name, applied)
        if sampler.capabilities.starts_on_edge:
            raise BenchFault(
                f"the driver of {name} starts on an edge only, and a recording makes none. Try: a driver that "
                "heeds SamplingSettings.on_edge"
            )
        (sampled,) = self.bench.sampled()
        recorder.emit(monitor_configured(self.bench, sampled, applied, supplied, has_edges=False))
        recorder.open_trace(applied, streaming={name})
        return applied.period_s

    def _start(self, period_s: float) -> tuple[int, float]:
        """Start the acquisition; return when it was asked for (ns), and how late the first sample came (s)."""
        recorder, sampler = self._journal.recorder, self._sampler
        assert recorder is not None  # noqa: S101 - `begin` sets it
        self._undo.register("end the acquisition", self._end, STOP_S)
        start_ns = self.clock.now_ns()
        self._acquiring = True
        sampler.start(self._deadline(ANSWER_S))
        recorder.emit(AcquisitionStarted(t_ns=self.clock.now_ns()))
        if sampler.capabilities.at_end:
            return start_ns, 0.0
        soon = self._deadline(FIRST_SAMPLE_S + MARGIN_SAMPLES * period_s)
        while not recorder.samples_end:
            if soon.expired():
                raise BenchFault(f"the sampler delivered no sample within {FIRST_SAMPLE_S:g} s of its start")
            self.wait(TURN_S)
        return start_ns, (self.clock.now_ns() - start_ns) / NS_PER_S

    def _end(self, deadline: Deadline) -> None:
        recorder = self._journal.recorder
        if not self._acquiring or recorder is None:
            return
        self._acquiring = False
        try:
            recorder.stream(self._sampler.stop(deadline))
        finally:
            end, received = recorder.samples_end, recorder.samples_received
            recorder.emit(AcquisitionStopped(t_ns=self.clock.now_ns(), samples=end, received=received))
            recorder.close_trace()

    def _switch_off(self, deadline: Deadline) -> None:
        player = self.bench.players.supply
        reached = player is not None and player.instrument in self._identities
        switch_off(self.bench, deadline, self._say, persistent=reached)

    def _say(self, text: str) -> None:
        self._journal.remark(SUPPLY, text)

    def _undone(self, done: UndoReport) -> None:
        if done.name != SUPPLY_STEP:
            return
        if done.error is None:
            self._journal.emit(SupplySwitched(t_ns=self.clock.now_ns(), on=False))
        elif self.bench.switched_on:
            says = one_line(done.error)
            player = self.bench.players.supply
            self._fault = BenchFault(f"{MAY_BE_ON}: {player} did not confirm that the supply is off: {says}")

    def _deadline(self, after_s: float) -> Deadline:
        return self.clock.deadline(after_s)

# SPDX-License-Identifier: Apache-2.0
"""What all modes share: opening the instruments, power, and waiting while the stream is being read."""

from collections.abc import Callable, Sequence
from functools import partial

from energy_runner.bench import Bench
from energy_runner.bench.calibration import check_serial
from energy_runner.bench.edge_delay import check_delay_of, other_dut
from energy_runner.bench.rails import RailsSupply, Sampled
from energy_runner.director.alive import KeepAlive
from energy_runner.director.firmware import firmware_doubts
from energy_runner.director.first_contact import first_contact, note_boot
from energy_runner.director.instrument_events import device_identified, monitor_configured
from energy_runner.director.isolation import Isolation
from energy_runner.director.laps import check_laps
from energy_runner.director.plan import RunPlan
from energy_runner.director.recorder import Recorder
from energy_runner.director.signals import check_fits, check_one_period, check_signals, check_unread
from energy_runner.director.stop import StopRequest
from energy_runner.director.supply_off import (
    OFF_S,
    POWER_S,
    SUPPLY,
    SUPPLY_STEP,
    switch_off,
    switch_on,
)
from energy_runner.director.temperature import Surroundings
from energy_runner.director.undo import UndoStack
from energy_runner.errors import BenchFault
from energy_runner.session.events import (
    DutIdentified,
    EdgesExpected,
    InferenceDone,
    Phase,
    PhasesMarked,
    Purpose,
    SupplySwitched,
)
from instruments.clock import NS_PER_S, Deadline, to_ns
from instruments.devices.dut.driver import Inference
from instruments.errors import InstrumentError
from instruments.roles import AppliedSampling, AppliedSupply, Identity, Instrument, Lap, StreamItem

POLL_NS = to_ns(0.1)
TURN_S = 0.05
OPEN_S = 20.0
ANSWER_S = 5.0
EDGE_ADVICE = (
    "check the wire from the DUT's timestamp pin (D7 of an LPM01A, D3 of an IO manager, DUT_DUTY_CYCLE of an "
    "interface board) and the level shifter"
)


class Stage:
    """The bench during one run; phases are plain functions that act on it.

    `acquiring` is true while the sampler streams; then every wait also reads the stream. `armed` is true
    once edges are being captured.
    """

    def __init__(self, bench: Bench, plan: RunPlan, recorder: Recorder, stop: StopRequest) -> None:
        self.bench = bench
        self.plan = plan
        self.recorder = recorder
        self.clock = bench.clock
        self.undo = UndoStack(bench.clock)
        self.acquiring = False
        self.armed = False
        self.applied: dict[str, AppliedSampling] = {}  # by rail
        self.off_since_ns: int | None = None  # since when the DUT is known to be without power
        self.read_ns: int | None = None  # when the stream was last read
        self.virtual = bench.virtual
        self.total_s: float | None = None
        self._stop = stop
        self.isolation = Isolation(bench, recorder)
        self.surroundings = Surroundings(bench, recorder)
        self._keep_alive = KeepAlive(bench, partial(recorder.remark, SUPPLY))
        self._started_ns = self.clock.now_ns()
        self._looked_ns = self._started_ns - POLL_NS
        self._phase = ""
        self._opened: set[str] = set()
        bench.dut.while_waiting = self.look_after
        if isinstance(bench.supply, RailsSupply):
            bench.supply.switched = self._rail_switched
        bench.listen(recorder.bytes_passed)

    # --- time ---------------------------------------------------------------------------------------------

    def phase(self, name: str, detail: str = "") -> None:
        """Begin a phase; raise `Interrupted` if the user asked to stop."""
        self._stop.check()
        self._phase = f"{name} {detail}".strip()
        self.recorder.emit(Phase(t_ns=self.clock.now_ns(), name=name, detail=detail))
        self.surroundings.measure()

    def look_after(self) -> None:
        """Heed a request to stop, read stream and edges, show progress; cheap if called often."""
        self._stop.check()
        if self._laps_apart:
            self.take_edges()
        now_ns = self.clock.now_ns()
        if now_ns - self._looked_ns < POLL_NS:
            return
        self._looked_ns = now_ns
        self._keep_alive()
        self.recorder.look_after()
        self.collect()
        self.surroundings.look()
        elapsed_s = (now_ns - self._started_ns) / 1e9
        self.recorder.progress(elapsed_s, max(elapsed_s, self.total_s or 0.0), self._phase)

    def collect(self) -> None:
        """Read what the stream and the edge sources have ready now."""
        if self.acquiring and self.bench.sampler is not None:
            sampled = self.bench.sampled()
            self._note_silence(min(one.sampler.capabilities.unread_s for one in sampled))
            for one in sampled:
                self.recorder.stream(one.sampler.poll(self.deadline(ANSWER_S)), one.rail)
        self.take_edges()
        relay = self.bench.players.dut.instrument
        for text in self.bench.dut.link.take_remarks() if relay in self._opened else ():
            self.recorder.remark(relay, text)

    def _note_silence(self, unread_s: float) -> None:
        """Record a remark when the stream was left unread for longer than the sampler can buffer."""
        now_ns, before_ns = self.clock.now_ns(), self.read_ns
        self.read_ns = now_ns
        if before_ns is not None and (now_ns - before_ns) / NS_PER_S > unread_s:
            silence_s = (now_ns - before_ns) / NS_PER_S
            text = f"the stream was not read for {silence_s:.2f} s, and the sampler keeps only {unread_s:g} s"
            self.recorder.remark("director", text, suspicious=True)

    @property
    def _laps_apart(self) -> bool:
        """Return whether laps come on a link of their own: no wait for the DUT's lines reads them by the way.

        A lap is dated when it is read, so it is then looked for in every turn, and whenever the DUT says
        something, as it does right after the edge that ends a window.
        """
        edges, players = self.bench.edges, self.bench.players
        if edges is None or players.edges is None or edges.timebase != "microseconds":
            return False
        return players.edges.instrument != players.dut.instrument

    def take_edges(self) -> None:
        """Record the edges captured since the last call."""
        for source in (self.bench.edges, self.bench.cross_check):
            for edge in source.take(self.deadline(ANSWER_S)) if source is not None and self.armed else ():
                if isinstance(edge, Lap):
                    self.recorder.lap(edge)
                else:
                    self.recorder.edge(edge)

    def wait(self, duration_s: float) -> None:
        """Wait for `duration_s` seconds, looking after the bench."""
        self.wait_until(lambda: False, self.deadline(duration_s))

    def wait_until(self, condition: Callable[[], bool], deadline: Deadline) -> bool:
        """Wait for a condition, looking after the bench; return whether it became true in time."""
        while not condition():
            if deadline.expired():
                return False
            self.clock.sleep(min(TURN_S, deadline.remaining_s()))
            self.look_after()
        return True

    def deadline(self, after_s: float) -> Deadline:
        """Return the deadline `after_s` seconds from now."""
        return self.clock.deadline(after_s)

    def expect_total(self, remaining_s: float) -> None:
        """Set the estimate of the time left, in seconds."""
        self.total_s = (self.clock.now_ns() - self._started_ns) / 1e9 + remaining_s

    # --- devices ------------------------------------------------------------------------------------------

    def open_instruments(self) -> None:
        """Open and identify every instrument, the supply's first, so that it can be switched off."""
        self.phase("open")
        players = self.bench.players
        self.isolation.register(self.undo)
        for name, instrument in self.bench.instruments.items():
            self.undo.register(f"close {name}", partial(_close, instrument), last=True)
            if players.supply is not None and name == players.supply.instrument:
                self.undo.register(SUPPLY_STEP, self._switch_off, OFF_S)
            instrument.while_waiting = self.look_after
            try:
                identity = instrument.open(self.deadline(OPEN_S))
            except InstrumentError as error:
                if self.plan.wait_temperature_c is None and self.surroundings.does_without(name, error):
                    continue
                raise
            self._opened.add(name)
            self.surroundings.opened(name)
            check_serial(self.bench.spec, name, identity)
            if self.bench.sampler is not None:
                check_delay_of(self.bench.spec, name, identity)
            for doubt in firmware_doubts(self.bench, name, identity):
                self.recorder.remark(name, doubt.text, suspicious=doubt.is_older)
            if identity.model:
                self.identified(name, identity)

    def _switch_off(self, deadline: Deadline) -> None:
        player = self.bench.players.supply
        reached = player is not None and player.instrument in self._opened
        switch_off(self.bench, deadline, partial(self.recorder.remark, SUPPLY), persistent=reached)

    def _rail_switched(self, rail: str, on: bool) -> None:
        self.recorder.emit(SupplySwitched(t_ns=self.clock.now_ns(), on=on, rail=rail))

    def identified(self, name: str, identity: Identity) -> None:
        """Record the identity of an instrument; a twin behind a real port makes the whole run virtual."""
        self.virtual = self.virtual or identity.virtual
        self.recorder.emit(device_identified(self.clock.now_ns(), name, identity))

    def configure_supply(self) -> AppliedSupply:
        """Set the supply with its output off; return what it reports, or the voltage of the bench file."""
        settings = self.bench.supply_settings
        if settings is None:
            raise BenchFault(f"bench '{self.bench.spec.name}' does not state at which voltage the DUT runs")
        self.phase("configure", f"{settings.voltage_v:g} V")
        if self.bench.supply is None:
            return AppliedSupply(settings.voltage_v)
        applied = self.bench.supply.configure(settings, self.deadline(OPEN_S))
        self.off_since_ns = self.clock.now_ns()  # it is set with its output off
        return applied

    def configure_sampler(self, supplied: AppliedSupply) -> AppliedSampling:
        """Configure the sampler; return its applied settings, and record them with their specification.

        Of several rails, each is configured and recorded; all have to have the period of the first.
        """
        if self.bench.sampler is None or self.bench.players.sampler is None:
            raise BenchFault(f"bench '{self.bench.spec.name}' has no sampler, and energy needs one")
        self.applied = {one.rail: self._configured(one, supplied) for one in self.bench.sampled()}
        check_one_period(self.applied)
        return next(iter(self.applied.values()))

    def _configured(self, one: Sampled, supplied: AppliedSupply) -> AppliedSampling:
        sampler = one.sampler
        applied = sampler.configure(self.bench.sampling, self.deadline(OPEN_S))
        check_unread(one.by, sampler.capabilities.unread_s)
        check_signals(one.by, applied)
        check_fits(one.by, sampler.capabilities, applied.period_s, self.plan)
        supplied = next((rail.applied for rail in self.bench.rails if rail.name == one.rail), None) or supplied
        self.recorder.emit(monitor_configured(self.bench, one, applied, supplied, has_edges=True))
        return applied

    def await_temperature(self) -> None:
        """Wait for the temperature that the plan asks for, with the DUT's supply still off."""
        wanted = self.plan.wait_temperature_c
        if wanted is None:
            return
        self.phase("wait for the temperature", f"{wanted[0]:g} to {wanted[1]:g} °C")

        def say(text: str) -> None:
            self._phase = f"wait for {text}"

        self.surroundings.wait_for(*wanted, self.plan.wait_temperature_s, self.wait, say)

    def power_up(self) -> None:
        """Switch the supply on and wait until the DUT has booted."""
        supply, dut = self.bench.supply, self.bench.dut
        if supply is None:
            self.phase("power up", "no supply in this bench; the DUT must be powered already")
            self.recorder.remark(
                "director", "the DUT is fed from outside: no instrument of this bench switches it"
            )
            return
        self.phase("power up")
        switch_on(self.bench, supply, self.deadline(POWER_S), partial(self.recorder.remark, SUPPLY))
        if not self.bench.rails:
            self.recorder.emit(SupplySwitched(t_ns=self.clock.now_ns(), on=True))
        boot = dut.wait_for_boot(self.deadline(self.bench.spec.dut.boot_timeout_s))
        note_boot(self, boot)

    def arm_edges(self) -> None:
        """Start capturing edges of the timestamp pin."""
        self.armed = True
        for source in (self.bench.edges, self.bench.cross_check):
            if source is not None:
                source.arm(self.deadline(ANSWER_S))

    def identify_dut(self) -> None:
        """Ask the DUT for its name and the model it runs."""
        self.phase("identify")
        identity = first_contact(self)
        self.identified("dut", identity)
        self.recorder.emit(
            DutIdentified(
                t_ns=self.clock.now_ns(), name=identity.make, profile=identity.firmware, model=identity.model
            )
        )
        other = other_dut(self.bench.spec, identity) if self.bench.sampler is not None else ""
        if other:
            self.recorder.remark("dut", other, suspicious=True)
        expected = self.plan.benchmark.model_string
        if identity.model != expected:
            self.recorder.remark(
                "dut", f"it runs '{identity.model}', but the benchmark is '{expected}'", suspicious=True
            )

    # --- stimuli ------------------------------------------------------------------------------------------

    def infer(
        self,
        purpose: Purpose,
        index: int,
        *,
        inferences: int,
        warmups: int,
        limit_s: float,
        expected_s: float | None = None,
    ) -> Inference:
        """Let the DUT infer and record its answer; `expected_s` is how long that will take, if it is known."""
        if self.acquiring:
            self.recorder.emit(EdgesExpected(t_ns=self.clock.now_ns(), purpose=purpose, count=2))
        self.surroundings.quiet_until(expected_s)
        try:
            result = self.bench.dut.infer(inferences, warmups, self.deadline(limit_s))
        finally:
            self.surroundings.no_longer_quiet()
        self.note_inference(purpose, index, 0, result)
        self._note_phases(purpose, index)
        check_laps(result)
        return result

    def note_inference(self, purpose: Purpose, index: int, offset: int, result: Inference) -> None:
        """Record what the DUT answered to `infer`."""
        self.recorder.emit(
            InferenceDone(
                t_ns=self.clock.now_ns(),
                purpose=purpose,
                stimulus=index,
                offset=offset,
                inferences=result.inferences,
                warmups=result.warmups,
                sent_ns=result.answer.sent_ns,
                start_line_ns=result.answer.at_ns("infer-start"),
                done_line_ns=result.answer.at_ns("infer-done"),
                results=list(result.results),
                dut_laps_us=list(result.laps_us),
            )
        )

    def _note_phases(self, purpose: Purpose, index: int) -> None:
        """Record where the layers of a scored window began, on a bench that can see them."""
        marks = self.bench.twin.dut.take_marks() if self.bench.twin is not None else None
        if marks is not None and purpose == "window":
            self.recorder.emit(
                PhasesMarked(
                    t_ns=self.clock.now_ns(),
                    window=index,
                    names=list(marks.names),
                    operations=list(marks.operations),
                    offsets_ns=list(marks.offsets_ns),
                    stop_ns=marks.stop_ns,
                )
            )

    def stream(self, items: Sequence[StreamItem]) -> None:
        """Record items of the monitor's stream."""
        self.recorder.stream(items)


def _close(instrument: Instrument, deadline: Deadline) -> None:
    instrument.close()

"""What all modes share: opening the boxes, power, waiting, and looking after the monitor meanwhile."""

import hashlib
from collections.abc import Callable, Sequence

from energy_runner.bench import Bench
from energy_runner.director.plan import PlannedInput, RunPlan
from energy_runner.director.recorder import Recorder
from energy_runner.director.stop import StopRequest
from energy_runner.director.undo import UndoStack
from energy_runner.errors import BenchFault
from energy_runner.session.events import (
    BoxIdentified,
    DutBooted,
    DutIdentified,
    EdgesExpected,
    InferenceDone,
    MonitorConfigured,
    Phase,
    PhasesMarked,
    Purpose,
    StimulusLoaded,
    SupplySwitched,
)
from instruments.clock import Deadline, to_ns
from instruments.devices.dut.driver import Inference
from instruments.errors import ProtocolViolation
from instruments.roles import Applied, Identity, PowerMonitor, StreamItem

POLL_NS = to_ns(0.1)
TURN_S = 0.05
OPEN_S = 20.0
ANSWER_S = 5.0
POWER_S = 10.0
CLASSIFY_TRIES = 3
SUPPLY_STEP = "switch the supply off"


class Stage:
    """The bench during one run; phases are plain functions that act on it.

    `acquiring` is true while the monitor streams; then every wait takes in what the stream brings.
    """

    def __init__(self, bench: Bench, plan: RunPlan, recorder: Recorder, stop: StopRequest) -> None:
        self.bench = bench
        self.plan = plan
        self.recorder = recorder
        self.clock = bench.clock
        self.undo = UndoStack(bench.clock)
        self.acquiring = False
        self.switched_on = False
        self.virtual = bench.virtual
        self.total_s: float | None = None
        self._stop = stop
        self._started_ns = self.clock.now_ns()
        self._looked_ns = self._started_ns - POLL_NS
        self._phase = ""
        bench.dut.while_waiting = self.look_after
        bench.listen(recorder.bytes_passed)

    # --- time ---------------------------------------------------------------------------------------------

    def phase(self, name: str, detail: str = "") -> None:
        """Begin a phase: a known point at which the user's wish to stop is heard."""
        self._stop.check()
        self._phase = f"{name} {detail}".strip()
        self.recorder.emit(Phase(t_ns=self.clock.now_ns(), name=name, detail=detail))

    def look_after(self) -> None:
        """Hear the user's wish to stop, take in stream and laps, show progress; cheap if called often."""
        self._stop.check()
        now_ns = self.clock.now_ns()
        if now_ns - self._looked_ns < POLL_NS:
            return
        self._looked_ns = now_ns
        self.collect()
        elapsed_s = (now_ns - self._started_ns) / 1e9
        self.recorder.progress(elapsed_s, max(elapsed_s, self.total_s or 0.0), self._phase)

    def collect(self) -> None:
        """Take in what stream and IO manager have ready now."""
        if self.acquiring and self.bench.monitor is not None:
            self.recorder.stream(self.bench.monitor.poll(self.deadline(ANSWER_S)))
        if self.bench.io_manager is not None:
            self.bench.io_manager.poll()
            for lap in self.bench.io_manager.take_laps():
                self.recorder.lap(lap)
            for text in self.bench.io_manager.take_remarks():
                self.recorder.remark("io-manager", text)

    def wait(self, duration_s: float) -> None:
        """Let time pass without neglecting anything."""
        self.wait_until(lambda: False, self.deadline(duration_s))

    def wait_until(self, condition: Callable[[], bool], deadline: Deadline) -> bool:
        """Wait for a condition, looking after everything; return whether it came true in time."""
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

    # --- boxes --------------------------------------------------------------------------------------------

    def open_boxes(self) -> None:
        """Open every port and ask who is there."""
        self.phase("open")
        io_manager, monitor = self.bench.io_manager, self.bench.monitor
        # The monitor first: whatever else is missing, the supply can then be switched off.
        if monitor is not None:
            self.undo.register("close the power monitor", lambda _: monitor.close())
            self.undo.register(SUPPLY_STEP, lambda deadline: switch_off(monitor, deadline), 3 * POWER_S)
            self.identified("monitor", monitor.open(self.deadline(OPEN_S)))
        if io_manager is not None:
            self.undo.register("close the IO manager", lambda _: io_manager.close())
            io_manager.open(self.deadline(OPEN_S))
            self.identified("io-manager", io_manager.identify(self.deadline(ANSWER_S)))
        dut_port = self.bench.dut.port
        if dut_port is not io_manager:
            self.undo.register("close the DUT's port", lambda _: dut_port.close())
            dut_port.open(self.deadline(OPEN_S))

    def identified(self, box: str, identity: Identity) -> None:
        """Note who a box is; a twin behind a real port makes the whole run virtual."""
        self.virtual = self.virtual or identity.virtual
        facts = {name: getattr(identity, name) for name in identity.__dataclass_fields__ if name != "detail"}
        facts["detail"] = dict(identity.detail)
        self.recorder.emit(BoxIdentified(t_ns=self.clock.now_ns(), box=box, identity=facts))

    def configure_monitor(self) -> Applied:
        """Set supply and acquisition, with the output off."""
        monitor, settings = self.bench.monitor, self.bench.settings
        if monitor is None or settings is None:
            raise BenchFault(
                f"bench '{self.bench.spec.name}' has no [monitor], and energy cannot be measured without one"
            )
        self.phase("configure", f"{settings.voltage_v:g} V")
        applied = monitor.configure(settings, self.deadline(OPEN_S))
        accuracy = monitor.accuracy()
        self.recorder.emit(
            MonitorConfigured(
                t_ns=self.clock.now_ns(),
                voltage_set_v=applied.voltage_set_v,
                period_s=applied.period_s,
                signals=[{"name": signal.name, "unit": signal.unit} for signal in applied.signals],
                captures_edges=monitor.capabilities.captures_edges,
                starts_on_edge=monitor.capabilities.starts_on_edge,
                accuracy={
                    "document": accuracy.document,
                    "terms": [
                        {name: getattr(term, name) for name in term.__dataclass_fields__}
                        for term in accuracy.terms
                    ],
                    "assumptions": list(accuracy.assumptions),
                },
            )
        )
        return applied

    def power_up(self) -> None:
        """Switch the supply on and wait until the DUT has booted."""
        monitor, dut = self.bench.monitor, self.bench.dut
        if monitor is None:
            self.phase("power up", "no supply in this bench; the DUT must be powered already")
            return
        self.phase("power up")
        self.switched_on = True
        monitor.power_on(self.deadline(POWER_S))
        self.recorder.emit(SupplySwitched(t_ns=self.clock.now_ns(), on=True))
        boot = dut.wait_for_boot(self.deadline(self.bench.spec.dut.boot_timeout_s))
        lines = [str(heard.event) for heard in boot.heard]
        mode = boot.text("timestamp-mode") or ""
        self.recorder.emit(DutBooted(t_ns=self.clock.now_ns(), timestamp_mode=mode, lines=lines))
        wanted = self.plan.mode
        if wanted != "accuracy" and mode not in {"", wanted}:
            raise BenchFault(
                f"the DUT's firmware was built for {mode} mode, but this run measures {wanted}; "
                f"flash the {wanted} build (EE_CFG_ENERGY_MODE {1 if wanted == 'energy' else 0}) and run again"
            )

    def identify_dut(self) -> None:
        """Ask the DUT who it is and which model it runs."""
        self.phase("identify")
        identity = self.bench.dut.identify(self.deadline(3 * ANSWER_S))
        self.identified("dut", identity)
        self.recorder.emit(
            DutIdentified(
                t_ns=self.clock.now_ns(), name=identity.make, profile=identity.firmware, model=identity.model
            )
        )
        expected = self.plan.benchmark.model_string
        if identity.model != expected:
            self.recorder.remark(
                "dut", f"it runs '{identity.model}', but the benchmark is '{expected}'", suspicious=True
            )

    # --- stimuli ------------------------------------------------------------------------------------------

    def load(self, planned: PlannedInput, *, read_back: bool) -> None:
        """Load a stimulus and, if wanted, compare what arrived byte for byte."""
        data = planned.read()
        limit = self.deadline(30.0 + 0.05 * len(data))
        with self.recorder.bulk():
            tries = self.bench.dut.load(data, limit)
        if tries > 1:
            self.recorder.remark("dut", f"{planned.file} needed {tries} tries to load", suspicious=True)
        if read_back:
            with self.recorder.bulk():
                held = self.bench.dut.read_back(len(data), self.deadline(30.0 + 0.05 * len(data)))
            if held != data:
                pairs = enumerate(zip(data, held, strict=False))
                wrong = next((i for i, (sent, came) in pairs if sent != came), len(held))
                raise ProtocolViolation(
                    f"read {planned.file} back from the DUT",
                    f"byte {wrong} of {len(data)} differs ({len(held)} bytes came back)",
                    "check the UART; --no-read-back leaves the comparison out",
                )
        self.recorder.emit(
            StimulusLoaded(
                t_ns=self.clock.now_ns(),
                index=planned.number,
                file=planned.file,
                offset=planned.offset,
                size=len(data),
                sha256=hashlib.sha256(data).hexdigest(),
                read_back=read_back,
            )
        )

    def infer(self, purpose: Purpose, index: int, *, inferences: int, warmups: int, limit_s: float) -> Inference:
        """Let the DUT infer and note what it said."""
        if self.acquiring:
            self.recorder.emit(EdgesExpected(t_ns=self.clock.now_ns(), purpose=purpose, count=2))
        result = self.bench.dut.infer(inferences, warmups, self.deadline(limit_s))
        self._note_inference(purpose, index, 0, result)
        self._note_phases(purpose, index)
        return result

    def classify(self, planned: PlannedInput, limit_s: float) -> None:
        """Let the DUT infer once and note its answer; one that was damaged on the way is asked for again."""
        wanted = self.plan.benchmark.outputs
        for _ in range(CLASSIFY_TRIES):
            with self.recorder.bulk():  # as many commands as stimuli, and as many answers
                result = self.bench.dut.infer(1, 0, self.deadline(limit_s))
            if len(result.results) == wanted:
                self._note_inference("accuracy", planned.number, planned.offset, result)
                return
            self.recorder.remark(
                "dut", f"{planned.file}: {len(result.results)} numbers instead of {wanted}", suspicious=True
            )
        raise ProtocolViolation(
            f"let the DUT classify {planned.file}",
            f"{CLASSIFY_TRIES} answers without {wanted} numbers, the last: {result.answer.excerpt()}",
            "check the UART, and that the firmware runs the benchmark's model",
        )

    def _note_inference(self, purpose: Purpose, index: int, offset: int, result: Inference) -> None:
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
        """Note where the layers of a scored window began, on a bench that sees them."""
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


def switch_off(monitor: PowerMonitor, deadline: Deadline) -> None:
    """Switch the supply off and confirm it; if that fails, once more over a port opened afresh."""
    try:
        monitor.power_off(deadline.at_most(POWER_S))
    except BaseException as first:  # whatever it was, the supply comes first
        try:
            monitor.close()
            monitor.open(deadline.at_most(POWER_S))
            monitor.power_off(deadline)
        except BaseException as second:
            raise second from first

"""`bench doctor` and `bench off`: examine a bench step by step, or make it safe."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from energy_runner.bench import Bench, BenchSpec, load_bench_spec, open_bench
from energy_runner.bench.claim import claim_bench
from energy_runner.cli.output import write, write_json
from energy_runner.director.stage import switch_off
from energy_runner.director.stop import StopRequest, stop_on_signals
from energy_runner.errors import BenchFault, ConfigurationError, ExitStatus, Interrupted, RunnerError
from instruments.clock import Deadline
from instruments.errors import InstrumentError
from instruments.roles import Edge, Identity, PowerMonitor, Samples

OPEN_S = 20.0
ANSWER_S = 5.0
POWER_S = 10.0
EDGE_S = 2.0
MONITOR, IO_MANAGER = "power monitor", "IO manager"


@dataclass(frozen=True)
class Finding:
    """One step of the examination."""

    step: str
    ok: bool
    says: str


Step = tuple[str, Callable[[], str]]


class Examination:
    """Look at every box, and if all are there, at what they do together; the supply goes off in any case."""

    def __init__(self, bench: Bench, stop: StopRequest, told: Callable[[Finding], None]) -> None:
        self.bench = bench
        self.findings: list[Finding] = []
        self._stop = stop
        self._told = told
        self._reached = False
        bench.dut.while_waiting = stop.check

    def run(self) -> bool:
        """Examine everything; return whether all is well. Raise `Interrupted` if the user wants to stop."""
        monitored = self.bench.monitor is not None
        # The monitor first: whatever else is missing, the supply can then be switched off.
        boxes: list[Step] = [(f"{MONITOR} answers", self._monitor)] if monitored else []
        if self.bench.io_manager is not None:
            boxes.append((f"{IO_MANAGER} answers", self._io_manager))
        together: list[Step] = []
        if monitored:
            together += [(f"{MONITOR} takes its settings", self._configure), ("DUT boots", self._power_up)]
        together.append(("DUT says who it is", self._identify))
        if monitored:
            together.append(("timestamp pin is seen", self._pulse))
        try:
            # Every box is asked, so that one examination finds every wrong port.
            answers = [self._step(step) for step in boxes]
            well = all(answers) and all(self._step(step) for step in together)
        finally:
            off = not monitored or self._step(("supply is off", self._off), stoppable=False)
            self._close()
        return well and off

    def _step(self, step: Step, *, stoppable: bool = True) -> bool:
        name, deed = step
        if stoppable:
            self._stop.check()
        try:
            finding = Finding(name, True, deed())
        except Interrupted:
            raise
        except (InstrumentError, RunnerError) as error:
            finding = Finding(name, False, " ".join(str(error).split()))
        self.findings.append(finding)
        self._told(finding)
        return finding.ok

    # --- each box by itself -------------------------------------------------------------------------------

    def _monitor(self) -> str:
        identity = self._the_monitor().open(self._deadline(OPEN_S))
        self._reached = True
        return _who(identity)

    def _io_manager(self) -> str:
        io_manager = self.bench.io_manager
        if io_manager is None:
            return "none"
        io_manager.open(self._deadline(OPEN_S))
        return _who(io_manager.identify(self._deadline(ANSWER_S)))

    # --- all together -------------------------------------------------------------------------------------

    def _configure(self) -> str:
        if self.bench.settings is None:
            raise ConfigurationError("the bench file has no monitor settings")
        applied = self._the_monitor().configure(self.bench.settings, self._deadline(OPEN_S))
        return f"{applied.voltage_set_v:g} V, a sample every {applied.period_s * 1e6:g} µs"

    def _power_up(self) -> str:
        monitor = self._the_monitor()
        self._open_dut_port()
        monitor.power_on(self._deadline(POWER_S))
        boot = self.bench.dut.wait_for_boot(self._deadline(self.bench.spec.dut.boot_timeout_s))
        measured_v = monitor.measured_voltage_v(self._deadline(ANSWER_S))
        volts = f", {measured_v:.3f} V at its supply" if measured_v is not None else ""
        return f"firmware built for {boot.text('timestamp-mode') or 'an unknown'} mode{volts}"

    def _identify(self) -> str:
        if self.bench.monitor is None:
            self._open_dut_port()
        identity = self.bench.dut.identify(self._deadline(ANSWER_S))
        return f"{identity.make}, model {identity.model}"

    def _pulse(self) -> str:
        """Let the DUT pulse once; see who notices."""
        io_manager, wiring = self.bench.io_manager, self.bench.spec.io_manager
        laps_wired = io_manager is not None and wiring is not None and wiring.timestamps
        if io_manager is not None and laps_wired:
            io_manager.enable_timestamps(self._deadline(ANSWER_S))  # only now: the DUT pulses at boot, too
        seen = self._seen_of_one_pulse()
        if seen is None:
            return "not examined: this is a performance build, which prints its timestamps"
        can = self._the_monitor().capabilities
        needed = [MONITOR] if can.captures_edges or can.starts_on_edge else []
        needed += [IO_MANAGER] if not can.captures_edges else []
        missing = [box for box in needed if not seen[box]]
        if missing:
            who = f", though the {IO_MANAGER} did" if seen[IO_MANAGER] and missing == [MONITOR] else ""
            raise BenchFault(
                f"the {' and the '.join(missing)} did not see the pulse{who}; "
                "check the wire from the DUT's timestamp pin and the level shifter"
            )
        for box, count in seen.items():
            if count > 1:
                raise BenchFault(f"the {box} saw {count} edges for one pulse; the pin bounces or rings")
        idle = laps_wired and not seen[IO_MANAGER]
        more = f"; not by the {IO_MANAGER}, whose D3 serves as a cross-check only" if idle else ""
        return "by " + " and ".join(f"the {box}" for box, count in seen.items() if count) + more

    def _seen_of_one_pulse(self) -> dict[str, int] | None:
        """Return how many edges each box saw of one pulse; None if the firmware makes no pulse."""
        monitor, io_manager = self._the_monitor(), self.bench.io_manager
        seen = {MONITOR: 0, IO_MANAGER: 0}
        monitor.start(self._deadline(ANSWER_S))
        try:
            answer = self.bench.dut.timestamp(self._deadline(ANSWER_S))
            if any(type(heard.event).__name__ == "Lap" for heard in answer.heard):
                return None
            limit = self._deadline(EDGE_S)
            while not limit.expired():
                self._stop.check()
                self.bench.clock.sleep(0.1)
                items = monitor.poll(self._deadline(ANSWER_S))
                seen[MONITOR] += sum(isinstance(item, Edge) for item in items)
                if monitor.capabilities.starts_on_edge and any(isinstance(item, Samples) for item in items):
                    seen[MONITOR] = max(1, seen[MONITOR])  # its log runs, so its trigger input saw the edge
                if io_manager is not None:
                    io_manager.poll()
                    seen[IO_MANAGER] += len(io_manager.take_laps())
        finally:
            monitor.stop(self._deadline(POWER_S))
        return seen

    # --- the end ------------------------------------------------------------------------------------------

    def _off(self) -> str:
        if not self._reached:
            raise BenchFault(f"not known, for the {MONITOR} was not reached")
        switch_off(self._the_monitor(), self._deadline(3 * POWER_S))
        return f"confirmed by the {MONITOR}"

    def _close(self) -> None:
        for box in (self.bench.monitor, self.bench.dut.port, self.bench.io_manager):
            if box is not None:
                box.close()

    def _open_dut_port(self) -> None:
        if self.bench.dut.port is not self.bench.io_manager:
            self.bench.dut.port.open(self._deadline(OPEN_S))

    def _the_monitor(self) -> PowerMonitor:
        if self.bench.monitor is None:
            raise ConfigurationError("the bench file has no [monitor]")
        return self.bench.monitor

    def _deadline(self, after_s: float) -> Deadline:
        return self.bench.clock.deadline(after_s)


def doctor_command(name: str, *, as_json: bool) -> int:
    """Examine a bench and say what is wrong with it."""
    spec = load_bench_spec(name)
    # A bench without a monitor has no energy mode; its DUT is examined as for performance.
    bench = open_bench(spec, "energy" if spec.monitor is not None else "performance", benchmark=_any(spec))
    stop = StopRequest()
    with claim_bench(spec, "bench doctor"), stop_on_signals(stop):
        examination = Examination(bench, stop, (lambda finding: None) if as_json else _tell)
        well = examination.run()
    if as_json:
        findings = [asdict(finding) for finding in examination.findings]
        write_json({"bench": spec.name, "virtual": bench.virtual, "well": well, "findings": findings})
    else:
        write("All is well.\n" if well else "Something is wrong; see above.\n")
    return ExitStatus.VALID if well else ExitStatus.BENCH_FAULT


def off_command(name: str) -> int:
    """Switch the supply off and confirm it."""
    spec = load_bench_spec(name)
    if spec.monitor is None:
        raise ConfigurationError(f"bench '{spec.name}' has no [monitor]; there is no supply to switch off")
    bench = open_bench(spec, "energy", benchmark=_any(spec))
    if bench.monitor is None:
        raise ConfigurationError(f"bench '{spec.name}' has no [monitor]")
    with claim_bench(spec, "bench off") as died:
        try:
            identity = bench.monitor.open(bench.clock.deadline(OPEN_S))
            switch_off(bench.monitor, bench.clock.deadline(3 * POWER_S))
        finally:
            bench.monitor.close()
    if died is not None:
        write(f"An earlier run had died: {died}\n")
    write(f"The supply is off (confirmed by {_who(identity)}).\n")
    return ExitStatus.VALID


def _who(identity: Identity) -> str:
    parts = (identity.make, identity.model, identity.serial, identity.firmware)
    return " ".join(part for part in parts if part) + (" (virtual)" if identity.virtual else "")


def _tell(finding: Finding) -> None:
    write(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.step}: {finding.says}\n")


def _any(spec: BenchSpec) -> str:
    """Return a benchmark for twins to run, as long as nobody asks which: an emulated one needs a network."""
    return "demo-keywords" if spec.is_emulated else "kws01"

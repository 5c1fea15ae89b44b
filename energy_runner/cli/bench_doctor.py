"""`bench doctor` and `bench off`: examine a bench step by step, or make it safe."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass

from energy_runner.bench import Bench, load_bench_spec, open_bench
from energy_runner.bench.claim import claim_bench
from energy_runner.errors import BenchFault, ConfigurationError, ExitStatus, RunnerError
from instruments.clock import Deadline
from instruments.errors import InstrumentError
from instruments.types import Edge, Identity, PowerMonitor, Samples

OPEN_S = 20.0
ANSWER_S = 5.0
POWER_S = 10.0
EDGE_S = 2.0


@dataclass(frozen=True)
class Finding:
    """One step of the examination."""

    step: str
    ok: bool
    says: str


class Examination:
    """Runs the steps one after the other; a step that fails ends it, the supply goes off in any case."""

    def __init__(self, bench: Bench, told: Callable[[Finding], None]) -> None:
        self.bench = bench
        self.findings: list[Finding] = []
        self._told = told

    def run(self) -> bool:
        """Examine everything; return whether all is well."""
        bench = self.bench
        steps: list[tuple[str, Callable[[], str]]] = []
        if bench.io_manager is not None:
            steps.append(("IO manager answers", self._io_manager))
        if bench.monitor is not None:
            steps += [
                ("power monitor answers", self._monitor),
                ("power monitor takes its settings", self._configure),
                ("DUT boots", self._power_up),
            ]
        steps.append(("DUT says who it is", self._identify))
        if bench.monitor is not None:
            steps.append(("timestamp pin is seen", self._pulse))
        try:
            well = all(self._step(name, deed) for name, deed in steps)
        finally:
            off = bench.monitor is None or self._step("supply is off", self._off)
            self._close()
        return well and off

    def _step(self, name: str, deed: Callable[[], str]) -> bool:
        try:
            finding = Finding(name, True, deed())
        except (InstrumentError, RunnerError) as error:
            finding = Finding(name, False, " ".join(str(error).split()))
        self.findings.append(finding)
        self._told(finding)
        return finding.ok

    def _io_manager(self) -> str:
        io_manager = self.bench.io_manager
        if io_manager is None:
            return "none"
        io_manager.open(self._deadline(OPEN_S))
        identity = io_manager.identify(self._deadline(ANSWER_S))
        io_manager.enable_timestamps(self._deadline(ANSWER_S))
        return _who(identity)

    def _monitor(self) -> str:
        return _who(self._the_monitor().open(self._deadline(OPEN_S)))

    def _configure(self) -> str:
        if self.bench.settings is None:
            raise ConfigurationError("the bench file has no monitor settings")
        applied = self._the_monitor().configure(self.bench.settings, self._deadline(OPEN_S))
        return f"{applied.voltage_set_v:g} V, a sample every {applied.period_s * 1e6:g} µs"

    def _power_up(self) -> str:
        if self.bench.dut.port is not self.bench.io_manager:
            self.bench.dut.port.open(self._deadline(OPEN_S))
        self._the_monitor().power_on(self._deadline(POWER_S))
        boot = self.bench.dut.wait_for_boot(self._deadline(self.bench.spec.dut.boot_timeout_s))
        return f"firmware built for {boot.text('timestamp-mode') or 'an unknown'} mode"

    def _identify(self) -> str:
        if self.bench.monitor is None and self.bench.dut.port is not self.bench.io_manager:
            self.bench.dut.port.open(self._deadline(OPEN_S))
        identity = self.bench.dut.identify(self._deadline(ANSWER_S))
        return f"{identity.make}, model {identity.model}"

    def _pulse(self) -> str:
        """Let the DUT pulse once; see who notices."""
        monitor = self._the_monitor()
        seen: list[str] = []
        started = False
        if self.bench.io_manager is not None:
            self.bench.io_manager.poll()
            self.bench.io_manager.take_laps()  # the DUT pulses when it boots
        monitor.start(self._deadline(ANSWER_S))
        try:
            answer = self.bench.dut.timestamp(self._deadline(ANSWER_S))
            if any(type(heard.event).__name__ == "Lap" for heard in answer.heard):
                return "not examined: this is a performance build, which prints its timestamps"
            limit = self._deadline(EDGE_S)
            while not limit.expired():
                self.bench.clock.sleep(0.1)
                items = monitor.poll(self._deadline(ANSWER_S))
                seen += ["power monitor" for item in items if isinstance(item, Edge)]
                if monitor.capabilities.starts_on_edge and any(isinstance(item, Samples) for item in items):
                    started = True
                if self.bench.io_manager is not None:
                    self.bench.io_manager.poll()
                    seen += ["IO manager" for _ in self.bench.io_manager.take_laps()]
        finally:
            monitor.stop(self._deadline(POWER_S))
        if monitor.capabilities.starts_on_edge and not started:
            raise BenchFault(
                "the pulse did not start the power monitor's log; check the wire to its trigger input"
            )
        if started:
            seen.append("the power monitor's trigger input")
        if not seen:
            raise BenchFault("nobody saw the pulse; check the wire from the DUT's timestamp pin and the level shifter")
        surplus = next((who for who in set(seen) if seen.count(who) > 1), None)
        if surplus:
            raise BenchFault(f"the {surplus} saw {seen.count(surplus)} edges for one pulse; the pin bounces or rings")
        return "by " + " and ".join(sorted(set(seen)))

    def _off(self) -> str:
        self._the_monitor().power_off(self._deadline(POWER_S))
        return "confirmed by the power monitor"

    def _close(self) -> None:
        for box in (self.bench.monitor, self.bench.dut.port, self.bench.io_manager):
            if box is not None:
                box.close()

    def _the_monitor(self) -> PowerMonitor:
        if self.bench.monitor is None:
            raise ConfigurationError("the bench file has no [monitor]")
        return self.bench.monitor

    def _deadline(self, after_s: float) -> Deadline:
        return self.bench.clock.deadline(after_s)


def doctor_command(name: str, *, as_json: bool) -> int:
    """Examine a bench and say what is wrong with it."""
    spec = load_bench_spec(name)
    with claim_bench(spec, "bench doctor"):
        examination = Examination(open_bench(spec, "energy"), (lambda finding: None) if as_json else _tell)
        well = examination.run()
    if as_json:
        document = {"bench": spec.name, "well": well, "findings": [asdict(f) for f in examination.findings]}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("All is well.\n" if well else "Something is wrong; see above.\n")
    return ExitStatus.VALID if well else ExitStatus.BENCH_FAULT


def off_command(name: str) -> int:
    """Switch the supply off and confirm it."""
    spec = load_bench_spec(name)
    with claim_bench(spec, "bench off") as died:
        bench = open_bench(spec, "energy")
        if bench.monitor is None:
            raise ConfigurationError(f"bench '{spec.name}' has no [monitor]; there is no supply to switch off")
        try:
            identity = bench.monitor.open(bench.clock.deadline(OPEN_S))
            bench.monitor.power_off(bench.clock.deadline(POWER_S))
        finally:
            bench.monitor.close()
    if died is not None:
        sys.stdout.write(f"An earlier run had died: {died}\n")
    sys.stdout.write(f"The supply is off (confirmed by {_who(identity)}).\n")
    return ExitStatus.VALID


def _who(identity: Identity) -> str:
    parts = (identity.make, identity.model, identity.serial, identity.firmware)
    return " ".join(part for part in parts if part) + (" (virtual)" if identity.virtual else "")


def _tell(finding: Finding) -> None:
    sys.stdout.write(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.step}: {finding.says}\n")
    sys.stdout.flush()

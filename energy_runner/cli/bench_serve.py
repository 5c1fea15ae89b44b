"""`bench serve`: a virtual bench on pseudo-terminals and TCP ports, in real time."""

import sys
from dataclasses import dataclass
from pathlib import Path

from energy_runner.bench import load_bench_spec
from energy_runner.bench.opened import TWIN_PORTS, open_bench
from energy_runner.bench.spec import BenchSpec
from energy_runner.director.stop import StopRequest, stop_on_signals
from energy_runner.errors import ConfigurationError, ExitStatus
from instruments.clock import RealClock
from instruments.registry import drivers
from instruments.virtual.serve import serve_twin_bench


@dataclass(frozen=True)
class ServeOptions:
    """The options of `bench serve`, as the user gave them."""

    name: str
    write: Path | None = None
    benchmark: str = "kws01"
    mode: str = "energy"
    model: Path | None = None
    seed: int = 0
    tcp_port: int = 0
    seconds: float | None = None


def serve_command(options: ServeOptions) -> int:
    """Serve until Ctrl-C, or for a given time."""
    spec = load_bench_spec(options.name)
    if options.mode not in ("energy", "performance"):
        raise ConfigurationError(f"--mode {options.mode}: a firmware is built for energy or performance")
    if not spec.is_virtual or spec.monitor is None or spec.monitor.driver not in drivers():
        raise ConfigurationError(f"bench '{options.name}' has no twins that speak real bytes; it cannot be served")
    mode = "energy" if options.mode == "energy" else "performance"
    bench = open_bench(
        spec,
        "energy" if mode == "energy" else "performance",
        benchmark=options.benchmark,
        seed=options.seed,
        model=options.model,
    )
    if bench.twin is None:
        raise ConfigurationError(f"bench '{options.name}' is not virtual")
    clock = RealClock()
    scpi = drivers()[spec.monitor.driver].way == "scpi"
    server = serve_twin_bench(bench.twin, clock, scpi, options.tcp_port)
    try:
        addresses = {box: server.ends[port].address for box, port in TWIN_PORTS.items()}
        text = bench_file(spec, addresses, mode, bench.dut.port.name)
        if options.write is not None:
            options.write.write_text(text, "utf-8")
        _announce(options, addresses, text)
        stop = StopRequest()
        end = clock.deadline(options.seconds) if options.seconds is not None else None
        with stop_on_signals(stop):
            server.serve(lambda: stop.reason is not None or (end is not None and end.expired()))
    finally:
        server.close()
    return ExitStatus.VALID


def bench_file(spec: BenchSpec, addresses: dict[str, str], mode: str, way: str) -> str:
    """Return a bench file that points at the served ports."""
    monitor = spec.monitor
    if monitor is None:
        raise ConfigurationError(f"bench '{spec.name}' has no monitor")
    lines = [
        "# Written by `energy-runner bench serve`; valid while it runs.",
        f'name = "served-{spec.name}"',
        f'description = "{spec.description}, served in real time"',
        "",
        "[monitor]",
        f'driver = "{monitor.driver}"',
        f'port = "{addresses["monitor"]}"',
        f"voltage_v = {monitor.voltage_v}",
    ]
    if monitor.sample_rate_hz is not None:
        lines.append(f"sample_rate_hz = {monitor.sample_rate_hz}")
    if monitor.current_limit_a is not None:
        lines.append(f"current_limit_a = {monitor.current_limit_a}")
    lines += ["", "[io_manager]", f'port = "{addresses["io-manager"]}"', "", "[dut]"]
    if mode == "performance":
        lines += [f'port = "{addresses["dut"]}"', f"baud = {spec.dut.baud}"]
    return "\n".join(lines) + "\n"


def _announce(options: ServeOptions, addresses: dict[str, str], text: str) -> None:
    out = sys.stdout
    out.write(f"Serving {options.name} (virtual, {options.mode} firmware, runs {options.benchmark}).\n")
    for box, address in addresses.items():
        out.write(f"  {box:<11} {address}\n")
    if options.write is not None:
        out.write(f"Bench file: {options.write}\n")
    else:
        out.write(f"\n{text}\n")
    out.write("Ctrl-C ends it.\n")
    out.flush()

"""Serve a virtual bench on pseudo-terminals and TCP ports, in real time, for any program."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from energy_runner.api.benches import load_bench
from energy_runner.bench.opened import TWIN_PORTS, open_bench
from energy_runner.bench.spec import BenchSpec, Mode
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.director.stop import StopRequest, stop_on_signals
from energy_runner.errors import BenchFault, ConfigurationError
from instruments.clock import RealClock
from instruments.errors import Unavailable
from instruments.registry import drivers
from instruments.twin_bench.bench import TwinBench
from instruments.twin_bench.serve import TwinServer, serve_twin_bench

__all__ = ["serve"]


def serve(
    bench: BenchSpec | str | Path,
    mode: Mode = "energy",
    *,
    benchmark: str = "kws01",
    seed: int = 0,
    model: Path | None = None,
    tcp_port: int = 0,
    seconds: float | None = None,
    ready: Callable[[dict[str, str], str], None] = lambda addresses, text: None,
) -> None:
    """Serve a virtual bench in real time until Ctrl-C, or for `seconds`; to be called in the main thread.

    `benchmark` is what the virtual DUT runs, `mode` how its firmware is built, `tcp_port` where an SCPI monitor is
    served (0: any free port). `ready` is called with the address of each instrument and the text of a bench file
    that points at them. Raises `ConfigurationError` for a bench that cannot be served.
    """
    spec = bench if isinstance(bench, BenchSpec) else load_bench(bench)
    scpi = _speaks_scpi(spec, spec.name if isinstance(bench, BenchSpec) else str(bench), tcp_port)
    if mode not in ("energy", "performance"):
        raise ConfigurationError(f"--mode {mode}: a firmware is built for energy or performance")
    built = open_bench(spec, mode, benchmark=load_benchmark(benchmark).id, seed=seed, model=model)
    if built.twin is None:
        raise ConfigurationError(f"bench '{spec.name}' is not virtual")
    clock = RealClock()
    stop = StopRequest()
    with stop_on_signals(stop):
        server = _server(built.twin, clock, scpi, tcp_port)
        try:
            addresses = {box: server.ends[port].address for box, port in TWIN_PORTS.items()}
            ready(addresses, bench_file(spec, addresses, mode))
            end = clock.deadline(seconds) if seconds is not None else None
            server.serve(lambda: stop.reason is not None or (end is not None and end.expired()))
        finally:
            server.close()


def _speaks_scpi(spec: BenchSpec, bench: str, tcp_port: int) -> bool:
    """Return whether the monitor is served on TCP; raise `ConfigurationError` for what cannot be served."""
    if not spec.is_virtual:
        raise ConfigurationError(f"{bench} is a bench of real boxes; only a virtual one can be served")
    known = drivers()
    if spec.monitor is None or spec.monitor.driver not in known:
        raise ConfigurationError(
            f"bench '{bench}' cannot be served: its monitor speaks no bytes. Try: virtual-lpm01a or virtual-n6705c"
        )
    scpi = known[spec.monitor.driver].way == "scpi"
    if tcp_port and not scpi:
        raise ConfigurationError(
            f"--tcp-port {tcp_port}: {spec.monitor.driver} is served on a pseudo-terminal, not on TCP"
        )
    return scpi


def _server(twin: TwinBench, clock: RealClock, scpi: bool, tcp_port: int) -> TwinServer:
    try:
        return serve_twin_bench(twin, clock, scpi, tcp_port)
    except Unavailable as error:
        if not tcp_port:
            raise
        raise BenchFault(
            f"--tcp-port {tcp_port}: {error.came}. Try: another number, or 0 for any free port"
        ) from error


def bench_file(spec: BenchSpec, addresses: Mapping[str, str], mode: str) -> str:
    """Return a bench file that points at the served ports; all other keys are those of `spec`."""
    tables: dict[str, dict[str, Any]] = spec.model_dump(
        include={"monitor", "io_manager", "dut"}, exclude_none=True, exclude_defaults=True
    )
    tables.setdefault("dut", {})
    direct = spec.way("energy" if mode == "energy" else "performance") == "direct"
    for name, table in tables.items():
        if name == "dut" and not direct:
            table.pop("port", None)  # one way to the DUT is served and used, and this is through the IO manager
        else:
            table["port"] = addresses[name.replace("_", "-")]
    lines = [
        "# Written by `energy-runner bench serve`; valid while it runs.",
        f"name = {_toml(f'served-{spec.name}')}",
        f"description = {_toml(f'{spec.description}, served in real time')}",
    ]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{_key(key)} = {_toml(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _key(key: str) -> str:
    return key if re.fullmatch("[A-Za-z0-9_-]+", key) else _toml(key)


def _toml(value: Any) -> str:
    """Return a text, number, truth value or flat table as TOML; JSON's strings are TOML's but for one sign."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

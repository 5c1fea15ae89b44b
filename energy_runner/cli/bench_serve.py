"""`bench serve`: a virtual bench on pseudo-terminals and TCP ports, in real time."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from energy_runner.bench import load_bench_spec
from energy_runner.bench.build import build_bench
from energy_runner.bench.spec import BenchSpec
from energy_runner.bench.wiring import DUT_PORT, driver_of, instruments_of, wiring
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.cli.output import write
from energy_runner.director.stop import StopRequest, stop_on_signals
from energy_runner.errors import BenchFault, ConfigurationError, ExitStatus
from instruments.clock import RealClock
from instruments.errors import Unavailable
from instruments.twin_bench.bench import TwinBench
from instruments.twin_bench.serve import TwinServer, serve_twin_bench


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
    scpi = _speaks_scpi(spec, options)
    if options.mode not in ("energy", "performance"):
        raise ConfigurationError(f"--mode {options.mode}: a firmware is built for energy or performance")
    bench = build_bench(
        spec,
        "energy" if options.mode == "energy" else "performance",
        benchmark=load_benchmark(options.benchmark).id,
        seed=options.seed,
        model=options.model,
    )
    if bench.twin is None:
        raise ConfigurationError(f"bench '{options.name}' is not virtual")
    clock = RealClock()
    stop = StopRequest()
    with stop_on_signals(stop):
        server = _server(bench.twin, clock, scpi, options)
        try:
            addresses = {name: end.address for name, end in server.ends.items()}
            text = bench_file(spec, addresses, options.mode)
            if options.write is not None:
                _write_file(options.write, text)
            _announce(options, addresses, text)
            end = clock.deadline(options.seconds) if options.seconds is not None else None
            server.serve(lambda: stop.reason is not None or (end is not None and end.expired()))
        finally:
            server.close()
    return ExitStatus.VALID


def _speaks_scpi(spec: BenchSpec, options: ServeOptions) -> list[str]:
    """Return which instruments are served on TCP; raise `ConfigurationError` for what cannot be served."""
    if not spec.is_virtual:
        raise ConfigurationError(
            f"{options.name} is a bench of real instruments; only a virtual one can be served"
        )
    links = {name: driver_of(name, one).link for name, one in instruments_of(spec).items()}
    silent = [name for name, link in links.items() if link in ("none", "vendor")]
    if silent or not any(name != DUT_PORT for name in links):
        raise ConfigurationError(
            f"bench '{options.name}' cannot be served: its {silent[0] if silent else 'monitor'} speaks no bytes. "
            "Try: virtual-lpm01a or virtual-n6705c"
        )
    scpi = [name for name, link in links.items() if link == "scpi"]
    if options.tcp_port and not scpi:
        named = ", ".join(one.driver for name, one in instruments_of(spec).items() if name != DUT_PORT)
        raise ConfigurationError(f"--tcp-port {options.tcp_port}: served on pseudo-terminals, not on TCP: {named}")
    return scpi


def _server(twin: TwinBench, clock: RealClock, scpi: Sequence[str], options: ServeOptions) -> TwinServer:
    try:
        return serve_twin_bench(twin, clock, scpi, options.tcp_port)
    except Unavailable as error:
        if not options.tcp_port:
            raise
        raise BenchFault(
            f"--tcp-port {options.tcp_port}: {error.came}. Try: another number, or 0 for any free port"
        ) from error


def _write_file(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"--write {path}: cannot be written ({error.strerror}). Try: a folder that exists"
        ) from None


def bench_file(spec: BenchSpec, addresses: Mapping[str, str], mode: str) -> str:
    """Return a bench file that points at the served ports; all other keys are those of `spec`."""
    tables: dict[str, Any] = spec.model_dump(
        exclude={"name", "description", "virtual"}, exclude_none=True, exclude_defaults=True
    )
    tables.setdefault("dut", {})
    named = {"monitor": "monitor", "io_manager": "io-manager", "dut": DUT_PORT}
    for table, name in named.items():
        if table in tables:
            tables[table]["port"] = addresses.get(name, "")
    if wiring(spec, "energy" if mode == "energy" else "performance").dut.instrument != DUT_PORT:
        tables["dut"].pop("port", None)  # one route to the DUT is served and used, and this is through the relay
    for name, table in tables.pop("instruments", {}).items():
        tables[f"instruments.{_key(name)}"] = table | {"port": addresses[name]}
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


def _announce(options: ServeOptions, addresses: dict[str, str], text: str) -> None:
    told = f"Serving {options.name} (virtual, {options.mode} firmware, runs {options.benchmark}).\n"
    told += "".join(f"  {box:<11} {address}\n" for box, address in addresses.items())
    told += f"Bench file: {options.write}\n" if options.write is not None else f"\n{text}\n"
    write(told + "Ctrl-C ends it.\n")

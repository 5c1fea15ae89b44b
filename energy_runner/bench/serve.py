# SPDX-License-Identifier: Apache-2.0
"""Serve a virtual bench in real time, and write the bench file that points at what is served."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from energy_runner.bench.build import build_bench
from energy_runner.bench.spec import BenchSpec, Mode
from energy_runner.bench.wiring import DUT_PORT, driver_of, instruments_of, wiring
from energy_runner.errors import Argument, BenchFault, ConfigurationError
from instruments.clock import Clock
from instruments.errors import Unavailable
from instruments.twin_bench.bench import TwinBench
from instruments.twin_bench.serve import TwinServer, serve_twin_bench


@dataclass(frozen=True)
class ServedBench:
    """A served bench: `addresses` by instrument, `text` the bench file that a client may use."""

    server: TwinServer
    addresses: dict[str, str]
    text: str


@contextmanager
def serve_bench(
    spec: BenchSpec,
    mode: Mode,
    clock: Clock,
    *,
    benchmark: str = "kws01",
    seed: int = 0,
    model: Path | None = None,
    tcp_port: int = 0,
) -> Iterator[ServedBench]:
    """Put the twins of `spec` on pseudo-terminals and TCP ports (from `tcp_port` on; 0: any) while the body runs.

    `mode` is how the DUT's firmware is built, energy or performance. Raises `ConfigurationError` for a bench that
    cannot be served, `BenchFault` for a TCP port that is taken.
    """
    if mode == "accuracy":
        raise ConfigurationError(Argument("mode", "accuracy"), ": a firmware is built for energy or performance")
    scpi, streams = _on_tcp(spec, tcp_port)
    bench = build_bench(spec, mode, benchmark=benchmark, seed=seed, model=model)
    if bench.twin is None:
        raise ConfigurationError(f"bench '{spec.name}' is not virtual")
    server = _server(bench.twin, clock, scpi, tcp_port, streams)
    try:
        addresses = {name: end.address for name, end in server.ends.items()}
        others = "".join(f"# {name} speaks HiSLIP, too: {end.address}\n" for name, end in server.hislip.items())
        yield ServedBench(server, addresses, bench_file(spec, addresses, mode) + others)
    finally:
        server.close()


def bench_file(spec: BenchSpec, addresses: Mapping[str, str], mode: Mode) -> str:
    """Return a bench file that points at the served ports; all other keys are those of `spec`."""
    tables: dict[str, Any] = spec.model_dump(
        exclude={"name", "description", "virtual"}, exclude_none=True, exclude_defaults=True
    )
    tables.setdefault("dut", {})
    for table, name in {"monitor": "monitor", "io_manager": "io-manager", "dut": DUT_PORT}.items():
        if table in tables:
            tables[table]["port"] = addresses.get(name, "")
    if wiring(spec, mode).dut.instrument != DUT_PORT:
        tables["dut"].pop("port", None)  # only one route to the DUT is served: the one through the relay
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


def _on_tcp(spec: BenchSpec, tcp_port: int) -> tuple[list[str], list[str]]:
    """Return which instruments are served on TCP: those that speak SCPI, and streams that are connections.

    Raises `ConfigurationError` for what cannot be served.
    """
    if not spec.is_virtual:
        raise ConfigurationError(f"{spec.name} is a bench of real instruments; only a virtual one can be served")
    drivers = {name: driver_of(name, one) for name, one in instruments_of(spec).items()}
    links = {name: driver.link for name, driver in drivers.items()}
    silent = [name for name, link in links.items() if link in ("none", "vendor")]
    if silent or not any(name != DUT_PORT for name in links):
        name = silent[0] if silent else "monitor"
        library = links.get(name) == "vendor"
        why = "is reached through its vendor's library, not through a port" if library else "exchanges no bytes"
        raise ConfigurationError(
            f"bench '{spec.name}' cannot be served: its {name} {why}. Try: virtual-lpm01a or virtual-n6705c"
        )
    scpi = [name for name, link in links.items() if link == "scpi"]
    streams = [name for name, driver in drivers.items() if driver.on_tcp]
    if tcp_port and not (scpi or streams):
        named = ", ".join(one.driver for name, one in instruments_of(spec).items() if name != DUT_PORT)
        raise ConfigurationError(
            Argument("tcp_port", str(tcp_port)), f": served on pseudo-terminals, not on TCP: {named}"
        )
    return scpi, streams


def _server(
    twin: TwinBench, clock: Clock, scpi: Sequence[str], tcp_port: int, streams: Sequence[str]
) -> TwinServer:
    try:
        return serve_twin_bench(twin, clock, scpi, tcp_port, streams)
    except Unavailable as error:
        if not tcp_port:
            raise
        raise BenchFault(
            Argument("tcp_port", str(tcp_port)), f": {error.came}. Try: another number, or 0 for any free port"
        ) from error


def _key(key: str) -> str:
    return key if re.fullmatch("[A-Za-z0-9_-]+", key) else _toml(key)


def _toml(value: Any) -> str:
    """Return a string, number, boolean or flat table as TOML; JSON strings are TOML's except for one character."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

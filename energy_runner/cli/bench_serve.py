# SPDX-License-Identifier: Apache-2.0
"""`bench serve`: serve a virtual bench on pseudo-terminals and TCP ports, in real time."""

from dataclasses import dataclass
from pathlib import Path

from energy_runner import api
from energy_runner.bench import parse_mode
from energy_runner.cli.output import write
from energy_runner.errors import ConfigurationError, ExitStatus
from energy_runner.report.units import plain


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
    api.serve(
        options.name,
        parse_mode(options.mode),
        benchmark=options.benchmark,
        seed=options.seed,
        model=options.model,
        tcp_port=options.tcp_port,
        seconds=options.seconds,
        ready=lambda addresses, text: _announce(options, addresses, text),
    )
    return ExitStatus.VALID


def _announce(options: ServeOptions, addresses: dict[str, str], text: str) -> None:
    if options.write is not None:
        _write_file(options.write, text)
    shown = f"Serving {options.name} (virtual, {options.mode} firmware, runs {options.benchmark}).\n"
    shown += "".join(f"  {plain(name):<11} {plain(address)}\n" for name, address in addresses.items())
    shown += f"Bench file: {plain(options.write)}\n" if options.write is not None else f"\n{text}\n"
    write(shown + "Ctrl-C ends it.\n")


def _write_file(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"--write {path}: cannot be written ({error.strerror}). Try: a file in a folder that exists"
        ) from None

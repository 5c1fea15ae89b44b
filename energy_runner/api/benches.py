# SPDX-License-Identifier: Apache-2.0
"""Benches: load one, list them, show a bench file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from energy_runner.bench import Bench, BenchSpec, build_bench, built_in_names, load_bench_spec
from energy_runner.bench.load import bench_from_text
from energy_runner.bench.wiring import instruments_of, roles_of
from energy_runner.errors import ConfigurationError, in_words, remedy
from energy_runner.text_file import as_utf8, read_text
from energy_runner.toml_text import MOST_BYTES
from energy_runner.wording import printable

__all__ = ["Bench", "BenchRow", "BenchSpec", "bench_text", "list_benches", "load_bench", "save_bench"]

# A line that begins a table of a bench file; also a damaged one, without its closing bracket.
_TABLE = re.compile(
    rb"^[ \t]*\[[ \t]*(monitor|io_manager|dut|roles|supply|sampler|instruments[ \t]*\.)", re.MULTILINE
)


def load_bench(name_or_file: str | Path, *, changes: Mapping[str, Any] | None = None) -> BenchSpec:
    """Return the description of a built-in bench, or of one in a TOML file; nothing is opened.

    `changes` replaces single keys, as `energy-runner run --set` does: `{"monitor.voltage_v": 2.5}`. The result is
    checked like any bench file. Raises `ConfigurationError` for a bench that is unknown or has a mistake.
    """
    return load_bench_spec(str(name_or_file), changes or {})


@dataclass(frozen=True)
class BenchRow:
    """One bench of a list; if `problem` says what is wrong with a bench file, all but the name is None."""

    name: str
    description: str | None = None
    virtual: bool | None = None
    monitor: str | None = None
    problem: str | None = None


def list_benches(folder: str | Path = ".") -> list[BenchRow]:
    """Return the built-in benches and the bench files in `folder`, each faulty one with its mistake."""
    files = [str(path) for path in sorted(Path(folder).glob("*.toml"))]
    rows = [_row(name) for name in (*built_in_names(), *files)]
    return [row for row in rows if row is not None]


def bench_text(name_or_file: str | Path) -> str:
    """Return a bench file as text, as a start for your own; raise `ConfigurationError` if it cannot be used."""
    name = str(name_or_file)
    load_bench_spec(name)
    if name in built_in_names():
        return resources.files("energy_runner.bench").joinpath(f"builtin/{name}.toml").read_text("utf-8")
    return read_text(Path(name), MOST_BYTES)


def save_bench(name_or_file: str | Path, path: str | Path) -> Path:
    """Write a bench file as a start for your own: in UTF-8, whatever a shell would make of it.

    Raises `ConfigurationError` if `path` exists and is not empty, cannot be written, or would be another bench
    there, as one that names a calibration by its path from its own folder.
    """
    path, spec, text = Path(path), load_bench(name_or_file), bench_text(name_or_file)
    if bench_from_text(text, str(path), path.parent) != spec:
        raise ConfigurationError(
            f"{printable(str(path))}: would not be the same bench there. Try: beside {name_or_file}"
        )
    try:
        if path.is_file() and path.stat().st_size == 0:
            path.unlink()
        with path.open("xb") as file:
            file.write(text.encode("utf-8"))
    except FileExistsError:
        raise ConfigurationError(f"{printable(str(path))}: exists already. Try: another name") from None
    except OSError as error:
        raise ConfigurationError(
            f"{printable(str(path))}: cannot be written ({in_words(error)}){remedy(error)}"
        ) from None
    return path


def _row(name: str) -> BenchRow | None:
    try:
        spec = load_bench_spec(name)
        if not spec.is_virtual:  # building opens nothing, and it checks every key
            build_bench(spec, "energy" if "sampler" in roles_of(spec) else "performance")
    except ConfigurationError as error:
        # The user's folder may hold any TOML files; only those that are meant as benches are reported.
        if not _is_meant_as_bench(Path(name)):
            return None
        problem = str(error).removeprefix(f"{name}: ").removeprefix(f"{name}, ")  # the row already has the name
        return BenchRow(name, problem=problem.partition(". Try: ")[0])
    sampler = roles_of(spec).get("sampler")
    monitor = instruments_of(spec)[sampler.instrument].driver if sampler else None
    return BenchRow(name, spec.description, spec.is_virtual, monitor)


def _is_meant_as_bench(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _TABLE.search(as_utf8(file.read(MOST_BYTES)).replace(b"\r", b"\n")) is not None
    except OSError:
        return False

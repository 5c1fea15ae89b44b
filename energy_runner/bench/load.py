# SPDX-License-Identifier: Apache-2.0
"""Read bench files: built in or a user's own, with single keys replaced; a mistake is named with its line."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from energy_runner.bench.backend import check_backends
from energy_runner.bench.calibration import check_calibrations
from energy_runner.bench.calibration_spec import CalibrationSpec, PointSpec, SpecificationSpec, TermSpec
from energy_runner.bench.changes import changed, check_form, in_words
from energy_runner.bench.edge_delay import check_edge_delay
from energy_runner.bench.edge_delay_spec import EdgeDelaySpec, MeasuredDutSpec, MeasuredWithSpec
from energy_runner.bench.include import included
from energy_runner.bench.origin import Origin
from energy_runner.bench.spec import (
    BenchSpec,
    DutSpec,
    EnvironmentSpec,
    InstrumentSpec,
    IoManagerSpec,
    MonitorSpec,
    RailSpec,
    RolesSpec,
    SamplerSpec,
    SupplySpec,
    VirtualSpec,
)
from energy_runner.bench.wiring import WiringError, check_roles
from energy_runner.bench.words import line_of, meant, problem
from energy_runner.errors import ConfigurationError
from energy_runner.errors import in_words as in_plain_words
from energy_runner.text_file import TextError, read_text
from energy_runner.toml_text import MOST_BYTES, BoundsError, TomlSyntaxError, read_toml
from energy_runner.wording import printable, short_words, shown


def built_in_names() -> list[str]:
    """Return the names of the benches that come with the runner."""
    folder = resources.files("energy_runner.bench").joinpath("builtin")
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_bench_spec(name_or_file: str, changes: Mapping[str, Any] | None = None) -> BenchSpec:
    """Return the bench called so, or described by that file; raise `ConfigurationError` in one line.

    `changes` replaces single keys, `{"monitor.voltage_v": 2.5}`, before the table is checked.
    """
    names = built_in_names()
    if name_or_file in names:
        text = resources.files("energy_runner.bench").joinpath(f"builtin/{name_or_file}.toml").read_text("utf-8")
        return _parse(text, f"built-in bench {name_or_file}", changes or {}, Path())
    path = Path(name_or_file)
    if not os.path.isfile(path):  # noqa: PTH113 - unlike Path.is_file, it is false for a name that is too long
        raise ConfigurationError(_no_bench(path, name_or_file, names))
    try:
        text = read_text(path, MOST_BYTES)
    except (OSError, TextError) as error:
        raise ConfigurationError(printable(f"{path}: cannot be read as text ({in_plain_words(error)})")) from error
    return _parse(text, printable(str(path)), changes or {}, path.parent)


def _no_bench(path: Path, given: str, names: list[str]) -> str:
    """Return that there is no such bench, and which one may have been meant."""
    files: list[str] = []
    with suppress(OSError):
        if given and os.path.isdir(path):  # noqa: PTH112 - as above
            return f"bench '{shown(given, 200)}' is a folder. Try: a bench file in it"
        files = [str(one) for one in sorted(path.parent.glob("*.toml"))][:_MOST_FILES]
    near = meant(given[:100], files if path.suffix else [*names, *files])
    return (
        f"bench '{shown(given, 200)}' is neither a file nor a built-in bench{near} "
        f"(built in: {', '.join(names)}). Try: energy-runner bench list"
    )


def bench_from_text(text: str, where: str, folder: Path) -> BenchSpec:
    """Return the bench that a bench file in `folder` with this text would describe; raise `ConfigurationError`."""
    return _parse(text, printable(where), {}, folder)


_MOST_FILES = 200  # names of bench files that are compared with a misspelt one
_EXAMPLE = "Try: compare it with `energy-runner bench show virtual-lpm01a`"
_LONG_EXAMPLE = "Try: compare it with the example of [instruments.*] and [roles] in docs/reference/bench-file.md"
_TABLES: dict[str, type[BaseModel]] = {
    "monitor": MonitorSpec,
    "monitor.calibration": CalibrationSpec,
    "monitor.calibration.point.*": PointSpec,
    "monitor.specification": SpecificationSpec,
    "monitor.specification.term.*": TermSpec,
    "io_manager": IoManagerSpec,
    "instruments.*": InstrumentSpec,
    "instruments.*.calibration": CalibrationSpec,
    "instruments.*.calibration.point.*": PointSpec,
    "instruments.*.specification": SpecificationSpec,
    "instruments.*.specification.term.*": TermSpec,
    "roles": RolesSpec,
    "rails.*": RailSpec,
    "supply": SupplySpec,
    "sampler": SamplerSpec,
    "dut": DutSpec,
    "environment": EnvironmentSpec,
    "edge_delay": EdgeDelaySpec,
    "edge_delay.sampler": MeasuredWithSpec,
    "edge_delay.edges": MeasuredWithSpec,
    "edge_delay.dut": MeasuredDutSpec,
    "virtual": VirtualSpec,
}


def _parse(text: str, where: str, changes: Mapping[str, Any], folder: Path) -> BenchSpec:
    try:
        table = read_toml(text)
    except TomlSyntaxError as error:
        raise ConfigurationError(f"{error.of(where)}. {_EXAMPLE}") from error
    except BoundsError as error:
        line = line_of(text, error.place)
        raise ConfigurationError(f"{_at(where, line)}: not a bench file: {error}. {_EXAMPLE}") from error
    if not text.strip():
        raise ConfigurationError(
            f"{where}: the file is empty. Try: energy-runner bench show virtual-lpm01a --out FILE"
        )
    if {"axes", "name"} <= table.keys():
        raise ConfigurationError(
            f"{where}: this is the plan of a sweep, no bench file. Try: energy-runner sweep run PLAN --bench BENCH"
        )
    check_form(table, changes)
    own, table = table, changed(table, changes)
    origin = Origin(where, text, changed=tuple(changes), remark=in_words(changes))
    check_backends(own, changes, origin)
    table, files = included(table, folder, origin)
    origin = replace(origin, included=files)
    try:
        spec = BenchSpec.model_validate(table)
    except ValidationError as error:
        found = error.errors(include_url=False)
        # A misspelt key is reported before the one that is missing because of it.
        found.sort(key=lambda one: one["type"] != "extra_forbidden")
        problems = [problem(one, _TABLES, BenchSpec) for one in found]
        different = list(dict.fromkeys(problems))  # a value of a wrong type is reported once for each allowed type
        more = f" (and {len(different) - 1} more)" if len(different) > 1 else ""
        context = found[0].get("ctx", {})
        place = context["place"].split(".") if "place" in context else [str(part) for part in found[0]["loc"]]
        example = "" if "place" in context else f". {_LONG_EXAMPLE if _is_long(table) else _EXAMPLE}"
        raise ConfigurationError(f"{origin.at(place)}: {short_words(different[0])}{more}{example}") from error
    try:
        check_roles(spec)
        check_calibrations(spec)
        check_edge_delay(spec)
    except WiringError as error:
        raise ConfigurationError(f"{origin.at(error.place, error.also)}: {short_words(str(error))}") from error
    return spec.came_from(origin)


def _is_long(table: Mapping[str, Any]) -> bool:
    return "instruments" in table or "roles" in table


def _at(where: str, line: int | None) -> str:
    return f"{where}, line {line}" if line is not None else where

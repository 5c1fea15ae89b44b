# SPDX-License-Identifier: Apache-2.0
"""The benchmarks that can be run: one TOML file each in `definitions/`, checked and turned into objects."""

import difflib
import tomllib
from functools import cache
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from energy_runner.errors import ConfigurationError


class _Definition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunDefaults(_Definition):
    """How a run of the benchmark is planned by default."""

    windows: int = Field(ge=1)
    min_window_s: float = Field(gt=0)
    min_inferences: int = Field(ge=1)
    warmups: int = Field(ge=0)


class Benchmark(_Definition):
    """One benchmark: its inputs, its expected outputs and its target.

    `target` is in percent for `top1` and a fraction for `auc`. `stride_bytes` is set where a stimulus is a
    window of `input_bytes` that slides over a longer file. `folders` are the names under which its stimuli
    are looked for, best first. A `demo` benchmark is this project's own: its network and some stimuli come with
    the package, and no suite knows it.
    """

    id: str
    task: str
    model_string: str
    input_bytes: int = Field(gt=0)
    input_format: str
    classes: int = Field(gt=1)
    class_names: tuple[str, ...]
    outputs: int = Field(gt=0)
    labels_file: str
    stimuli: int = Field(gt=0)
    folders: tuple[str, ...]
    metric: Literal["top1", "auc"]
    target: float
    stride_bytes: int | None = Field(default=None, gt=0)
    sources: tuple[str, ...]
    run: RunDefaults
    demo: bool = False

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "Benchmark":
        if len(self.class_names) != self.classes:
            raise ValueError(f"{self.id}: {self.classes} classes, but {len(self.class_names)} names")
        return self


@cache
def _all() -> dict[str, Benchmark]:
    folder = resources.files("energy_runner.benchmarks").joinpath("definitions")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda file: file.name)
    loaded = [Benchmark.model_validate(tomllib.loads(f.read_text(encoding="utf-8"))) for f in files]
    return {benchmark.id: benchmark for benchmark in loaded}


def list_benchmarks() -> list[Benchmark]:
    """Return all benchmarks, by id."""
    return list(_all().values())


def is_demo(benchmark_id: str) -> bool:
    """Return whether `benchmark_id` is one of this project's own benchmarks."""
    known = _all().get(benchmark_id)
    return known is not None and known.demo


def load_benchmark(benchmark_id: str) -> Benchmark:
    """Return the benchmark called `benchmark_id`.

    Raises `ConfigurationError` for an unknown one; the message names the nearest and all known ones.
    """
    known = _all()
    if benchmark_id in known:
        return known[benchmark_id]
    near = difflib.get_close_matches(benchmark_id.lower(), known, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    raise ConfigurationError(f"unknown benchmark {benchmark_id!r}{hint} (known: {', '.join(known)})")

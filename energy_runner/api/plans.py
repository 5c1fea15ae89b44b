# SPDX-License-Identifier: Apache-2.0
"""Plans: what a run will do, with everything checked that can be checked before anything is switched on."""

from os import PathLike
from pathlib import Path

from energy_runner.benchmarks.catalogue import Benchmark, load_benchmark
from energy_runner.benchmarks.catalogue import list_benchmarks as every_benchmark
from energy_runner.benchmarks.places import default_stimuli
from energy_runner.benchmarks.stimuli import find_stimuli
from energy_runner.director.plan import RunPlan, plan_run
from energy_runner.director.plan_checks import checked

__all__ = ["Benchmark", "RunPlan", "list_benchmarks", "plan"]


def plan(
    benchmark: str,
    mode: str = "energy",
    *,
    stimuli: str | PathLike[str] | None = None,
    inferences: int | None = None,
    warmups: int | None = None,
    read_back: bool = True,
    seed: int = 0,
    limit: int | None = None,
) -> RunPlan:
    """Return a plan: which benchmark, which stimuli, how many inferences (None: a short trial finds out).

    `mode` is "energy", "performance" or "accuracy"; `limit` takes only the first files of an accuracy run.
    Without `stimuli` they are those that come with a demo benchmark, or that `fetch_stimuli` has brought. Raises
    `ConfigurationError` for an unknown benchmark, a value that no run can have, and stimuli that are missing or do
    not fit.
    """
    options = checked(
        {
            "mode": mode,
            "inferences": inferences,
            "warmups": warmups,
            "read_back": read_back,
            "seed": seed,
            "limit": limit,
        }
    )
    definition = load_benchmark(benchmark)
    folder = default_stimuli(definition) if stimuli is None else Path(stimuli)
    return plan_run(definition, folder=find_stimuli(folder, definition), **options)


def list_benchmarks() -> list[Benchmark]:
    """Return the benchmarks that can be run, by id."""
    return every_benchmark()

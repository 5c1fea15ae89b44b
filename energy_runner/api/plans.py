# SPDX-License-Identifier: Apache-2.0
"""Plans: what a run will do, checked as far as possible before anything is switched on."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from energy_runner.benchmarks.catalogue import Benchmark, load_benchmark
from energy_runner.benchmarks.catalogue import list_benchmarks as every_benchmark
from energy_runner.benchmarks.places import default_stimuli
from energy_runner.benchmarks.stimuli import find_stimuli
from energy_runner.director.plan import RunPlan, plan_run
from energy_runner.director.plan_checks import checked
from energy_runner.director.preparation import prepared
from energy_runner.errors import ConfigurationError

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
    wait_temperature_c: Sequence[float] | None = None,
    wait_temperature_s: float | None = None,
    commands: Sequence[str] = (),
    flash: str | None = None,
    image: str | PathLike[str] | None = None,
    flash_timeout_s: float | None = None,
    cool_down_s: float | None = None,
    settle_s: float | None = None,
    settle_v: float | None = None,
    settle_share: float | None = None,
    settle_timeout_s: float | None = None,
) -> RunPlan:
    """Return a plan: the benchmark, the stimuli, and the inferences per window (None: found by a short trial).

    `mode` is "energy", "performance" or "accuracy"; `limit` restricts an accuracy run to the first files. With
    `wait_temperature_c`, the lowest and the highest temperature in °C, the run waits for the bench's thermometer
    before it switches the DUT on, and gives up after `wait_temperature_s` seconds (an hour by default). The DUT is
    sent `commands`, such as "clock 80000000", before its first stimulus, and has to answer each of them.
    `flash` is a program that flashes the DUT first, with its arguments: "openocd ... {image}", where {image}
    stands for the file `image`. It has to end with status 0 within `flash_timeout_s` seconds (two minutes by
    default).

    With `cool_down_s` the DUT is without power for so many seconds before it is switched on to be measured. With
    `settle_s` the run waits after that until the voltage that the supply measures has been for so many seconds
    within `settle_v` volt of the set one, or within `settle_share` of it, and gives up after `settle_timeout_s`
    seconds (a minute by default).

    The default `stimuli` are those that come with a demo benchmark, or that `fetch_stimuli` has fetched. Raises
    `ConfigurationError` for an unknown benchmark, for impossible values, and for stimuli that are missing or do
    not fit.
    """
    if not isinstance(benchmark, str):
        raise ConfigurationError(
            f"plan needs the id of a benchmark, not {type(benchmark).__name__}. Try: er.plan('demo-keywords')"
        )
    options = checked(
        {
            "mode": mode,
            "inferences": inferences,
            "warmups": warmups,
            "read_back": read_back,
            "seed": seed,
            "limit": limit,
            "wait_temperature_c": wait_temperature_c,
            "wait_temperature_s": wait_temperature_s,
        }
    )
    preparation = prepared(
        commands=commands,
        flash=flash,
        image=image,
        flash_timeout_s=flash_timeout_s,
        cool_down_s=cool_down_s,
        settle_s=settle_s,
        settle_v=settle_v,
        settle_share=settle_share,
        settle_timeout_s=settle_timeout_s,
    )
    definition = load_benchmark(benchmark)
    folder = default_stimuli(definition) if stimuli is None else Path(stimuli)
    return plan_run(definition, folder=find_stimuli(folder, definition), preparation=preparation, **options)


def list_benchmarks() -> list[Benchmark]:
    """Return the benchmarks that can be run, by id."""
    return every_benchmark()

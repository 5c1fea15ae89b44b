# SPDX-License-Identifier: Apache-2.0
"""A small benchmark and short plans: a whole run takes milliseconds and can be repeated a thousand times."""

from pathlib import Path

from energy_runner.bench import Bench, build_bench, load_bench_spec
from energy_runner.bench.build import Wrap
from energy_runner.bench.spec import Mode
from energy_runner.benchmarks.catalogue import Benchmark, load_benchmark
from energy_runner.benchmarks.stimuli import StimulusFolder, find_stimuli
from energy_runner.director.plan import RunPlan, plan_run

INPUT_BYTES = 52
# Supply, sampler, edges and the DUT's UART, each in an instrument of its own.
FOUR_INSTRUMENTS = str(Path(__file__).parent / "benches" / "own-port.toml")


def small_benchmark(windows: int = 2) -> Benchmark:
    """kws01 with inputs of 52 bytes (two `db` commands) and windows of half a second."""
    whole = load_benchmark("kws01")
    rules = whole.run.model_copy(update={"windows": windows, "warmups": 0, "min_window_s": 0.5})
    return whole.model_copy(update={"input_bytes": INPUT_BYTES, "run": rules})


def small_stimuli(folder: Path, benchmark: Benchmark, count: int = 5) -> StimulusFolder:
    """Write `count` stimuli into `folder`."""
    for number in range(count):
        (folder / f"s{number}.bin").write_bytes(bytes((number + i) % 256 for i in range(benchmark.input_bytes)))
    lines = [f"s{number}.bin,{benchmark.classes},{number % benchmark.classes}\n" for number in range(count)]
    (folder / benchmark.labels_file).write_text("".join(lines), "utf-8")
    return find_stimuli(folder, benchmark)


def small_plan(folder: Path, mode: Mode = "energy", *, inferences: int | None = 12, seed: int = 0) -> RunPlan:
    """Return a plan of two short windows."""
    benchmark = small_benchmark()
    folder.mkdir(exist_ok=True)
    return plan_run(
        benchmark, mode, small_stimuli(folder, benchmark), inferences=inferences, seed=seed, read_back=True
    )


def twin_bench(name: str, mode: Mode = "energy", *, seed: int = 0, wrap: Wrap | None = None) -> Bench:
    """Return a virtual bench, built in or in a file."""
    spec = load_bench_spec(name)
    return build_bench(spec, mode, seed=seed) if wrap is None else build_bench(spec, mode, seed=seed, wrap=wrap)

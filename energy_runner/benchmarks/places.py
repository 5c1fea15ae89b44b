# SPDX-License-Identifier: Apache-2.0
"""Find stimuli and networks if the user names none: in the package, or where they were fetched."""

from pathlib import Path

from platformdirs import user_data_path

from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.errors import Argument, Call, ConfigurationError

_DEMO_DATA = Path(__file__).parent / "demo_data"


def fetched_folder(benchmark: Benchmark) -> Path:
    """Return the folder into which `stimuli fetch` puts a benchmark's stimuli by default."""
    return user_data_path("energy-runner") / "stimuli" / benchmark.id


def default_stimuli(benchmark: Benchmark) -> Path:
    """Return the folder of a benchmark's stimuli; raise `ConfigurationError` if there are none yet."""
    folder = _DEMO_DATA / benchmark.id if benchmark.demo else fetched_folder(benchmark)
    if (folder / benchmark.labels_file).is_file():
        return folder
    raise ConfigurationError(
        f"no stimuli of {benchmark.id} were given, and none are in {folder}. Try: ",
        Argument("stimuli", "DIR"),
        "; ",
        Call(f"er.fetch_stimuli({benchmark.id!r}, URL)", f"energy-runner stimuli fetch {benchmark.id} --from URL"),
        "; or a demo benchmark such as demo-keywords",
    )


def packaged_network(benchmark: Benchmark) -> Path | None:
    """Return the network that comes with a demo benchmark; None for others, whose networks are not ours."""
    return _DEMO_DATA / benchmark.id / f"{benchmark.id}.tflite" if benchmark.demo else None

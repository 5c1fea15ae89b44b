# SPDX-License-Identifier: Apache-2.0
"""Stimuli: fetch those of a benchmark to where runs look for them, and check that the set is complete."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.benchmarks.download import LONGEST_S, Limits
from energy_runner.benchmarks.fetch import Fetched, Progress, fetch
from energy_runner.benchmarks.places import default_stimuli
from energy_runner.benchmarks.stimuli import find_stimuli
from instruments.clock import RealClock

__all__ = ["Fetched", "StimuliFound", "fetch_stimuli", "look_for_stimuli"]


@dataclass(frozen=True)
class StimuliFound:
    """The stimuli of a benchmark in a folder.

    `stimuli` is how many its label file lists, `whole_set` how many there should be; `missing` are listed files
    that are not there.
    """

    benchmark: str
    folder: Path
    stimuli: int
    whole_set: int
    missing: tuple[str, ...]


def fetch_stimuli(
    benchmark: str,
    source: str,
    out: str | PathLike[str] | None = None,
    *,
    progress: Progress = lambda done, total: None,
) -> Fetched:
    """Fetch a benchmark's stimuli from a folder or archive, local or on the web, to where runs look for them.

    `out` is another folder for them. `progress` is called with the number of files that are there and their total.
    A fetch from the web ends after an hour; another one continues with what is missing.
    Raises `ConfigurationError` for a source that cannot be used, `BenchFault` if a file cannot be written.
    """
    folder = Path(out) if out is not None else None
    limits = Limits(remaining_s=RealClock().deadline(LONGEST_S).remaining_s)
    return fetch(load_benchmark(benchmark), source, folder, progress=progress, limits=limits)


def look_for_stimuli(benchmark: str, folder: str | PathLike[str] | None = None) -> StimuliFound:
    """Return where a benchmark's stimuli are (or those in `folder`) and which are missing.

    Raises `ConfigurationError` if there are none.
    """
    definition = load_benchmark(benchmark)
    found = find_stimuli(Path(folder) if folder is not None else default_stimuli(definition), definition)
    missing = tuple(label.file for label in found.labels if not (found.path / label.file).is_file())
    return StimuliFound(definition.id, found.path, len(found.labels), definition.stimuli, missing)

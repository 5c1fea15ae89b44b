# SPDX-License-Identifier: Apache-2.0
"""Fetch and check a benchmark's stimuli into the folder where runs look for them; existing files are kept."""

import hashlib
import tomllib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.benchmarks.download import Limits
from energy_runner.benchmarks.labels import Label, read_labels
from energy_runner.benchmarks.places import fetched_folder
from energy_runner.benchmarks.sources import Source, open_source
from energy_runner.errors import Argument, BenchFault, ConfigurationError

MOST_LABEL_BYTES = 16 << 20
MOST_RECORDING_BYTES = 64 << 20  # of a file over which a window slides
_COMING = ".coming"  # appended to the name of a file that is not complete or not checked yet

_USUAL = Limits()

Progress = Callable[[int, int], None]  # called with the number of files done, and of all files


@dataclass(frozen=True)
class Fetched:
    """The outcome of `fetch`: where the stimuli are, how many were fetched or existed, and what is pinned."""

    folder: Path
    stimuli: int
    came: int
    were_there: int
    labels_pinned: bool
    stimuli_pinned: bool


@cache
def _pins() -> dict[str, dict[str, str]]:
    text = resources.files("energy_runner.benchmarks").joinpath("pins.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def labels_pin(benchmark_id: str) -> str | None:
    """Return the SHA-256 of a benchmark's official label file; None where it is not known."""
    return _pins().get(benchmark_id, {}).get("labels")


def fetch(
    benchmark: Benchmark,
    where: str,
    out: Path | None = None,
    *,
    progress: Progress = lambda done, total: None,
    limits: Limits = _USUAL,
) -> Fetched:
    """Fetch the stimuli of `benchmark` from a URL, a folder or an archive into `out`.

    The label file gets its name last: a folder that has one is complete. A second call continues where the first
    one ended; `limits` are those of a source on the web. Raises `ConfigurationError` for a source that cannot be
    used, `BenchFault` if `out` cannot be written.
    """
    folder = out if out is not None else fetched_folder(benchmark)
    pins = _pins().get(benchmark.id, {})
    coming = folder / (benchmark.labels_file + _COMING)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open_source(where, benchmark.labels_file, limits) as source:
            labels = _labels(benchmark, source, where, folder, pins.get("labels"))
            came = _files(benchmark, source, folder, labels, where=where, progress=progress)
        _check_all(benchmark, folder, labels, pins.get("stimuli"))
        coming.replace(folder / benchmark.labels_file)
    except OSError as error:
        raise BenchFault(f"{folder}: cannot be written ({error.strerror or error})") from error
    finally:
        _removed(coming)
    return Fetched(folder, len(labels), came, len(labels) - came, "labels" in pins, "stimuli" in pins)


def _labels(benchmark: Benchmark, source: Source, where: str, folder: Path, pin: str | None) -> list[Label]:
    data = source.read(benchmark.labels_file, MOST_LABEL_BYTES)
    if len(data) > MOST_LABEL_BYTES:
        raise ConfigurationError(f"{where}: more than {MOST_LABEL_BYTES} bytes are not a label file")
    got = hashlib.sha256(data).hexdigest()
    if pin is not None and got != pin:
        raise ConfigurationError(
            f"{where}: its {benchmark.labels_file} is not the official one of {benchmark.id} "
            f"(SHA-256 {got[:16]}…, not {pin[:16]}…). Try: another source; stimuli of your own need no "
            "fetching, ",
            Argument("stimuli", "DIR"),
            " of a run uses them where they are",
        )
    coming = folder / (benchmark.labels_file + _COMING)
    coming.write_bytes(data)
    return read_labels(coming, benchmark)


def _files(
    benchmark: Benchmark, source: Source, folder: Path, labels: list[Label], *, where: str, progress: Progress
) -> int:
    """Fetch the missing files; return how many there were."""
    came = 0
    for number, label in enumerate(labels):
        progress(number, len(labels))
        path = folder / label.file
        if path.is_file() and _fits(benchmark, path.stat().st_size):
            continue
        most = benchmark.input_bytes if benchmark.stride_bytes is None else MOST_RECORDING_BYTES
        data = source.read(label.file, most)
        if not _fits(benchmark, len(data)) or len(data) > most:
            more = "more than " if len(data) > most else ""
            raise ConfigurationError(
                f"{where}: {label.file} has {more}{min(len(data), most)} bytes, but an input of {benchmark.id} "
                f"has {benchmark.input_bytes}. Try: the stimuli of {benchmark.id}"
            )
        temporary = path.with_name(f".{path.name}{_COMING}")
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        finally:
            _removed(temporary)
        came += 1
    progress(len(labels), len(labels))
    return came


def _removed(partial: Path) -> None:
    """Remove what is left of a file that did not get its name, such as on a full disk."""
    with suppress(OSError):
        partial.unlink(missing_ok=True)


def _fits(benchmark: Benchmark, size: int) -> bool:
    return size == benchmark.input_bytes if benchmark.stride_bytes is None else size >= benchmark.input_bytes


def _check_all(benchmark: Benchmark, folder: Path, labels: list[Label], pin: str | None) -> None:
    if pin is not None and digest_of(folder, labels) != pin:
        raise ConfigurationError(
            f"{folder}: these are not the official stimuli of {benchmark.id}, or some are damaged. "
            "Try: remove the folder and fetch again, from another source if that does not help"
        )


def digest_of(folder: Path, labels: list[Label]) -> str:
    """Return the SHA-256 over names and SHA-256 of all stimuli, in order of their names, as `pins.toml` has it."""
    lines = (f"{one.file} {hashlib.sha256((folder / one.file).read_bytes()).hexdigest()}\n" for one in labels)
    return hashlib.sha256("".join(sorted(lines)).encode()).hexdigest()

# SPDX-License-Identifier: Apache-2.0
"""Find the stimuli of a benchmark on disk; check them first, and read their bytes only when needed."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.benchmarks.labels import Label, read_labels
from energy_runner.errors import Argument, ConfigurationError
from energy_runner.wording import shown


@dataclass(frozen=True)
class Stimulus:
    """One input file with its label; `size` is the file's size in bytes, as found when it was checked."""

    benchmark: Benchmark
    path: Path
    file: str
    label: int
    size: int

    @cached_property
    def data(self) -> bytes:
        """Return the whole file; raises `ConfigurationError` if it changed since it was checked."""
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise ConfigurationError(f"{self.path}: cannot be read ({error.strerror or error})") from None
        if len(data) != self.size:
            raise ConfigurationError(f"{self.path}: changed from {self.size} to {len(data)} bytes. Try again")
        return data

    @cached_property
    def sha256(self) -> str:
        """Return the SHA-256 of the whole file, as hexadecimal digits."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def offsets(self) -> range:
        """Return the byte offsets at which inputs begin: one, or one for each sliding window."""
        stride = self.benchmark.stride_bytes
        if stride is None:
            return range(1)
        return range(0, self.size - self.benchmark.input_bytes + 1, stride)

    def input_at(self, offset: int = 0) -> bytes:
        """Return the bytes to load into the DUT; energy and performance runs use `offset` 0 only."""
        if offset not in self.offsets:
            raise ConfigurationError(f"{self.path}: no input begins at byte {offset}")
        return self.data[offset : offset + self.benchmark.input_bytes]

    def windows(self) -> Iterator[tuple[int, bytes]]:
        """Return each (offset, input) of the file in order, as an accuracy run needs them."""
        return ((offset, self.input_at(offset)) for offset in self.offsets)


@dataclass(frozen=True)
class StimulusFolder:
    """A folder that holds a benchmark's label file and stimuli; `labels_sha256` is that of the label file."""

    path: Path
    benchmark: Benchmark
    labels: tuple[Label, ...]
    labels_sha256: str = ""

    def first(self, count: int) -> list[Stimulus]:
        """Return the first `count` stimuli of the label file, each checked; the others need not exist.

        Raises `ConfigurationError` naming the first file that is missing, too short or not inside the folder.
        """
        if len(self.labels) < count:
            raise ConfigurationError(
                f"{self.path / self.benchmark.labels_file}: lists {len(self.labels)} stimuli, not {count}. "
                f"Try the full label file of {self.benchmark.id} ({self.benchmark.stimuli} stimuli)"
            )
        return [self._check(label) for label in self.labels[:count]]

    def all(self) -> list[Stimulus]:
        """Return every stimulus of the label file, each checked."""
        return self.first(len(self.labels))

    def _check(self, label: Label) -> Stimulus:
        path = self.path / label.file
        try:
            return Stimulus(self.benchmark, path, label.file, label.label, self._checked_size(path))
        except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError before Python 3.13
            raise ConfigurationError(f"{path}: cannot be read ({error})") from None

    def _checked_size(self, path: Path) -> int:
        benchmark = self.benchmark
        if not path.resolve().is_relative_to(self.path.resolve()):
            raise ConfigurationError(f"{path}: is a link that leaves the stimuli folder. Try a copy of the file")
        if not path.is_file():
            raise ConfigurationError(
                f"{path}: no such file, but {benchmark.labels_file} lists it. Try ",
                Argument("stimuli", "DIR"),
                f" with the complete stimuli of {benchmark.id}",
            )
        size = path.stat().st_size
        sliding = benchmark.stride_bytes is not None
        if size < benchmark.input_bytes or (size > benchmark.input_bytes and not sliding):
            wanted = f"{'at least ' if sliding else ''}{benchmark.input_bytes} bytes"
            raise ConfigurationError(
                f"{path}: {size} bytes, but a stimulus of {benchmark.id} has {wanted}. "
                f"Try the stimuli of {benchmark.id} ({benchmark.input_format})"
            )
        return size


def find_stimuli(root: Path, benchmark: Benchmark) -> StimulusFolder:
    """Return the folder of `benchmark`'s stimuli: one of its own folders below `root`, or `root` itself.

    Raises `ConfigurationError` if there is no label file, or one that does not fit the benchmark.
    """
    try:
        file = _label_file(root, benchmark)
    except OSError as error:
        raise ConfigurationError(f"{root}: cannot be read ({error.strerror or error})") from None
    labels = tuple(read_labels(file, benchmark))
    return StimulusFolder(file.parent, benchmark, labels, hashlib.sha256(file.read_bytes()).hexdigest())


def _almost(root: Path, benchmark: Benchmark) -> str:
    """Return which file of the folder may be the label file under another name; "" for none.

    Windows hides the end of a name, so that an editor's `y_labels.csv.txt` looks like `y_labels.csv`.
    """
    wanted = benchmark.labels_file.lower()
    stem = wanted.partition(".")[0]
    for name in sorted(path.name for path in root.iterdir() if path.is_file())[:1000]:
        if name.lower().startswith(stem) and name != benchmark.labels_file:
            return f", but {shown(name)}: rename it if that is the one"
    return ""


def _label_file(root: Path, benchmark: Benchmark) -> Path:
    if not root.is_dir():
        raise ConfigurationError(
            f"{root}: no such folder. Try ", Argument("stimuli", "DIR"), f" with the stimuli of {benchmark.id}"
        )
    for folder in (*(root / name for name in benchmark.folders), root):
        file = folder / benchmark.labels_file
        if file.is_file():
            return file
    raise ConfigurationError(
        f"{root}: holds no {benchmark.labels_file}, nor does {root / benchmark.folders[0]}"
        f"{_almost(root, benchmark)}. Try ",
        Argument("stimuli", "DIR"),
        f" with the stimuli of {benchmark.id}",
    )

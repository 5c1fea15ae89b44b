# SPDX-License-Identifier: Apache-2.0
"""Which stimuli are a benchmark's own: pinned hashes decide, file by file, whatever a folder is called.

`<benchmark>.txt` has a line for each file of the official label file: the beginning of a hash of its name and
class, and of a hash of its name and content, or `-` where the content is not known here. So any part of a
set can be judged (five windows, the first hundred files), and no line holds a name, a class or a byte of other
people's data.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

Status = Literal["official", "demonstration", "unofficial", "unknown"]

DIGITS = 16  # hexadecimal, of SHA-256: chance does not meet them, and a table stays small
_UNKNOWN = "-"
_SAME_AS = {"ic02": "ic01"}  # whose stimuli ic02 is run with


@dataclass(frozen=True)
class Pins:
    """The hashes of one set; `contents` is empty where they are not known."""

    classes: frozenset[str]
    contents: frozenset[str]
    demonstration: bool

    def status(self, file: str, label: int, sha256: str) -> Status:
        """Return whether a file of this name, class and content belongs to the set."""
        if class_pin(file, label) not in self.classes:
            return "unofficial"
        if not self.contents:
            return "unknown"
        if content_pin(file, sha256) not in self.contents:
            return "unofficial"
        return "demonstration" if self.demonstration else "official"


@cache
def pins_of(benchmark_id: str) -> Pins | None:
    """Return the pinned hashes of a benchmark's stimuli; None if there are none."""
    name = _SAME_AS.get(benchmark_id, benchmark_id)
    file = resources.files("energy_runner.benchmarks.official").joinpath(f"{name}.txt")
    if not name.replace("-", "").isalnum() or not file.is_file():
        return None
    lines = [line.split() for line in file.read_text("utf-8").splitlines() if not line.startswith("#")]
    contents = frozenset(content for _, content in lines if content != _UNKNOWN)
    return Pins(frozenset(named for named, _ in lines), contents, demonstration=name.startswith("demo-"))


def class_pin(file: str, label: int) -> str:
    """Return the pin of a file's name and class."""
    return _hash(f"{file} {label}\n")


def content_pin(file: str, sha256: str) -> str:
    """Return the pin of a file's name and content, given as its SHA-256 in hexadecimal digits."""
    return _hash(f"{file} {sha256.lower()}\n")


def pin_lines(files: Iterable[tuple[str, int, str | None]]) -> list[str]:
    """Return the lines of a table for files with their name, class and SHA-256 (None: not known), sorted."""
    return sorted(
        f"{class_pin(file, label)} {content_pin(file, sha256) if sha256 else _UNKNOWN}"
        for file, label, sha256 in files
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]

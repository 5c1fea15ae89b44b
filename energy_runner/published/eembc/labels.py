# SPDX-License-Identifier: Apache-2.0
"""The true class of a published stimulus: from a label file, from its name, or from its place in the list.

Logs of the EEMBC runner say which file was loaded and what the DUT answered, but not the right answer. Where the
user gives the stimuli, their label file counts. Otherwise the names help: those of kws01 end with the class, those
of ad01 begin with it, those of ic01 begin with a noun. Those of vww01 are bare numbers; but its list has the 500
pictures with a person first, so the place in a complete run gives the class.
"""

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path

from energy_runner.benchmarks.catalogue import Benchmark
from energy_runner.benchmarks.stimuli import find_stimuli
from energy_runner.errors import Argument, ConfigurationError

_TRAILING = re.compile(r"_(\d{1,3})\.bin$", re.IGNORECASE)
_NUMBERED = re.compile(r"_s_\d+\.bin$", re.IGNORECASE)
_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_VWW_FILES = 1000


def labels_of(
    files: Sequence[str], benchmark: Benchmark, stimuli: Path | None = None
) -> tuple[list[int | None], str]:
    """Return the class of each of `files`, in the order of the run, and where the classes come from.

    None stands for a class that is not known. `stimuli` is a folder with the benchmark's label file.
    """
    listed = _listed(benchmark, stimuli)
    if listed:
        found = [listed.get(name, listed.get(_bare(name))) for name in files]
        if any(label is not None for label in found):
            return found, "label file"
    if benchmark.id == "kws01":
        return [_within(_trailing(name), benchmark) for name in files], "file names"
    if benchmark.id == "ad01":
        return [_anomaly(name) for name in files], "file names"
    if benchmark.id in {"ic01", "ic02"}:
        return [_picture(name) for name in files], "file names"
    unique = list(dict.fromkeys(files))
    if benchmark.id == "vww01" and len(unique) == _VWW_FILES:
        place = {name: number for number, name in enumerate(unique)}
        return [int(place[name] < _VWW_FILES // 2) for name in files], "order of the list"
    return [None] * len(files), ""


def _listed(benchmark: Benchmark, stimuli: Path | None) -> dict[str, int]:
    if stimuli is None:
        return {}
    if not stimuli.is_dir():
        raise ConfigurationError(
            f"{stimuli}: no such folder. Try ", Argument("stimuli"), " with the folder of the label files"
        )
    try:
        return {label.file: label.label for label in find_stimuli(stimuli, benchmark).labels}
    except ConfigurationError:
        return {}  # a folder with the stimuli of some benchmarks has no label file for the others


def _bare(name: str) -> str:
    """Return a picture's name without the prefix that some submitters gave it: COCO_val2014_000000343218.bin."""
    return name.rpartition("_")[2]


def _trailing(name: str) -> int | None:
    match = _TRAILING.search(name)
    return int(match[1]) if match else None


def _within(label: int | None, benchmark: Benchmark) -> int | None:
    return label if label is not None and label < benchmark.classes else None


def _anomaly(name: str) -> int | None:
    for label, word in enumerate(("normal", "anomaly")):
        if name.lower().startswith(word):
            return label
    return None


def _picture(name: str) -> int | None:
    noun = _NUMBERED.sub("", name.lower())
    classes = _nouns()
    return classes.get(noun, classes.get(noun.rpartition("_")[2]))


@cache
def _nouns() -> dict[str, int]:
    file = resources.files("energy_runner.published.eembc").joinpath("tables", "ic01_nouns.toml")
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    return {noun: number for number, name in enumerate(_CLASSES) for noun in table[name]}

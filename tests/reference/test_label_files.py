# SPDX-License-Identifier: Apache-2.0
"""The label files of the real benchmarks are read whole, told apart, and are those that are pinned."""

import hashlib
from pathlib import Path

import pytest

from energy_runner.benchmarks import fetch
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.benchmarks.labels import read_labels
from energy_runner.benchmarks.official import class_pin, content_pin, pins_of
from energy_runner.benchmarks.stimuli import find_stimuli
from energy_runner.errors import ConfigurationError


@pytest.mark.parametrize("benchmark_id", ["ad01", "ic01", "kws01", "vww01"])
def test_every_label_of_the_real_file_is_read(reference: Path, benchmark_id: str) -> None:
    benchmark = load_benchmark(benchmark_id)
    labels = read_labels(reference / "stimuli" / benchmark_id / "y_labels.csv", benchmark)
    assert len(labels) == benchmark.stimuli
    assert {label.label for label in labels} == set(range(benchmark.classes))


def test_the_real_stimuli_of_kws01_are_all_right(reference: Path) -> None:
    stimuli = find_stimuli(reference / "stimuli", load_benchmark("kws01")).all()
    assert len(stimuli) == 1000
    assert all(len(stimulus.data) == 490 for stimulus in stimuli)


def test_the_label_file_of_another_benchmark_is_refused(reference: Path) -> None:
    with pytest.raises(ConfigurationError, match="line 1: 12 classes, but ic01 has 10"):
        read_labels(reference / "stimuli" / "kws01" / "y_labels.csv", load_benchmark("ic01"))


@pytest.mark.parametrize("name", ["kws01", "ic01", "ic02", "vww01", "ad01"])
def test_the_official_stimuli_are_official_file_by_file(reference: Path, name: str) -> None:
    folder, pins = reference / "stimuli" / ("ic01" if name == "ic02" else name), pins_of(name)
    labels = read_labels(folder / "y_labels.csv", load_benchmark(name))
    assert pins is not None
    assert pins.classes == {class_pin(one.file, one.label) for one in labels}
    there = [one for one in labels if (folder / one.file).is_file()]
    contents = {
        content_pin(one.file, hashlib.sha256((folder / one.file).read_bytes()).hexdigest()) for one in there
    }
    assert contents == pins.contents


def test_the_pins_are_those_of_the_official_files(reference: Path) -> None:
    pins = fetch._pins()
    for name, pin in pins.items():
        labels = reference / "stimuli" / name / "y_labels.csv"
        assert hashlib.sha256(labels.read_bytes()).hexdigest() == pin["labels"]
    kws = reference / "stimuli" / "kws01"
    labels_of_kws = read_labels(kws / "y_labels.csv", load_benchmark("kws01"))
    assert fetch.digest_of(kws, labels_of_kws) == pins["kws01"]["stimuli"]

# SPDX-License-Identifier: Apache-2.0
"""The label files of the real benchmarks are read whole, told apart, and are those that are pinned."""

import hashlib
from pathlib import Path

import pytest

from energy_runner.benchmarks import fetch
from energy_runner.benchmarks.catalogue import load_benchmark
from energy_runner.benchmarks.labels import read_labels
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


def test_the_pins_are_those_of_the_official_files(reference: Path) -> None:
    pins = fetch._pins()
    for name, pin in pins.items():
        labels = reference / "stimuli" / name / "y_labels.csv"
        assert hashlib.sha256(labels.read_bytes()).hexdigest() == pin["labels"]
    kws = reference / "stimuli" / "kws01"
    labels_of_kws = read_labels(kws / "y_labels.csv", load_benchmark("kws01"))
    assert fetch.digest_of(kws, labels_of_kws) == pins["kws01"]["stimuli"]

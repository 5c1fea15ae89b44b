# SPDX-License-Identifier: Apache-2.0
"""Networks and stimuli of our own, which come with the package: for tests that need some, whichever they are."""

from pathlib import Path

from energy_runner.benchmarks.catalogue import Benchmark, load_benchmark
from energy_runner.benchmarks.places import default_stimuli, packaged_network
from energy_runner.benchmarks.stimuli import find_stimuli

# The network that stands in tests for any: keyword spotting, as fast and small as they come.
KEYWORDS = load_benchmark("demo-keywords")
KEYWORDS_LAYERS = (1, 2, 1, 2, 1, 2, 1, 2, 1, 4, 3, 7)  # kinds as the firmware numbers them (er_kind_t)
KEYWORDS_OPERATIONS = 1_608_576  # multiply-accumulates of one inference, counted from the shapes


def network(benchmark: Benchmark = KEYWORDS) -> Path:
    """The .tflite file of a demo benchmark."""
    path = packaged_network(benchmark)
    assert path is not None
    return path


def stimuli(benchmark: Benchmark = KEYWORDS) -> list[bytes]:
    """The stimuli of a demo benchmark in the order of its label file."""
    return [stimulus.input_at() for stimulus in find_stimuli(default_stimuli(benchmark), benchmark).all()]


def labels(benchmark: Benchmark = KEYWORDS) -> list[int]:
    """The class of each of them."""
    return [label.label for label in find_stimuli(default_stimuli(benchmark), benchmark).labels]

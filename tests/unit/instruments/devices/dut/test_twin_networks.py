# SPDX-License-Identifier: Apache-2.0
"""The twin's classifier with networks of our own; tests/reference has the same for the official ones."""

import re

import numpy as np
import pytest

from energy_runner.benchmarks.catalogue import load_benchmark
from instruments.devices.dut.twin_classifier import TfliteClassifier
from instruments.devices.dut.twin_profile import load_network
from instruments.errors import Unavailable
from tests.support.demo_data import labels, network, stimuli

pytest.importorskip("ai_edge_litert", reason="the extra `litert` is not installed", exc_type=ImportError)


def classifier(name: str) -> TfliteClassifier:
    return TfliteClassifier(network(load_benchmark(name)), name)


def test_the_first_twenty_words_are_mostly_understood() -> None:
    ears = classifier("demo-keywords")
    answers = [ears.infer(stimulus) for stimulus in stimuli()[:20]]
    assert all(len(answer) == 12 and sum(answer) == pytest.approx(1.0, abs=0.05) for answer in answers)
    right = [int(np.argmax(answer)) == label for answer, label in zip(answers, labels(), strict=False)]
    assert sum(right) >= 19


@pytest.mark.parametrize("name", ["demo-figure", "demo-shapes"])
def test_image_networks_answer_any_image(name: str) -> None:
    eyes = classifier(name)
    size = load_network(name).input_bytes
    noise = [np.random.default_rng(seed).bytes(size) for seed in (1, 2)]
    first, second = (eyes.infer(image) for image in noise)
    assert len(first) == load_network(name).outputs
    assert sum(first) == pytest.approx(1.0, abs=0.05)
    assert eyes.infer(noise[0]) == first
    assert min(first + second) >= 0.0


def test_the_anomaly_network_answers_with_its_reconstruction_error() -> None:
    ears = classifier("demo-machine")
    machine = load_benchmark("demo-machine")
    errors = {label: ears.infer(data)[0] for data, label in zip(stimuli(machine), labels(machine), strict=True)}
    assert errors[0] > 0.0
    noise = np.random.default_rng(1).normal(0.0, 60.0, machine.input_bytes // 4).astype("<f4").tobytes()
    assert ears.infer(noise)[0] > errors[0]


@pytest.mark.filterwarnings("error")
def test_the_anomaly_network_survives_bytes_that_are_no_numbers() -> None:
    ears = classifier("demo-machine")
    for data in (b"\xff" * 2560, np.full(640, np.inf, "<f4").tobytes(), np.random.default_rng(1).bytes(2560)):
        assert len(ears.infer(data)) == 1


def test_the_description_names_file_and_checksum() -> None:
    assert re.search(r"demo-keywords\.tflite, SHA-256 [0-9a-f]{64}$", classifier("demo-keywords").description)


def test_the_network_of_another_benchmark_is_refused_before_the_run() -> None:
    with pytest.raises(Unavailable, match="490"):
        TfliteClassifier(network(load_benchmark("demo-shapes")), "demo-keywords")

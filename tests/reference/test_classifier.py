# SPDX-License-Identifier: Apache-2.0
"""The twin's classifier with the official int8 models."""

import re
from pathlib import Path

import numpy as np
import pytest

from instruments.devices.dut.twin_classifier import TfliteClassifier
from instruments.devices.dut.twin_profile import load_network
from instruments.errors import Unavailable

pytest.importorskip("ai_edge_litert", reason="the extra `litert` is not installed", exc_type=ImportError)


def model(reference: Path, benchmark: str) -> TfliteClassifier:
    return TfliteClassifier(reference / "models" / f"{benchmark}.tflite", benchmark)


def random_stimulus(benchmark: str, seed: int = 1) -> bytes:
    rng = np.random.default_rng(seed)
    size = load_network(benchmark).input_bytes
    if benchmark == "ad01":
        return rng.normal(-40.0, 15.0, size // 4).astype("<f4").tobytes()
    return rng.bytes(size)


def test_the_first_twenty_words_are_mostly_understood(reference: Path) -> None:
    classifier = model(reference, "kws01")
    files = sorted((reference / "stimuli" / "kws01").glob("tst_*.bin"))[:20]
    assert len(files) == 20
    right = 0
    for file in files:
        results = classifier.infer(file.read_bytes())
        assert len(results) == 12
        assert sum(results) == pytest.approx(1.0, abs=0.05)
        label = re.search(r"_(\d+)\.bin$", file.name)
        right += label is not None and int(np.argmax(results)) == int(label[1])
    assert right >= 17


@pytest.mark.parametrize("network", ["vww01", "ic01", "ic02"])
def test_image_models_answer_any_image(reference: Path, network: str) -> None:
    classifier = model(reference, network)
    first, second = (classifier.infer(random_stimulus(network, seed)) for seed in (1, 2))
    assert len(first) == load_network(network).outputs
    assert sum(first) == pytest.approx(1.0, abs=0.05)
    assert classifier.infer(random_stimulus(network, 1)) == first
    assert min(first + second) >= 0.0


def test_the_anomaly_model_answers_with_its_reconstruction_error(reference: Path) -> None:
    classifier = model(reference, "ad01")
    (error,) = classifier.infer(random_stimulus("ad01"))
    assert error > 0.0
    noise = np.frombuffer(random_stimulus("ad01"), "<f4") * 5
    assert classifier.infer(noise.astype("<f4").tobytes())[0] > error


@pytest.mark.filterwarnings("error")
def test_the_anomaly_model_survives_bytes_that_are_no_numbers(reference: Path) -> None:
    classifier = model(reference, "ad01")
    for data in (b"\xff" * 2560, np.full(640, np.inf, "<f4").tobytes(), np.random.default_rng(1).bytes(2560)):
        assert len(classifier.infer(data)) == 1


def test_the_description_names_file_and_checksum(reference: Path) -> None:
    assert re.search(r"kws01\.tflite, SHA-256 [0-9a-f]{64}$", model(reference, "kws01").description)


def test_the_model_of_another_benchmark_is_refused_before_the_run(reference: Path) -> None:
    with pytest.raises(Unavailable, match="490"):
        TfliteClassifier(reference / "models" / "ic01.tflite", "kws01")

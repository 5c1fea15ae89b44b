# SPDX-License-Identifier: Apache-2.0
"""How the twin finds its answers, as far as that needs no real model."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.devices.dut.twin_classifier import TENSORS, TableClassifier, TfliteClassifier, quantize_int8
from instruments.devices.dut.twin_profile import load_network
from instruments.errors import Unavailable


def floats(*values: float) -> bytes:
    return np.array(values, dtype="<f4").tobytes()


@pytest.mark.parametrize(
    ("value", "quantized"),
    [
        (0.0, 10),
        (0.5, 11),
        (0.25, 11),  # halves go away from zero, not to the even neighbour
        (-0.25, 9),
        (0.75, 12),
        (0.24999999, 10),
        (1e30, 127),
        (-1e30, -128),
        (np.inf, 127),
        (-np.inf, -128),
        (np.nan, 0),
        (1e-45, 10),
    ],
)
def test_floats_are_quantized_as_c_does(value: float, quantized: int) -> None:
    assert quantize_int8(floats(value), 0.5, 10).tolist() == [quantized]


@given(st.binary(min_size=4, max_size=64).map(lambda data: data[: len(data) // 4 * 4]), st.integers(-128, 127))
def test_any_bits_are_quantized_without_a_warning(data: bytes, zero_point: int) -> None:
    assert quantize_int8(data, 0.3910, zero_point).shape == (len(data) // 4,)


def test_pixels_are_shifted_and_features_are_not() -> None:
    data = bytes([0, 1, 127, 128, 255])
    assert TENSORS["kws01"](data, 1.0, 0).tolist() == [0, 1, 127, -128, -1]
    for benchmark in ("vww01", "ic01", "ic02"):
        assert TENSORS[benchmark](data, 1.0, 0).tolist() == [-128, -127, -1, 0, 127]


@pytest.mark.parametrize("model", TENSORS)
def test_the_table_says_that_it_is_one_and_answers_alike_every_time(model: str) -> None:
    network = load_network(model)
    table = TableClassifier(network.outputs)
    answers = [table.infer(bytes([i]) * 50) for i in range(40)]
    assert "no model" in table.description
    assert answers == [TableClassifier(network.outputs).infer(bytes([i]) * 50) for i in range(40)]
    assert {len(answer) for answer in answers} == {network.outputs}
    assert len({tuple(answer) for answer in answers}) > 1


def test_a_missing_model_file_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.tflite", tmp_path):
        with pytest.raises(Unavailable, match="check the path of the model") as caught:
            TfliteClassifier(path, "kws01")
        assert str(path) in str(caught.value)


def test_without_litert_the_message_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"any")
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    with pytest.raises(Unavailable, match=r"energy-runner\[litert\]") as caught:
        TfliteClassifier(path, "kws01")
    assert "give no model" in caught.value.try_this


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="the extra `litert` is not installed", exc_type=ImportError)
    for content in (b"", b"no model at all", bytes(1000)):
        path = tmp_path / "model.tflite"
        path.write_bytes(content)
        with pytest.raises(Unavailable, match=r"int8 \.tflite file"):
            TfliteClassifier(path, "kws01")

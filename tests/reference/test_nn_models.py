# SPDX-License-Identifier: Apache-2.0
"""The six reference models in C, against the tflite-micro interpreter: the same bytes, row by row."""

import numpy as np
import pytest

from tests.support.network_oracle import interpreter
from tests.support.nn_build import SANITIZE, BuiltModel, random_inputs

# Rows compared; ic02 costs 0.2 s a row. Multiply-accumulates as counted by hand from the shapes.
MODELS = {
    "ad01": (60, 264_192),
    "ic01": (12, 12_501_632),
    "ic02": (3, 76_473_920),
    "kws01": (30, 2_656_768),
    "sww01": (60, 826_368),
    "vww01": (12, 7_489_664),
}


@pytest.fixture
def read(reference):
    return lambda name: (reference / "models" / f"{name}.tflite").read_bytes()


@pytest.mark.deep
@pytest.mark.parametrize("name", MODELS)
def test_random_inputs_give_the_same_bytes(name, read, tmp_path):
    data = read(name)
    rows, macs = MODELS[name]
    built = BuiltModel(data, tmp_path)
    expected = interpreter(data)
    for values in random_inputs(11, built.input.shape, rows):
        np.testing.assert_array_equal(built.run(values), expected(values))
    assert built.program.macs == macs


@pytest.mark.deep
def test_all_1000_keyword_stimuli(read, reference, tmp_path):
    data = read("kws01")
    built = BuiltModel(data, tmp_path)
    expected = interpreter(data)
    files = sorted((reference / "stimuli" / "kws01").glob("*.bin"))
    correct = 0
    for file in files:
        values = np.fromfile(file, np.int8).reshape(built.input.shape)
        result = built.run(values)
        np.testing.assert_array_equal(result, expected(values), err_msg=file.name)
        correct += int(result.argmax()) == int(file.stem.rsplit("_", 1)[1])
    assert (correct, len(files)) == (901, 1000)


def test_no_undefined_behaviour(read, tmp_path):
    data = read("kws01")
    checked = BuiltModel(data, tmp_path, *SANITIZE)
    expected = interpreter(data)
    for values in random_inputs(12, checked.input.shape, 9):
        np.testing.assert_array_equal(checked.run(values), expected(values))


def test_inference_leaves_the_input_alone(read, tmp_path):
    built = BuiltModel(read("kws01"), tmp_path)
    built.load(random_inputs(13, built.input.shape, 1)[0])
    first = built.invoke()
    np.testing.assert_array_equal(built.invoke(), first)
    assert [kind for kind, _ in built.profile()] == [1, 2, 1, 2, 1, 2, 1, 2, 1, 4, 6, 3, 7]

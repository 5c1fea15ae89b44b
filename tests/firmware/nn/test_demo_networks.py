# SPDX-License-Identifier: Apache-2.0
"""Networks of our own in C against the tflite-micro interpreter: the same bytes, row by row.

tests/reference has the same for the official models.
"""

import numpy as np
import pytest

from energy_runner.benchmarks.catalogue import load_benchmark
from tests.support.demo_data import KEYWORDS_LAYERS, KEYWORDS_OPERATIONS, labels, network, stimuli
from tests.support.dut_build import needs_gcc
from tests.support.network_oracle import interpreter
from tests.support.nn_build import SANITIZE, BuiltModel, random_inputs

pytestmark = needs_gcc

# Rows compared. Multiply-accumulates as counted by hand from the shapes.
NETWORKS = {
    "demo-figure": (12, 4_069_056),
    "demo-keywords": (30, KEYWORDS_OPERATIONS),
    "demo-machine": (60, 91_136),
    "demo-shapes": (12, 7_115_232),
}


def read(name: str) -> bytes:
    return network(load_benchmark(name)).read_bytes()


@pytest.mark.deep
@pytest.mark.parametrize("name", NETWORKS)
def test_random_inputs_give_the_same_bytes(name, tmp_path):
    data = read(name)
    rows, macs = NETWORKS[name]
    built = BuiltModel(data, tmp_path)
    expected = interpreter(data)
    for values in random_inputs(11, built.input.shape, rows):
        np.testing.assert_array_equal(built.run(values), expected(values))
    assert built.program.macs == macs


@pytest.mark.deep
def test_all_keyword_stimuli(tmp_path):
    built = BuiltModel(read("demo-keywords"), tmp_path)
    expected = interpreter(read("demo-keywords"))
    correct = 0
    for stimulus, label in zip(stimuli(), labels(), strict=True):
        values = np.frombuffer(stimulus, np.int8).reshape(built.input.shape)
        result = built.run(values)
        np.testing.assert_array_equal(result, expected(values))
        correct += int(result.argmax()) == label
    assert correct == len(labels()) == 120


def test_no_undefined_behaviour(tmp_path):
    checked = BuiltModel(read("demo-keywords"), tmp_path, *SANITIZE)
    expected = interpreter(read("demo-keywords"))
    for values in random_inputs(12, checked.input.shape, 9):
        np.testing.assert_array_equal(checked.run(values), expected(values))


def test_inference_leaves_the_input_alone(tmp_path):
    built = BuiltModel(read("demo-keywords"), tmp_path)
    built.load(random_inputs(13, built.input.shape, 1)[0])
    first = built.invoke()
    np.testing.assert_array_equal(built.invoke(), first)
    assert tuple(kind for kind, _ in built.profile()) == KEYWORDS_LAYERS

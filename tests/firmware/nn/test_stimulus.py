# SPDX-License-Identifier: Apache-2.0
"""From the bytes of a stimulus to the input tensor, and from the output tensor to results: C against Python."""

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dut_firmware.nn.generate.benchmarks import BENCHMARKS, benchmark_for
from dut_firmware.nn.generate.errors import UnusableModel
from dut_firmware.nn.generate.schema import parse_model
from energy_runner.benchmarks.catalogue import list_benchmarks
from instruments.devices.dut.twin_classifier import TENSORS, quantize_int8
from tests.support.dut_build import needs_gcc
from tests.support.nn_build import NN, SANITIZE, compile_with_gcc
from tests.support.tflite_writer import SmallModel, SmallOperator, SmallTensor


class Tensor(ctypes.Structure):
    _fields_ = [("count", ctypes.c_size_t), ("scale", ctypes.c_float), ("zero_point", ctypes.c_int32)]


@pytest.fixture(scope="module")
def conversions(tmp_path_factory):
    library = tmp_path_factory.mktemp("stimulus") / "stimulus.so"
    compile_with_gcc(*SANITIZE, "-shared", NN / "stimulus.c", "-o", library)
    loaded = ctypes.CDLL(str(library))
    for name in ("er_dequantized", "er_reconstruction_error"):
        getattr(loaded, name).restype = ctypes.c_size_t
    return loaded


def load(conversions, name, stimulus, tensor):
    values = (ctypes.c_int8 * tensor.count)()
    getattr(conversions, name)(stimulus, ctypes.byref(tensor), values)
    return np.array(values, np.int8)


def results(conversions, name, stimulus, tensor, output, *, most=16):
    values = (ctypes.c_float * most)()
    count = getattr(conversions, name)(
        stimulus, ctypes.byref(tensor), output.ctypes.data_as(ctypes.c_void_p), values, ctypes.c_size_t(most)
    )
    return np.array(values[:count], np.float32)


# Not-a-numbers, infinities, zeros of both signs, the smallest and the largest.
SPECIAL = (0x7FC00000, 0xFFC00001, 0x7F800001, 0x7F800000, 0xFF800000, 0, 0x80000000, 1, 0x7F7FFFFF, 0xFF7FFFFF)
NEAR = st.floats(-130.0, 130.0, width=32).map(lambda value: int(np.float32(value).view(np.uint32)))
FLOATS = st.integers(0, 2**32 - 1) | NEAR | st.sampled_from(SPECIAL)


@needs_gcc
@given(
    bits=st.lists(FLOATS, min_size=1, max_size=40),
    scale=st.floats(2**-20, 2**20, width=32),
    zero_point=st.integers(-128, 127),
)
def test_any_float_is_quantized_as_in_python(conversions, bits, scale, zero_point):
    stimulus = np.array(bits, "<u4").tobytes()
    loaded = load(conversions, "er_load_float32", stimulus, Tensor(len(bits), scale, zero_point))
    np.testing.assert_array_equal(loaded, quantize_int8(stimulus, scale, zero_point))


@needs_gcc
@settings(max_examples=20)
@given(half=st.integers(-130, 130), nudge=st.sampled_from((-1, 0, 1)))
def test_halves_are_rounded_away_from_zero_and_their_neighbours_are_not(conversions, half, nudge):
    value = np.float32(half + 0.5)
    value = np.nextafter(value, np.float32(nudge * np.inf)) if nudge else value
    stimulus = np.array([value], "<f4").tobytes()
    loaded = load(conversions, "er_load_float32", stimulus, Tensor(1, 1.0, 0))
    np.testing.assert_array_equal(loaded, quantize_int8(stimulus, 1.0, 0))


@needs_gcc
@pytest.mark.parametrize("task", ["kws01", "vww01", "ic01", "ic02"])
def test_every_byte_is_converted_as_in_python(conversions, task):
    stimulus = bytes(range(256))
    loaded = load(conversions, BENCHMARKS[task].load, stimulus, Tensor(256, 1.0, 0))
    np.testing.assert_array_equal(loaded, TENSORS[task](stimulus, 1.0, 0))


@needs_gcc
@pytest.mark.parametrize(
    ("name", "values"), [("er_load_int8", 0), ("er_load_uint8", -128), ("er_load_float32", 17)]
)
def test_without_a_stimulus_every_value_is_zero(conversions, name, values):
    np.testing.assert_array_equal(load(conversions, name, None, Tensor(5, 0.5, 17)), [values] * 5)


@needs_gcc
def test_results_are_dequantized_and_never_more_than_asked_for(conversions):
    output = np.array([-128, -127, 0, 127], np.int8)
    tensor = Tensor(4, 1 / 256, -128)
    assert results(conversions, "er_dequantized", None, tensor, output).tolist() == [0, 1 / 256, 0.5, 255 / 256]
    assert results(conversions, "er_dequantized", None, tensor, output, most=2).tolist() == [0, 1 / 256]


@needs_gcc
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(1, 640))
def test_the_error_of_reconstruction_is_the_mean_square(conversions, seed, size):
    generator = np.random.default_rng(seed)
    values = generator.uniform(-90.0, 20.0, size).astype("<f4")
    output = generator.integers(-128, 128, size).astype(np.int8)
    tensor = Tensor(size, 0.3645, 96)
    restored = (output.astype(float) - 96) * np.float64(np.float32(0.3645))
    expected = np.float32(np.mean((values.astype(float) - restored) ** 2))
    got = results(conversions, "er_reconstruction_error", values.tobytes(), tensor, output)
    assert abs(got[0] - expected) <= np.spacing(expected)
    assert len(got) == 1
    assert len(results(conversions, "er_reconstruction_error", None, tensor, output, most=0)) == 0


def test_firmware_and_runner_agree_on_every_benchmark():
    for benchmark in list_benchmarks():
        row = BENCHMARKS[benchmark.id]
        assert (row.stimulus_bytes, row.result_count) == (benchmark.input_bytes, benchmark.outputs)


def model(inputs, outputs, zero_point=0):
    weights = np.ones((outputs, inputs), np.int8)
    tensors = [SmallTensor((1, inputs), 0.5, zero_point), SmallTensor(weights.shape, 0.01, 0, weights)]
    layer = SmallOperator("FULLY_CONNECTED", (0, 1, -1), (2,), {0: ("b", 0)})
    return parse_model(SmallModel([*tensors, SmallTensor((1, outputs), 0.5)], [layer]).bytes())


@pytest.mark.parametrize(
    ("task", "small", "message"),
    [
        ("kws02", model(490, 12), "no benchmark 'kws02'; known: ad01, demo-figure"),
        ("kws01", model(491, 12), "input has 491 values, but that of kws01 has 490; give the model of kws01"),
        ("kws01", model(490, 11), "output has 11 values, but that of kws01 has 12"),
        ("ic01", model(3072, 10, -127), "zero point -127, but ic01 has pixels"),
    ],
)
def test_a_model_that_is_not_the_benchmarks_is_refused(task, small, message):
    with pytest.raises(UnusableModel, match=message):
        benchmark_for(task, small)

# SPDX-License-Identifier: Apache-2.0
"""Each int8 kernel alone: against numpy, against the tflite-micro interpreter, and under the UB sanitizer."""

import numpy as np
import pytest

from tests.support import nn_oracle as oracle
from tests.support.nn_build import SANITIZE, BuiltModel, random_inputs
from tests.support.tflite_writer import SmallModel, SmallOperator, SmallTensor

SAME, VALID = 0, 1
IN_SCALE, OUT_SCALE = 0.05, 0.11

# input, window, output channels, strides, padding, zero point, activation, with bias
CONVS = {
    "same-stride-2-relu": ((7, 6, 3), (3, 3), 5, (2, 2), SAME, -128, 1, True),
    "even-window-same": ((5, 8, 2), (4, 2), 3, (1, 3), SAME, 17, 0, True),
    "valid-relu6": ((9, 4, 1), (3, 4), 4, (2, 1), VALID, 83, 3, True),
    "pointwise-no-bias": ((3, 3, 9), (1, 1), 7, (1, 1), SAME, -5, 0, False),
    "window-over-the-image": ((2, 3, 2), (5, 5), 2, (1, 1), SAME, 127, 2, True),
}


def weighted(seed, shape, axis, with_bias):
    """Weights, their scales and a bias for a layer whose outputs use the whole int8 range."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(-127, 128, shape).astype(np.int8)
    channels = shape[axis]
    scales = (rng.uniform(0.2, 3.0, channels) / np.sqrt(weights.size / channels) / 40).astype(np.float32)
    bias = rng.integers(-3000, 3000, channels).astype(np.int32) if with_bias else np.zeros(channels, np.int32)
    return weights, scales, bias


def layer(name, shapes, constants, *, axis, zero_point, options, with_bias):
    (image, output), (weights, scales, bias) = shapes, constants
    tensors = [
        SmallTensor(image, IN_SCALE, zero_point),
        SmallTensor(weights.shape, scales, 0, weights, axis=axis),
        SmallTensor(bias.shape, IN_SCALE * scales, 0, bias, kind=2),
        SmallTensor(output, OUT_SCALE, 3),
    ]
    return SmallModel(tensors, [SmallOperator(name, (0, 1, 2 if with_bias else -1), (3,), options)])


def real_multipliers(scales):
    step_in, step_out = float(np.float32(IN_SCALE)), float(np.float32(OUT_SCALE))
    return [step_in * float(scale) / step_out for scale in scales]


def finished(sums, scales, activation):
    channels = [oracle.rescaled(sums[..., c], real) for c, real in enumerate(real_multipliers(scales))]
    return oracle.clamped(np.stack(channels, -1) + 3, oracle.relu_limits(activation, OUT_SCALE, 3))


def conv_case(name):
    image, window, channels, strides, padding, zero_point, activation, with_bias = CONVS[name]
    weights, scales, bias = weighted(len(name), (channels, *window, image[2]), 0, with_bias)

    def expected(x):
        return finished(
            oracle.conv_2d(x[0], weights, bias, zero_point=zero_point, strides=strides, same=padding == SAME),
            scales,
            activation,
        )

    output = expected(np.zeros((1, *image), np.int8)).shape
    options = {0: ("b", padding), 1: ("i", strides[1]), 2: ("i", strides[0]), 3: ("b", activation)}
    given = {"zero_point": zero_point, "options": options, "with_bias": with_bias}
    shapes = (1, *image), (1, *output)
    return layer("CONV_2D", shapes, (weights, scales, bias), axis=0, **given), expected


def depthwise_case(name):
    image, window, multiplier, strides, padding, zero_point, activation, with_bias = CONVS[name]
    weights, scales, bias = weighted(len(name), (1, *window, image[2] * multiplier), 3, with_bias)

    def expected(x):
        sums = oracle.depthwise(x[0], weights, bias, zero_point=zero_point, strides=strides, same=padding == SAME)
        return finished(sums, scales, activation)

    output = expected(np.zeros((1, *image), np.int8)).shape
    options = {
        0: ("b", padding),
        1: ("i", strides[1]),
        2: ("i", strides[0]),
        3: ("i", multiplier),
        4: ("b", activation),
    }
    given = {"zero_point": zero_point, "options": options, "with_bias": with_bias}
    shapes = (1, *image), (1, *output)
    return layer("DEPTHWISE_CONV_2D", shapes, (weights, scales, bias), axis=3, **given), expected


def fully_connected_case(name):
    activation, large = {"plain": (0, 1), "relu": (1, 1), "multiplier-above-1": (0, 30)}[name]
    weights, scales, bias = weighted(1, (11, 37), 0, True)
    scale = scales[:1] * large

    def expected(x):
        sums = (weights.astype(np.int64) @ (x[0].astype(np.int64) - 9)) + bias
        return finished(sums, np.repeat(scale, 11), activation)

    given = {"zero_point": 9, "options": {0: ("b", activation)}, "with_bias": True}
    return layer("FULLY_CONNECTED", ((1, 37), (1, 11)), (weights, scale, bias), axis=0, **given), expected


def pool_case(name):
    image, window, strides, padding, activation = {
        "whole": ((5, 4, 3), (5, 4), (5, 4), VALID, 0),
        "same": ((5, 4, 3), (3, 2), (2, 1), SAME, 1),
    }[name]

    def expected(x):
        means = oracle.average_pool(x[0], window, strides, padding == SAME)
        return oracle.clamped(means, oracle.relu_limits(activation, IN_SCALE, -20))

    output = expected(np.zeros((1, *image), np.int8)).shape
    numbers = (padding, strides[1], strides[0], window[1], window[0], activation)
    options = {n: ("b" if n in (0, 5) else "i", value) for n, value in enumerate(numbers)}
    tensors = [SmallTensor((1, *image), IN_SCALE, -20), SmallTensor((1, *output), IN_SCALE, -20)]
    return SmallModel(tensors, [SmallOperator("AVERAGE_POOL_2D", (0,), (1,), options)]), expected


def add_case(name):
    """x plus a layer of x: two inputs of different scale from the model's one input."""
    first, last, activation = {"plain": (0.4, 0.6, 0), "relu": (0.01, 0.15, 1), "wide": (3.0, 0.9, 0)}[name]
    weights, _, bias = weighted(2, (12, 12), 0, True)
    scale = np.float32(OUT_SCALE / first / 300)

    def expected(x):
        x = x[0].astype(np.int64)
        real = float(np.float32(first)) * float(scale) / float(np.float32(OUT_SCALE))
        inner = oracle.clamped(oracle.rescaled(weights.astype(np.int64) @ (x + 7) + bias, real) + 3, (-128, 127))
        scales = [float(np.float32(s)) for s in (OUT_SCALE, first, last)]
        return oracle.clamped(
            oracle.add(inner, x, scales, (3, -7, -11)), oracle.relu_limits(activation, np.float32(last), -11)
        )

    tensors = [
        SmallTensor((1, 12), first, -7),
        SmallTensor(weights.shape, scale, 0, weights),
        SmallTensor(bias.shape, first * scale, 0, bias, kind=2),
        SmallTensor((1, 12), OUT_SCALE, 3),
        SmallTensor((1, 12), last, -11),
    ]
    operators = [
        SmallOperator("FULLY_CONNECTED", (0, 1, 2), (3,), {0: ("b", 0)}),
        SmallOperator("ADD", (3, 0), (4,), {0: ("b", activation)}),
    ]
    return SmallModel(tensors, operators), expected


def softmax_model(scale, beta, classes):
    tensors = [SmallTensor((1, classes), scale, 4), SmallTensor((1, classes), 1 / 256, -128)]
    return SmallModel(tensors, [SmallOperator("SOFTMAX", (0,), (1,), {0: ("f", beta)})])


def reshape_case():
    tensors = [SmallTensor((1, 2, 3, 2), 0.5, 1), SmallTensor((1, 12), 0.5, 1)]
    return SmallModel(tensors, [SmallOperator("RESHAPE", (0,), (1,))]), lambda x: x


CASES = {
    **{f"conv-{name}": (conv_case, name) for name in CONVS},
    **{f"depthwise-{name}": (depthwise_case, name) for name in CONVS},
    **{f"connected-{name}": (fully_connected_case, name) for name in ("plain", "relu", "multiplier-above-1")},
    **{f"pool-{name}": (pool_case, name) for name in ("whole", "same")},
    **{f"add-{name}": (add_case, name) for name in ("plain", "relu", "wide")},
    "reshape": (reshape_case,),
}


# The interpreter itself crashes (segmentation fault) at a depthwise layer without bias; numpy alone must do there.
WITHOUT_INTERPRETER = {"depthwise-pointwise-no-bias"}


def interpreter(data):
    runtime = pytest.importorskip(
        "tflite_micro.python.tflite_micro.runtime", reason="tflite-micro is not installed"
    )
    return runtime.Interpreter.from_bytes(data, arena_size=1 << 16)


def interpreted(engine, values):
    engine.set_input(values, 0)
    engine.invoke()
    return engine.get_output(0).reshape(-1)


@pytest.mark.parametrize("case", CASES)
def test_kernel_equals_numpy_and_the_interpreter(case, tmp_path):
    make, *arguments = CASES[case]
    model, expected = make(*arguments)
    data = model.bytes()
    built = BuiltModel(data, tmp_path, *SANITIZE)
    engine = None if case in WITHOUT_INTERPRETER else interpreter(data)
    seen = set()
    for values in random_inputs(5, built.input.shape, 24):
        result = built.run(values)
        np.testing.assert_array_equal(result, expected(values).reshape(-1))
        if engine is not None:
            np.testing.assert_array_equal(result, interpreted(engine, values))
        seen.update(result.tolist())
    assert len(seen) > 8, "outputs that hardly vary prove little"


@pytest.mark.parametrize(
    ("scale", "beta", "classes"), [(0.14, 1.0, 12), (0.0004, 1.0, 5), (3.0, 1.0, 3), (0.02, 2.5, 300)]
)
def test_softmax_equals_the_interpreter_and_is_near_the_real_function(scale, beta, classes, tmp_path):
    data = softmax_model(scale, beta, classes).bytes()
    built = BuiltModel(data, tmp_path, *SANITIZE)
    engine = interpreter(data)
    for values in random_inputs(6, (1, classes), 300):
        result = built.run(values)
        np.testing.assert_array_equal(result, interpreted(engine, values))
        real = np.clip(oracle.softmax(values[0], float(np.float32(scale)), beta), -128, 127)
        assert np.abs(result - real).max() <= 0.51


def test_softmax_of_every_pair_of_two_classes(tmp_path):
    data = softmax_model(0.0317, 1.0, 2).bytes()
    built = BuiltModel(data, tmp_path)
    engine = interpreter(data)
    for difference in range(256):
        values = np.array([[-128, difference - 128]], np.int8)
        np.testing.assert_array_equal(built.run(values), interpreted(engine, values))


def test_each_layer_reports_its_kind_and_count(tmp_path):
    model, _ = add_case("plain")
    built = BuiltModel(model.bytes(), tmp_path)
    built.run(np.zeros((1, 12), np.int8))
    assert built.profile() == [(3, 144), (5, 12)]


def test_input_survives_inferences(tmp_path):
    model, _ = conv_case("pointwise-no-bias")
    built = BuiltModel(model.bytes(), tmp_path)
    built.load(random_inputs(1, built.input.shape, 1)[0])
    first = built.invoke()
    for _ in range(3):
        np.testing.assert_array_equal(built.invoke(), first)

# SPDX-License-Identifier: Apache-2.0
"""Quantize a trained network to an int8 .tflite file, and run that file in the tflite-micro interpreter."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from keras import Model
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from tflite_micro.python.tflite_micro import runtime

ARENA_BYTES = 1 << 22


def quantized(model: Model, examples: np.ndarray) -> bytes:
    """Return the network as int8 .tflite, its ranges taken from `examples`."""

    @tf.function(input_signature=[tf.TensorSpec((1, *examples.shape[1:]), tf.float32)])
    def infer(x: tf.Tensor) -> tf.Tensor:
        return model(x, training=False)

    frozen = convert_variables_to_constants_v2(infer.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([one[None].astype(np.float32)] for one in examples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


class Interpreter:
    """A quantized network; `scale` and `zero_point` are those of its input."""

    def __init__(self, data: bytes) -> None:
        self._engine = runtime.Interpreter.from_bytes(data, arena_size=ARENA_BYTES)
        self._in, self._out = self._engine.get_input_details(0), self._engine.get_output_details(0)
        self.scale, self.zero_point = self._quantization(self._in)

    @staticmethod
    def _quantization(details: dict) -> tuple[float, int]:
        given = details["quantization_parameters"]
        return float(given["scales"][0]), int(given["zero_points"][0])

    def quantize(self, values: np.ndarray) -> np.ndarray:
        """Return real values as the input's int8 values: divided in single precision, ties away from zero."""
        scaled = values.astype(np.float32) / np.float32(self.scale)
        rounded = np.copysign(np.floor(np.abs(scaled) + 0.5), scaled)
        return np.clip(rounded + self.zero_point, -128, 127).astype(np.int8)

    def answer(self, values: np.ndarray) -> np.ndarray:
        """Return the real outputs for int8 inputs of one stimulus, without the batch's dimension."""
        self._engine.set_input(values.reshape(self._in["shape"]), 0)
        self._engine.invoke()
        scale, zero_point = self._quantization(self._out)
        return (self._engine.get_output(0).astype(np.float32).reshape(-1) - zero_point) * np.float32(scale)


def write(path: Path, data: bytes) -> None:
    """Write a file, and make its folder if needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)

# SPDX-License-Identifier: Apache-2.0
"""What a network must answer: by the tflite-micro interpreter, which shares nothing with our kernels."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from instruments.devices.dut.twin_classifier import TENSORS, as_int8

ARENA_BYTES = 1 << 22
ANOMALY = ("ad01", "demo-machine")  # whose answer is how badly a recording is reconstructed
Engine = Callable[[np.ndarray], np.ndarray]


def interpreter(data: bytes) -> Engine:
    """A function from int8 inputs to int8 outputs; the test is skipped where there is no interpreter."""
    engine = _engine(data)

    def run(values: np.ndarray) -> np.ndarray:
        engine.set_input(values, 0)
        engine.invoke()
        return engine.get_output(0).reshape(-1)

    return run


def _engine(data: bytes) -> Any:
    runtime = pytest.importorskip(
        "tflite_micro.python.tflite_micro.runtime", reason="tflite-micro is not installed"
    )
    return runtime.Interpreter.from_bytes(data, arena_size=ARENA_BYTES)


class Oracle:
    """What `m-results` must say, from the interpreter and the model's own quantization."""

    def __init__(self, path: Path, task: str) -> None:
        data = path.read_bytes()
        engine = _engine(data)
        self.input, self.output = engine.get_input_details(0), engine.get_output_details(0)
        self.run = interpreter(data)
        self.task = task
        self.anomaly = task in ANOMALY

    def values(self, stimulus: bytes) -> np.ndarray:
        tensor = TENSORS.get(self.task, as_int8)(stimulus, *_quantization(self.input))
        scale, zero_point = _quantization(self.output)
        values = (self.run(tensor.reshape(self.input["shape"])).astype(float) - zero_point) * scale
        if self.anomaly:
            real = np.frombuffer(stimulus, "<f4").astype(float)
            values = np.array([np.mean((real - values) ** 2)])
        return values

    def line(self, stimulus: bytes) -> bytes:
        printed = ",".join(f"{np.float32(value):.3f}" for value in self.values(stimulus))
        return f"m-results-[{printed}]\r\n".encode()


def _quantization(details: dict[str, Any]) -> tuple[float, int]:
    parameters = details["quantization_parameters"]
    return float(parameters["scales"][0]), int(parameters["zero_points"][0])

# SPDX-License-Identifier: Apache-2.0
"""The classifiers of the DUT's twin: a real .tflite model, or a table that is described as such."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from instruments.devices.dut.twin_profile import load_network
from instruments.errors import Unavailable

FLOAT32_BYTES = 4


class Classifier(Protocol):
    """Turns the bytes of a stimulus into the numbers that the DUT prints.

    `description` is stored in the session, so that a table cannot be mistaken for a network.
    """

    description: str

    def infer(self, stimulus: bytes) -> list[float]:
        """Return the DUT's results for one stimulus."""


class TableClassifier:
    """Answers without a network: a checksum of the stimulus selects the class, so the answer is meaningless."""

    description = "table (no model was given; answers are not those of a network)"

    def __init__(self, outputs: int) -> None:
        self._outputs = outputs

    def infer(self, stimulus: bytes) -> list[float]:
        """Return a fixed pattern, selected by a checksum of the stimulus."""
        pick = int.from_bytes(hashlib.sha256(stimulus).digest()[:4], "little")
        if self._outputs == 1:
            return [1.0 + (pick % 1000) / 1000.0]
        rest = 0.1 / (self._outputs - 1)
        return [0.9 if index == pick % self._outputs else rest for index in range(self._outputs)]


def _floats(stimulus: bytes) -> npt.NDArray[np.float64]:
    """Return little-endian float32 values; any bit pattern is accepted, even a NaN."""
    with np.errstate(invalid="ignore"):
        return np.frombuffer(stimulus, dtype="<f4").astype(np.float64)


def quantize_int8(stimulus: bytes, scale: float, zero_point: int) -> npt.NDArray[np.int8]:
    """Return little-endian float32 values as int8, as the reference firmware of ad01 does.

    It divides in single precision and rounds halves away from zero (`round` in C); NaN becomes 0, as in the
    conversion of a Cortex-M.
    """
    with np.errstate(over="ignore"):
        ratio = (_floats(stimulus) / np.float32(scale)).astype(np.float32).astype(np.float64)
    quantized = np.copysign(np.floor(np.abs(ratio) + 0.5), ratio) + zero_point
    int8: npt.NDArray[np.int8] = np.clip(np.nan_to_num(quantized, nan=0.0), -128, 127).astype(np.int8)
    return int8


def as_int8(stimulus: bytes, scale: float, zero_point: int) -> npt.NDArray[np.int8]:
    """Return the bytes as they are: int8 features."""
    return np.frombuffer(stimulus, dtype=np.int8)


def pixels_as_int8(stimulus: bytes, scale: float, zero_point: int) -> npt.NDArray[np.int8]:
    """Return pixels from 0 to 255 shifted to -128 to 127."""
    return (np.frombuffer(stimulus, dtype=np.uint8).astype(np.int16) - 128).astype(np.int8)


# How the bytes of a stimulus become the int8 input tensor, by benchmark [the benchmarks' input formats].
TENSORS: dict[str, Callable[[bytes, float, int], npt.NDArray[np.int8]]] = {
    "kws01": as_int8,
    "vww01": pixels_as_int8,
    "ic01": pixels_as_int8,
    "ic02": pixels_as_int8,
    "ad01": quantize_int8,
    "demo-keywords": as_int8,
    "demo-figure": pixels_as_int8,
    "demo-shapes": pixels_as_int8,
    "demo-machine": quantize_int8,
}


def reconstructs(benchmark: str) -> bool:
    """Return whether the benchmark's network reconstructs its float input and is judged by the error."""
    return TENSORS[benchmark] is quantize_int8


class TfliteClassifier:
    """Executes an int8 .tflite model with LiteRT (extra `litert`)."""

    def __init__(self, path: Path, benchmark: str) -> None:
        content = _read(path)
        self.description = f"LiteRT, {path.name}, SHA-256 {hashlib.sha256(content).hexdigest()}"
        self._benchmark = benchmark
        self._interpreter = _open_interpreter(path, content)
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        types = tuple(tensor["dtype"].__name__ for tensor in (self._input, self._output))
        if types != ("int8", "int8"):
            raise Unavailable(
                f"use {path} as the DUT's model",
                f"its input and output are {' and '.join(types)}, not int8",
                "give the int8 quantized .tflite file",
            )
        takes = int(np.prod(self._input["shape"]))
        sends = load_network(benchmark).input_bytes // (FLOAT32_BYTES if reconstructs(benchmark) else 1)
        if takes != sends:
            raise Unavailable(
                f"use {path} as the DUT's model",
                f"its input has {takes} values, but a stimulus of {benchmark} has {sends}",
                f"give the model of {benchmark}",
            )

    def infer(self, stimulus: bytes) -> list[float]:
        """Return dequantized outputs, or the mean squared error of a reconstruction."""
        scale, zero_point = self._input["quantization"]
        tensor = TENSORS[self._benchmark](stimulus, scale, zero_point).reshape(self._input["shape"])
        self._interpreter.set_tensor(self._input["index"], tensor)
        self._interpreter.invoke()
        raw = self._interpreter.get_tensor(self._output["index"]).ravel()
        out_scale, out_zero = self._output["quantization"]
        values = (raw.astype(np.float64) - out_zero) * out_scale
        if reconstructs(self._benchmark):
            return [float(np.mean((_floats(stimulus) - values) ** 2))]
        return [float(value) for value in values]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unavailable(
            f"read the model {path}", error.strerror or str(error), "check the path of the model"
        ) from error


def _open_interpreter(path: Path, content: bytes) -> Any:
    try:
        from ai_edge_litert import interpreter as litert
    except ImportError as error:
        raise Unavailable(
            f"run the model {path}",
            f"LiteRT cannot be imported ({error})",
            "pip install 'energy-runner[litert]', or give no model and let the twin answer from a table",
        ) from error
    try:
        # The built-in kernels, without the default delegate, whose rounding differs most from the reference.
        interpreter = litert.Interpreter(
            model_content=content,
            experimental_op_resolver_type=litert.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise Unavailable(f"open the model {path}", str(error), "give an int8 .tflite file") from error
    return interpreter

# SPDX-License-Identifier: Apache-2.0
"""The parts of a .tflite file that matter here, as plain records.

Source of field numbers and codes: tensorflow/lite/schema/schema.fbs, version 3.
"""

import itertools
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dut_firmware.nn.generate.errors import UnusableModel
from dut_firmware.nn.generate.flatbuffer import Table
from dut_firmware.nn.generate.operators import operator_name

TYPE_NAMES = {0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16", 9: "int8"}
DTYPES = {"int8": "<i1", "int32": "<i4"}
MAX_LAYERS = 1000
MAX_TENSORS = 10_000
MAX_ELEMENTS = 1 << 26
"""Bounds far above anything that fits a microcontroller, so that a damaged file ends early."""


@dataclass(frozen=True)
class Tensor:
    """One tensor: its type and shape, its quantization, and its constant data, empty for an activation."""

    index: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    scales: NDArray[np.generic]
    zero_points: NDArray[np.generic]
    quantized_dimension: int
    data: bytes

    @property
    def count(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    def values(self) -> NDArray[np.generic]:
        """Return the constant data in the tensor's shape."""
        kind = DTYPES.get(self.dtype)
        if kind is None:
            raise UnusableModel(f"constant tensor {self.index} ({self.name}) is of type {self.dtype}")
        if len(self.data) != self.count * np.dtype(kind).itemsize:
            raise UnusableModel(
                f"damaged file: tensor {self.index} ({self.name}) of shape {self.shape} holds {len(self.data)} B"
            )
        return np.frombuffer(self.data, kind).reshape(self.shape)


@dataclass(frozen=True)
class Operator:
    """One operator: its name, the tensors it reads (-1: none there) and writes, and its options table."""

    index: int
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table | None

    def __str__(self) -> str:
        return f"layer {self.index} ({self.name})"


@dataclass(frozen=True)
class Model:
    """The one subgraph of a model: tensors, operators in order, its input and its output."""

    size: int
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    input: int
    output: int


def read_model(path: Path) -> Model:
    """Read a .tflite file; raise UnusableModel where it is damaged or has more than one input or output."""
    return parse_model(path.read_bytes())


def parse_model(data: bytes) -> Model:
    """Read the bytes of a .tflite file, with the same errors as `read_model`."""
    root = Table.root(data, b"TFL3")
    names = [_operator_code(code) for code in itertools.islice(root.tables(1), MAX_LAYERS)]
    buffers = [table.array(0, "u1").tobytes() for table in _bounded(root, 4, MAX_TENSORS, len(data))]
    graphs = list(itertools.islice(root.tables(2), 2))
    if len(graphs) != 1:
        raise UnusableModel(f"a model must have one subgraph; this one has {'none' if not graphs else 'more'}")
    graph = graphs[0]
    tensors = tuple(_tensor(index, table, buffers) for index, table in enumerate(_take(graph, 0, MAX_TENSORS)))
    operators = tuple(
        _operator(index, table, names, len(tensors)) for index, table in enumerate(_take(graph, 3, MAX_LAYERS))
    )
    return Model(
        size=len(data),
        tensors=tensors,
        operators=operators,
        input=_only(graph, 1, "input", len(tensors)),
        output=_only(graph, 2, "output", len(tensors)),
    )


def _take(table: Table, field: int, limit: int) -> list[Table]:
    taken = list(itertools.islice(table.tables(field), limit + 1))
    if len(taken) > limit:
        raise UnusableModel(f"the model lists more than {limit} tensors or layers")
    return taken


def _bounded(root: Table, field: int, limit: int, size: int) -> list[Table]:
    tables = _take(root, field, limit)
    if sum(len(table.array(0, "u1")) for table in tables) > size:
        raise UnusableModel("damaged file: its constants overlap")
    return tables


def _operator_code(table: Table) -> str:
    # Old writers fill only the byte, new ones both; the larger of the two is the code (schema.fbs, OperatorCode).
    return operator_name(max(table.integer(0, "b"), table.integer(3, "i")))


def _numbers(table: Table, field: int, dtype: str, limit: int) -> tuple[int, ...]:
    values = table.array(field, dtype)
    if len(values) > limit:
        raise UnusableModel(f"damaged file: a list of {len(values)} items where at most {limit} make sense")
    return tuple(int(value) for value in values)


def _tensor(index: int, table: Table, buffers: list[bytes]) -> Tensor:
    shape = _numbers(table, 0, "<i4", 8)
    # A name goes into error messages: nothing that a terminal would obey.
    name = "".join(chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in table.array(3, "u1").tobytes()[:80])
    if any(size < 1 for size in shape) or math.prod(shape) > MAX_ELEMENTS:
        raise UnusableModel(f"tensor {index} ({name}) has the shape {shape}; sizes must be fixed and positive")
    buffer = table.integer(2, "I")
    if buffer >= len(buffers):
        raise UnusableModel(f"damaged file: tensor {index} names buffer {buffer} of {len(buffers)}")
    code = table.integer(1, "b")
    quantization = table.table(4)
    scales: NDArray[np.generic] = np.zeros(0, "<f4")
    zero_points: NDArray[np.generic] = np.zeros(0, "<i8")
    dimension = 0
    if quantization is not None:
        scales = quantization.array(2, "<f4")
        zero_points = quantization.array(3, "<i8")
        dimension = quantization.integer(6, "i")
    dtype = TYPE_NAMES.get(code, f"type {code}")
    return Tensor(index, name, dtype, shape, scales, zero_points, dimension, buffers[buffer])


def _operator(index: int, table: Table, names: list[str], tensors: int) -> Operator:
    code = table.integer(0, "I")
    if code >= len(names):
        raise UnusableModel(f"damaged file: layer {index} names operator code {code} of {len(names)}")
    inputs = _numbers(table, 1, "<i4", 16)
    outputs = _numbers(table, 2, "<i4", 16)
    if any(not -1 <= tensor < tensors for tensor in inputs) or any(
        not 0 <= tensor < tensors for tensor in outputs
    ):
        raise UnusableModel(f"damaged file: layer {index} ({names[code]}) names a tensor that is not there")
    return Operator(index, names[code], inputs, outputs, table.table(4))


def _only(graph: Table, field: int, what: str, tensors: int) -> int:
    found = graph.array(field, "<i4")
    if len(found) != 1:
        raise UnusableModel(f"a model must have one {what}; this one has {len(found)}")
    tensor = int(found[0])
    if not 0 <= tensor < tensors:
        raise UnusableModel(f"damaged file: its {what} is tensor {tensor} of {tensors}")
    return tensor

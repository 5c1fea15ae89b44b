# SPDX-License-Identifier: Apache-2.0
"""Write small .tflite models, right ones and wrong ones, field by field (numbers of schema.fbs, version 3)."""

from dataclasses import dataclass, field

import flatbuffers
import numpy as np

CODES = {
    "ADD": 0,
    "AVERAGE_POOL_2D": 1,
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 4,
    "FULLY_CONNECTED": 9,
    "MAX_POOL_2D": 17,
    "RESHAPE": 22,
    "SOFTMAX": 25,
    "LSTM": 16,
}
_PREPEND = {
    "b": "PrependInt8",
    "B": "PrependUint8",
    "i": "PrependInt32",
    "I": "PrependUint32",
    "f": "PrependFloat32",
}


@dataclass
class SmallTensor:
    shape: tuple[int, ...]
    scale: object = 1.0
    zero_point: int = 0
    data: np.ndarray | None = None
    kind: int = 9
    axis: int = 0


@dataclass
class SmallOperator:
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[int, tuple[str, float]] = field(default_factory=dict)


@dataclass
class SmallModel:
    tensors: list[SmallTensor]
    operators: list[SmallOperator]
    inputs: tuple[int, ...] = (0,)
    outputs: tuple[int, ...] = (-1,)

    def bytes(self) -> bytes:
        return _model(self)


def _table(builder, slots: dict[int, tuple[str, object]]) -> int:
    builder.StartObject(max(slots, default=-1) + 1)
    for number, (kind, value) in slots.items():
        if kind == "offset":
            builder.PrependUOffsetTRelativeSlot(number, value, 0)
        else:
            getattr(builder, _PREPEND[kind])(value)
            builder.Slot(number)
    return builder.EndObject()


def _vector(builder, offsets: list[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def _array(builder, values, dtype: str) -> int:
    return builder.CreateNumpyVector(np.asarray(values, dtype).reshape(-1))


def _tensor(builder, number: int, tensor: SmallTensor) -> int:
    scales = np.atleast_1d(np.asarray(tensor.scale, "<f4"))
    quantization = _table(
        builder,
        {
            2: ("offset", _array(builder, scales, "<f4")),
            3: ("offset", _array(builder, [tensor.zero_point] * len(scales), "<i8")),
            6: ("i", tensor.axis),
        },
    )
    slots = {
        0: ("offset", _array(builder, tensor.shape, "<i4")),
        1: ("b", tensor.kind),
        2: ("I", number + 1),
        3: ("offset", builder.CreateString(f"t{number}")),
        4: ("offset", quantization),
    }
    return _table(builder, slots)


def _operator(builder, code: int, operator: SmallOperator) -> int:
    slots = {
        0: ("I", code),
        1: ("offset", _array(builder, operator.inputs, "<i4")),
        2: ("offset", _array(builder, operator.outputs, "<i4")),
    }
    if operator.name != "RESHAPE":
        kinds = {
            "CONV_2D": 1,
            "DEPTHWISE_CONV_2D": 2,
            "AVERAGE_POOL_2D": 5,
            "FULLY_CONNECTED": 8,
            "SOFTMAX": 9,
            "ADD": 11,
        }
        slots[3] = ("B", kinds.get(operator.name, 0))
        slots[4] = ("offset", _table(builder, operator.options))
    return _table(builder, slots)


def _model(model: SmallModel) -> bytes:
    builder = flatbuffers.Builder(1024)
    names = sorted({operator.name for operator in model.operators})
    buffers = [_table(builder, {})]
    for tensor in model.tensors:
        raw = b"" if tensor.data is None else tensor.data.tobytes()
        buffers.append(
            _table(builder, {0: ("offset", _array(builder, np.frombuffer(raw, "u1"), "u1"))} if raw else {})
        )
    outputs = [n % len(model.tensors) if n == -1 else n for n in model.outputs]
    graph = _table(
        builder,
        {
            0: ("offset", _vector(builder, [_tensor(builder, n, t) for n, t in enumerate(model.tensors)])),
            1: ("offset", _array(builder, model.inputs, "<i4")),
            2: ("offset", _array(builder, outputs, "<i4")),
            3: ("offset", _vector(builder, [_operator(builder, names.index(o.name), o) for o in model.operators])),
        },
    )
    codes = [_table(builder, {0: ("b", CODES[name]), 2: ("i", 1), 3: ("i", CODES[name])}) for name in names]
    slots = {
        0: ("I", 3),
        1: ("offset", _vector(builder, codes)),
        2: ("offset", _vector(builder, [graph])),
        3: ("offset", builder.CreateString("small")),
        4: ("offset", _vector(builder, buffers)),
    }
    builder.Finish(_table(builder, slots), file_identifier=b"TFL3")
    return bytes(builder.Output())

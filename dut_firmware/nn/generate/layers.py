# SPDX-License-Identifier: Apache-2.0
"""From operators of the file to layers of C: parameters, constants and operation counts, each checked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dut_firmware.nn.generate import quantize
from dut_firmware.nn.generate.errors import UnusableModel
from dut_firmware.nn.generate.flatbuffer import Table
from dut_firmware.nn.generate.schema import Model, Operator, Tensor
from dut_firmware.nn.generate.window import Window, window_of

SUM_LIMIT = (1 << 31) - 256
"""What an accumulator may reach: neither it nor its rescaled value plus a zero point overflows an int32."""
SOFTMAX_MAX_DEPTH = 4095
"""Terms of at most 1 that the sum in softmax.c can hold."""


@dataclass(frozen=True)
class Constant:
    """A constant array of C: its element type, its name and its values."""

    c_type: str
    name: str
    values: NDArray[np.generic]


@dataclass(frozen=True)
class Layer:
    """One layer of C: kernel, parameters (nested as in er_nn.h), tensors read and written, operation count."""

    index: int
    kernel: str
    inputs: tuple[int, ...]
    output: int
    operations: int
    parameters: dict[str, Any] = field(default_factory=dict)


def build_layers(model: Model) -> list[Layer]:
    """Check every operator and return its layer; raise UnusableModel naming the layer and its operator."""
    layers = []
    written = {model.input}
    constant_bytes = 0
    for operator in model.operators:
        constant_bytes += sum(len(model.tensors[tensor].data) for tensor in operator.inputs if tensor >= 0)
        if constant_bytes > model.size:  # else a small damaged file could ask for gigabytes of tables
            raise UnusableModel(f"{operator} shares its weights with an earlier layer; each needs its own")
        if operator.name not in _BUILDERS:
            raise UnusableModel(
                f"{operator} is an operator without a kernel here; the kernels are {', '.join(sorted(_BUILDERS))}"
            )
        layer = _BUILDERS[operator.name](_Context(model, operator))
        for tensor in layer.inputs:
            if tensor not in written:
                raise UnusableModel(f"{operator} reads tensor {tensor}, which no earlier layer writes")
        if layer.output in written or model.tensors[layer.output].data:
            raise UnusableModel(f"{operator} writes tensor {layer.output}, which already has a value")
        if layer.operations >= 1 << 32:
            raise UnusableModel(f"{operator} takes {layer.operations} operations, more than its counter holds")
        written.add(layer.output)
        layers.append(layer)
    if model.output not in written - {model.input}:
        raise UnusableModel("no layer writes the model's output")
    if all(model.input not in layer.inputs for layer in layers):
        raise UnusableModel("no layer reads the model's input")
    return layers


class _Context:
    """What every builder asks of its operator, with errors that name the layer."""

    def __init__(self, model: Model, operator: Operator) -> None:
        self.model = model
        self.operator = operator
        self.where = str(operator)
        self.index = operator.index

    def wrong(self, text: str) -> UnusableModel:
        """Make the error that says what is wrong with this layer."""
        return UnusableModel(f"{self.where} {text}")

    @property
    def options(self) -> Table:
        """Return the table of options."""
        if self.operator.options is None:
            raise self.wrong("has no options")
        return self.operator.options

    def activation(self, number: int) -> Tensor:
        """Return an int8 input that is computed at run time."""
        tensor = self._tensor(self.operator.inputs, number, "input")
        if tensor.data:
            raise self.wrong(f"has a constant as input {number}")
        return self._int8(tensor)

    def output(self) -> Tensor:
        """Return the one int8 output."""
        if len(self.operator.outputs) != 1:
            raise self.wrong(f"has {len(self.operator.outputs)} outputs")
        return self._int8(self._tensor(self.operator.outputs, 0, "output"))

    def weights(self, shape: tuple[int, ...], channel_axis: int) -> tuple[NDArray[np.int64], list[float]]:
        """Return constant int8 weights, checked to have this shape, and their scale for each output channel."""
        tensor = self._tensor(self.operator.inputs, 1, "weights")
        if tensor.dtype != "int8":
            raise self.wrong(f"has weights of type {tensor.dtype}; int8 is needed")
        if tensor.shape != shape:
            raise self.wrong(f"has weights of shape {tensor.shape}; its input and output need {shape}")
        channels = shape[channel_axis]
        if len(tensor.scales) not in {1, channels} or not _positive(tensor.scales):
            raise self.wrong(
                f"has {len(tensor.scales)} weight scales for {channels} channels, or one not positive"
            )
        if len(tensor.scales) > 1 and tensor.quantized_dimension != channel_axis:
            raise self.wrong(f"has weight scales along dimension {tensor.quantized_dimension}, not {channel_axis}")
        if np.any(tensor.zero_points):
            raise self.wrong("has weights with a zero point other than 0")
        scales = [float(scale) for scale in np.broadcast_to(tensor.scales, channels)]
        return tensor.values().astype(np.int64), scales

    def bias(self, channels: int) -> NDArray[np.int64] | None:
        """Return the constant int32 bias of each channel, or None where there is none."""
        if len(self.operator.inputs) < 3 or self.operator.inputs[2] == -1:
            return None
        tensor = self._tensor(self.operator.inputs, 2, "bias")
        if tensor.dtype != "int32" or tensor.count != channels:
            raise self.wrong(
                f"has a bias of type {tensor.dtype} and shape {tensor.shape}; int32[{channels}] is needed"
            )
        return tensor.values().reshape(channels).astype(np.int64)

    def scale(self, tensor: Tensor) -> float:
        """Return the one scale of an activation."""
        return float(tensor.scales[0])

    def zero_point(self, tensor: Tensor) -> int:
        """Return the one zero point of an activation."""
        return int(tensor.zero_points[0])

    def limits(self, activation_field: int) -> tuple[int, int]:
        """Return the clamp of the fused activation, read from this field of the options."""
        output = self.output()
        code = self.options.integer(activation_field, "b")
        return quantize.activation_limits(code, self.scale(output), self.zero_point(output), self.where)

    def same_quantization(self, first: Tensor, second: Tensor) -> None:
        """Check that the layer may pass stored numbers on as they are."""
        if (self.scale(first), self.zero_point(first)) != (self.scale(second), self.zero_point(second)):
            raise self.wrong("has an output whose scale or zero point differs from its input's")

    def _tensor(self, indices: tuple[int, ...], number: int, what: str) -> Tensor:
        if len(indices) <= number or indices[number] == -1:
            raise self.wrong(f"lacks its {what} {number}")
        return self.model.tensors[indices[number]]

    def _int8(self, tensor: Tensor) -> Tensor:
        if tensor.dtype != "int8":
            raise self.wrong(f"has tensor {tensor.index} ({tensor.name}) of type {tensor.dtype}; int8 is needed")
        if len(tensor.scales) != 1 or len(tensor.zero_points) != 1 or not _positive(tensor.scales):
            raise self.wrong(
                f"has tensor {tensor.index} ({tensor.name}) without one positive scale and one zero point"
            )
        if not quantize.INT8_MIN <= tensor.zero_points[0] <= quantize.INT8_MAX:
            raise self.wrong(f"has a zero point of {tensor.zero_points[0]}, outside int8")
        return tensor


def _positive(scales: NDArray[np.generic]) -> bool:
    return bool(np.all(np.isfinite(scales) & np.greater(scales, 0)))


def _weighted(
    context: _Context, source: Tensor, shape: tuple[int, ...], axis: int, activation_field: int
) -> dict[str, Any]:
    """Return what all layers with weights share, having proved that no accumulator overflows."""
    weights, scales = context.weights(shape, axis)
    limits = context.limits(activation_field)
    output = context.output()
    factor = context.scale(source), context.scale(output)
    rescale = [quantize.multiplier_of(factor[0] * scale / factor[1], context.where) for scale in scales]
    bias = context.bias(len(scales))
    zero_point = context.zero_point(source)
    reach = max(quantize.INT8_MAX - zero_point, zero_point - quantize.INT8_MIN)
    per_channel = np.moveaxis(np.abs(weights), axis, 0).reshape(len(scales), -1).sum(axis=1) * reach
    if bias is not None:
        per_channel += np.abs(bias)
    for channel, (sum_bound, multiplier) in enumerate(zip(per_channel.tolist(), rescale, strict=True)):
        if sum_bound << max(multiplier.shift, 0) >= SUM_LIMIT:
            raise context.wrong(f"could overflow 32 bits in channel {channel}")
    name = context.index
    constants = {
        "weights": Constant("int8_t", f"weights_{name}", weights),
        "bias": None if bias is None else Constant("int32_t", f"bias_{name}", bias),
        "rescale": {
            "multiplier": Constant("int32_t", f"multiplier_{name}", np.array([m.multiplier for m in rescale])),
            "shift": Constant("int8_t", f"shift_{name}", np.array([m.shift for m in rescale])),
            "zero_point": context.zero_point(output),
            "minimum": limits[0],
            "maximum": limits[1],
        },
    }
    return {"input_zero_point": zero_point, **constants}


def _image(context: _Context, tensor: Tensor) -> dict[str, int]:
    if len(tensor.shape) != 4 or tensor.shape[0] != 1:
        raise context.wrong(
            f"has tensor {tensor.index} of shape {tensor.shape}; 1 x height x width x channels is needed"
        )
    return dict(zip(("height", "width", "channels"), tensor.shape[1:], strict=True))


def _windowed(context: _Context, window: Window) -> tuple[Tensor, Tensor, dict[str, Any]]:
    """Return input, output and the parameters that all sliding windows share, their shapes checked."""
    source, output = context.activation(0), context.output()
    shapes = {"input": _image(context, source), "output": _image(context, output)}
    expected = window.output_size(source.shape[1], source.shape[2], context.where)
    if output.shape[1:3] != expected:
        raise context.wrong(f"has an output of {output.shape[1]} x {output.shape[2]}; its window gives {expected}")
    return source, output, {**shapes, "window": window.parameters(source.shape[1], source.shape[2])}


def _filter_size(context: _Context) -> tuple[int, int]:
    indices = context.operator.inputs
    shape = context.model.tensors[indices[1]].shape if len(indices) > 1 and indices[1] >= 0 else ()
    if len(shape) != 4:
        raise context.wrong(f"has weights of shape {shape}; four dimensions are needed")
    return shape[1], shape[2]


def _conv_2d(context: _Context) -> Layer:
    window = window_of(context.options, _filter_size(context), dilation_field=4, where=context.where)
    source, output, parameters = _windowed(context, window)
    channels = output.shape[3]
    shape = (channels, window.height, window.width, source.shape[3])
    parameters |= _weighted(context, source, shape, 0, activation_field=3)
    operations = output.count * window.height * window.width * source.shape[3]
    return Layer(context.index, "conv_2d", (source.index,), output.index, operations, parameters)


def _depthwise_conv_2d(context: _Context) -> Layer:
    window = window_of(context.options, _filter_size(context), dilation_field=5, where=context.where)
    source, output, parameters = _windowed(context, window)
    channels = output.shape[3]
    if channels % source.shape[3]:
        raise context.wrong(f"has {channels} output channels, no multiple of its {source.shape[3]} input channels")
    parameters["depth_multiplier"] = channels // source.shape[3]
    shape = (1, window.height, window.width, channels)
    parameters |= _weighted(context, source, shape, 3, activation_field=4)
    operations = output.count * window.height * window.width
    return Layer(context.index, "depthwise_conv_2d", (source.index,), output.index, operations, parameters)


def _fully_connected(context: _Context) -> Layer:
    source, output = context.activation(0), context.output()
    if context.options.integer(1, "b"):
        raise context.wrong("has its weights in a shuffled format")
    parameters: dict[str, Any] = {"inputs": source.count, "outputs": output.count}
    parameters |= _weighted(context, source, (output.count, source.count), 0, activation_field=0)
    return Layer(
        context.index, "fully_connected", (source.index,), output.index, source.count * output.count, parameters
    )


def _average_pool_2d(context: _Context) -> Layer:
    size = context.options.integer(4, "i"), context.options.integer(3, "i")
    window = window_of(context.options, size, dilation_field=None, where=context.where)
    source, output, parameters = _windowed(context, window)
    if source.shape[3] != output.shape[3]:
        raise context.wrong("changes the number of channels")
    context.same_quantization(source, output)
    parameters |= dict(zip(("minimum", "maximum"), context.limits(5), strict=True))
    operations = output.count * window.height * window.width
    return Layer(context.index, "average_pool_2d", (source.index,), output.index, operations, parameters)


def _add(context: _Context) -> Layer:
    first, second, output = context.activation(0), context.activation(1), context.output()
    if not first.shape == second.shape == output.shape:
        raise context.wrong(f"adds shapes {first.shape} and {second.shape}; they must be equal")
    tensors = first, second, output
    scales = [context.scale(tensor) for tensor in tensors]
    multipliers = quantize.add_multipliers(scales[0], scales[1], scales[2], context.where)
    parameters: dict[str, Any] = {"count": output.count}
    for name, tensor, scaled in zip(("first", "second", "sum"), tensors, multipliers, strict=True):
        parameters[name] = {
            "zero_point": context.zero_point(tensor),
            "multiplier": scaled.multiplier,
            "shift": scaled.shift,
        }
    parameters |= dict(zip(("minimum", "maximum"), context.limits(0), strict=True))
    return Layer(context.index, "add", (first.index, second.index), output.index, output.count, parameters)


def _reshape(context: _Context) -> Layer:
    source, output = context.activation(0), context.output()
    if source.count != output.count:
        raise context.wrong(f"makes {source.shape} into {output.shape}, another number of elements")
    context.same_quantization(source, output)
    return Layer(context.index, "reshape", (source.index,), output.index, 0)


def _softmax(context: _Context) -> Layer:
    source, output = context.activation(0), context.output()
    depth = source.shape[-1] if source.shape else 0
    if source.shape != output.shape or not 1 <= depth <= SOFTMAX_MAX_DEPTH:
        raise context.wrong(
            f"makes {source.shape} into {output.shape}; 1 to {SOFTMAX_MAX_DEPTH} classes are possible"
        )
    if (context.scale(output), context.zero_point(output)) != (1 / 256, -128):
        raise context.wrong("has an output with another scale than 1/256 or another zero point than -128")
    beta = context.options.real(0)
    if not 0 < beta < 1e6:
        raise context.wrong(f"has a beta of {beta:g}")
    scaled, lowest = quantize.softmax_scaling(beta, context.scale(source), context.where)
    parameters = {
        "rows": source.count // depth,
        "depth": depth,
        "multiplier": scaled.multiplier,
        "shift": scaled.shift,
        "lowest_difference": lowest,
    }
    return Layer(context.index, "softmax", (source.index,), output.index, source.count, parameters)


_BUILDERS: dict[str, Callable[[_Context], Layer]] = {
    "ADD": _add,
    "AVERAGE_POOL_2D": _average_pool_2d,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "FULLY_CONNECTED": _fully_connected,
    "RESHAPE": _reshape,
    "SOFTMAX": _softmax,
}

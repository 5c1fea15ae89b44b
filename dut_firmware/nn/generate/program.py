# SPDX-License-Identifier: Apache-2.0
"""A model made ready for C: its layers, where its activations lie, and what it needs of a target."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dut_firmware.nn.generate.arena import Buffer, Plan, lower_bound, plan_arena
from dut_firmware.nn.generate.errors import UnusableModel
from dut_firmware.nn.generate.layers import Constant, Layer, build_layers
from dut_firmware.nn.generate.schema import Model

_ITEM_BYTES = {"int8_t": 1, "int32_t": 4}
_WEIGHTED = {"conv_2d", "depthwise_conv_2d", "fully_connected"}


@dataclass(frozen=True)
class Program:
    """What emit.py writes."""

    name: str
    model: Model
    layers: list[Layer]
    homes: dict[int, int]
    plan: Plan
    least_ram_bytes: int

    def offset(self, tensor: int) -> int:
        """Return the place of an activation in the arena, in bytes."""
        return self.plan.offsets[self.homes[tensor]]

    def constants(self) -> Iterator[Constant]:
        """Yield the constant arrays of all layers in order."""
        for layer in self.layers:
            yield from (value for value in _leaves(layer.parameters) if isinstance(value, Constant))

    @property
    def macs(self) -> int:
        """The multiply-accumulates of one inference."""
        return sum(layer.operations for layer in self.layers if layer.kernel in _WEIGHTED)

    @property
    def ram_bytes(self) -> int:
        """The bytes of the arena, the only RAM that a model takes beside the stack."""
        return self.plan.size

    @property
    def flash_bytes(self) -> int:
        """The bytes of weights and tables on a 32-bit target; the code of the firmware comes on top."""
        arrays = sum(constant.values.size * _ITEM_BYTES[constant.c_type] for constant in self.constants())
        return arrays + sum(4 * len(list(_leaves(layer.parameters))) for layer in self.layers)

    def must_fit(self, flash_bytes: int | None, ram_bytes: int | None) -> None:
        """Raise UnusableModel saying by how much the model misses a limit; None is no limit."""
        wants = (("flash", self.flash_bytes, flash_bytes), ("RAM", self.ram_bytes, ram_bytes))
        misses = [
            f"{need} bytes of {kind}, {need - limit} more than the {limit} allowed"
            for kind, need, limit in wants
            if limit is not None and need > limit
        ]
        if misses:
            raise UnusableModel(f"{self.name} is too big for the target: it needs {' and '.join(misses)}")


def build_program(name: str, model: Model) -> Program:
    """Check the model, build its layers and plan its arena."""
    layers = build_layers(model)
    # A reshape's output is its input under another shape, so both have one home.
    homes = {model.input: model.input}
    for layer in layers:
        homes[layer.output] = homes[layer.inputs[0]] if layer.kernel == "reshape" else layer.output
    buffers = _lifetimes(model, layers, homes)
    safe_name = re.sub(r"[^A-Za-z0-9_.-]", "_", name) or "model"
    return Program(safe_name, model, layers, homes, plan_arena(buffers), lower_bound(buffers))


def _lifetimes(model: Model, layers: list[Layer], homes: dict[int, int]) -> list[Buffer]:
    end = len(layers)
    first = {homes[model.input]: 0}
    last = {homes[model.input]: end}
    for step, layer in enumerate(layers):
        first.setdefault(homes[layer.output], step)
        for tensor in (*layer.inputs, layer.output):
            home = homes[tensor]
            last[home] = max(last.get(home, 0), step)
    last[homes[model.output]] = end
    return [Buffer(home, model.tensors[home].count, first[home], last[home]) for home in first]


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    else:
        yield value

# SPDX-License-Identifier: Apache-2.0
"""Events of an emulated core, stamped with their exact cycle."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The kind of a `CoreEvent`, with the meaning of its value."""

    UART = "uart"  # a byte whose start bit begins
    TIMESTAMP = "timestamp"  # the new level of the pin, 0 or 1
    ACTIVITY = "activity"  # what the firmware does from here on, a number of the port's enum activity
    LAYER = "layer"  # kind << 16 | index of a layer that begins
    FAULT = "fault"  # the PC of the instruction that stopped the core


@dataclass(frozen=True)
class Fault:
    """Why the core stopped for ever: the instruction's `pc`, and the `address` that it accessed, if any."""

    what: str
    pc: int
    address: int | None = None

    def __str__(self) -> str:
        where = "" if self.address is None else f" at 0x{self.address:08x}"
        return f"{self.what}{where}, PC 0x{self.pc:08x}"


@dataclass(frozen=True)
class CoreEvent:
    """One event; `cycle` counts all cycles, executed or slept, before its instruction."""

    cycle: int
    kind: Kind
    value: int
    operations: int = 0
    """Of a LAYER: its operations, as `er_profile_layer` of er_nn.h counts them."""
    fault: Fault | None = None
    """Of a FAULT: its cause."""

    @property
    def layer_index(self) -> int:
        """Of a LAYER: its place in the network, from 0."""
        return self.value & 0xFFFF

    @property
    def layer_kind(self) -> int:
        """Of a LAYER: `er_kind_t` of er_nn.h."""
        return self.value >> 16

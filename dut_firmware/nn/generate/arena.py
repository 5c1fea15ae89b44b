# SPDX-License-Identifier: Apache-2.0
"""Place the activations in one block of RAM so that those alive together never overlap.

Every activation lives from the layer that writes it to the last one that reads it. The model's input lives always:
the benchmark loads it once and infers many times. The output lives to the end. Greedy by size, at the lowest free
offset (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020, section 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass

ALIGNMENT = 4
"""Word loads of a Cortex-M are fastest, and those of optimized kernels only legal, at multiples of 4."""


@dataclass(frozen=True)
class Buffer:
    """One activation: its bytes, and the first and last layer at which it is alive."""

    key: int
    size: int
    first: int
    last: int

    def meets(self, other: "Buffer") -> bool:
        """Tell whether both are alive at some layer."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Plan:
    """The offset of each buffer in bytes, and the size of the whole arena."""

    offsets: dict[int, int]
    size: int


def plan_arena(buffers: Sequence[Buffer]) -> Plan:
    """Place the buffers, the largest first."""
    placed: list[tuple[int, Buffer]] = []
    for buffer in sorted(buffers, key=lambda b: (-b.size, b.first, b.key)):
        offset = 0
        for start, other in sorted(placed, key=lambda item: item[0]):
            if buffer.meets(other):
                if offset + buffer.size <= start:
                    break
                offset = max(offset, _aligned(start + other.size))
        placed.append((offset, buffer))
    return Plan(
        offsets={buffer.key: offset for offset, buffer in placed},
        size=max((_aligned(offset + buffer.size) for offset, buffer in placed), default=0),
    )


def lower_bound(buffers: Sequence[Buffer]) -> int:
    """Return the most bytes alive at one layer: no plan can do with less."""
    layers = {buffer.first for buffer in buffers}
    return max((sum(b.size for b in buffers if b.first <= layer <= b.last) for layer in layers), default=0)


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT

# SPDX-License-Identifier: Apache-2.0
"""From real scales to fixed-point multipliers, by the arithmetic that the tflite-micro interpreter uses.

Sources: Jacob et al., CVPR 2018, section 2.2 (a multiplier as a fraction in [1/2, 1) and a power of two);
LiteRT 8-bit quantization specification. Products and quotients of scales are taken in double precision: in
float32 some results of FULLY_CONNECTED layers differ by 1 from the interpreter's.
"""

import math
from dataclasses import dataclass

import numpy as np

from dut_firmware.nn.generate.errors import UnusableModel

INT8_MIN, INT8_MAX = -128, 127
ADD_FRACTION_BITS = 20
"""As in add.c."""
SOFTMAX_INTEGER_BITS = 5
"""As in softmax.c: differences are Q5.26."""
NONE, RELU, RELU_N1_TO_1, RELU6 = range(4)
_REAL_LIMITS = {RELU: (0.0, None), RELU_N1_TO_1: (-1.0, 1.0), RELU6: (0.0, 6.0)}


@dataclass(frozen=True)
class Multiplier:
    """A real number as multiplier / 2^31 * 2^shift, the multiplier in [2^30, 2^31)."""

    multiplier: int
    shift: int


def multiplier_of(real: float, where: str) -> Multiplier:
    """Return the nearest fixed-point multiplier of a real factor, 0 where it is below 2^-32."""
    fraction, exponent = math.frexp(real)
    fixed = math.floor(fraction * (1 << 31) + 0.5)
    if fixed == 1 << 31:
        fixed //= 2
        exponent += 1
    if exponent < -31:
        return Multiplier(0, 0)
    if exponent > 30:
        raise UnusableModel(f"{where} scales by {real:g}, which does not fit the fixed-point form")
    return Multiplier(fixed, exponent)


def activation_limits(activation: int, scale: float, zero_point: int, where: str) -> tuple[int, int]:
    """Return the int8 clamp of a fused activation for an output of this scale and zero point."""
    if activation == NONE:
        return INT8_MIN, INT8_MAX
    if activation not in _REAL_LIMITS:
        raise UnusableModel(
            f"{where} has the fused activation {activation}; RELU, RELU_N1_TO_1 and RELU6 are known"
        )
    low, high = _REAL_LIMITS[activation]
    minimum = max(INT8_MIN, _quantized(low, scale, zero_point))
    maximum = INT8_MAX if high is None else min(INT8_MAX, _quantized(high, scale, zero_point))
    return minimum, maximum


def add_multipliers(first: float, second: float, output: float, where: str) -> tuple[Multiplier, ...]:
    """Return the multipliers of both inputs and of the sum; the common scale is twice the larger input scale."""
    common = 2 * max(first, second)
    to_output = common / ((1 << ADD_FRACTION_BITS) * output)
    if to_output >= 1:
        raise UnusableModel(f"{where} has an output scale {output:g} far below its input scales")
    return tuple(multiplier_of(real, where) for real in (first / common, second / common, to_output))


def softmax_scaling(beta: float, scale: float, where: str) -> tuple[Multiplier, int]:
    """Return the multiplier from input steps to units of 2^-26, and the lowest difference that still counts."""
    fraction_bits = 31 - SOFTMAX_INTEGER_BITS
    multiplier = multiplier_of(min(beta * scale * (1 << fraction_bits), (1 << 31) - 1.0), where)
    if multiplier.shift < 0 or multiplier.multiplier == 0:
        raise UnusableModel(f"{where} has a scale of {beta * scale:g}, too small to make a difference")
    lowest = -math.floor(((1 << SOFTMAX_INTEGER_BITS) - 1) * (1 << fraction_bits) / (1 << multiplier.shift))
    return multiplier, lowest


def _quantized(real: float, scale: float, zero_point: int) -> int:
    with np.errstate(over="ignore"):  # an infinite quotient is clamped like any large one
        steps = float(np.float32(real) / np.float32(scale))
    rounded_size = math.floor(min(abs(steps), 1024.0) + 0.5)  # half away from zero
    return zero_point + (rounded_size if steps >= 0 else -rounded_size)

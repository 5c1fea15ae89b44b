# SPDX-License-Identifier: Apache-2.0
"""The int8 arithmetic a second time, in numpy and Python's unbounded integers, from gemmlowp's definitions.

Whole tensors at once over explicitly padded inputs, sharing nothing with the C kernels or the generator.
"""

import math
from fractions import Fraction

import numpy as np


def rescaled(values, real_multiplier):
    """Apply a real multiplier by double rounding: the high half of the doubled product, then the shift."""
    fraction, shift = math.frexp(real_multiplier)
    fixed = round(Fraction(fraction) * 2**31)
    if fixed == 2**31:
        fixed, shift = 2**30, shift + 1
    result = []
    for value in np.asarray(values, object).reshape(-1):
        product = int(value) * 2 ** max(shift, 0) * fixed
        nudge = 2**30 if product >= 0 else 1 - 2**30
        high = abs(product + nudge) // 2**31 * (1 if product + nudge >= 0 else -1)
        result.append(half_away(Fraction(high, 2 ** max(-shift, 0))))
    return np.array(result, object).reshape(np.shape(values))


def half_away(value):
    return int(math.copysign(math.floor(abs(value) + Fraction(1, 2)), value)) if value else 0


def clamped(values, limits):
    return np.clip(values.astype(np.int64), *limits).astype(np.int8)


def relu_limits(activation, scale, zero_point):
    reals = {0: (-1e9, 1e9), 1: (0, 1e9), 2: (-1, 1), 3: (0, 6)}[activation]
    return tuple(
        max(-128, min(127, zero_point + half_away(Fraction(float(np.float32(r) / np.float32(scale))))))
        for r in reals
    )


def windows(image, size, strides, same, fill):
    """Return [y, x, tap_y, tap_x, channel] of a padded image [y, x, channel]."""
    pads, counts = [], []
    for n, k, s in zip(image.shape[:2], size, strides, strict=True):
        count = -(-n // s) if same else (n - k) // s + 1
        total = max((count - 1) * s + k - n, 0)
        pads.append((total // 2, total - total // 2 + k))
        counts.append(count)
    padded = np.pad(image.astype(object), (*pads, (0, 0)), constant_values=fill)
    views = np.lib.stride_tricks.sliding_window_view(padded, size, axis=(0, 1))
    picked = views[:: strides[0], :: strides[1]][: counts[0], : counts[1]]
    return np.moveaxis(picked, 2, -1)


def conv_2d(image, weights, bias, *, zero_point, strides, same):
    taps = windows(image.astype(int) - zero_point, weights.shape[1:3], strides, same, 0)
    return np.einsum("yxabc,oabc->yxo", taps.astype(np.int64), weights.astype(np.int64)) + bias


def depthwise(image, weights, bias, *, zero_point, strides, same):
    repeated = np.repeat(image.astype(int) - zero_point, weights.shape[3] // image.shape[2], axis=2)
    taps = windows(repeated, weights.shape[1:3], strides, same, 0)
    return np.einsum("yxabo,abo->yxo", taps.astype(np.int64), weights[0].astype(np.int64)) + bias


def average_pool(image, size, strides, same):
    taps = windows(image, size, strides, same, None)
    result = np.empty((*taps.shape[:2], taps.shape[4]), object)
    for y, x, c in np.ndindex(result.shape):
        inside = [int(v) for v in taps[y, x, :, :, c].reshape(-1) if v is not None]
        result[y, x, c] = half_away(Fraction(sum(inside), len(inside)))
    return result


def add(first, second, scales, zero_points):
    common = 2 * max(scales[0], scales[1])
    sums = sum(
        rescaled((tensor.astype(int) - zero_point) * 2**20, scale / common)
        for tensor, scale, zero_point in zip((first, second), scales, zero_points, strict=False)
    )
    return rescaled(sums, common / (2**20 * scales[2])) + zero_points[2]


def softmax(row, scale, beta):
    """The real softmax in steps of 1/256, not rounded."""
    powers = np.exp(beta * scale * (row.astype(float) - row.max()))
    return powers / powers.sum() * 256 - 128

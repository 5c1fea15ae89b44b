/* SPDX-License-Identifier: Apache-2.0 */
/* The fixed-point arithmetic of the int8 scheme.
 *
 * A real multiplier is held as multiplier * 2^(shift - 31) with 2^30 <= multiplier < 2^31 (Jacob et al., "Quantization
 * and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018, section 2.2). The product
 * is rounded twice, as gemmlowp defines it (google/gemmlowp, doc/quantization.md and doc/less-than-8-bit.md;
 * the operations are named SaturatingRoundingDoublingHighMul and RoundingDivideByPOT there). A single rounding of the
 * exact product is more accurate, but differs by 1 in some results from what the interpreter gives.
 *
 * `>>` of a negative int64_t is meant as division rounding down. C11 leaves it to the implementation (6.5.7);
 * every compiler we build with (GCC, Clang) defines it so.
 */
#include "er_nn.h"

/* a * b / 2^31, ties rounded up. gemmlowp saturates the one case that does not fit, INT32_MIN * INT32_MIN; it cannot
 * arise here, since one factor is always a multiplier, a constant or a fraction above INT32_MIN. */
int32_t er_multiply_high(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
}

/* value / 2^exponent, ties rounded away from zero. */
int32_t er_divide_by_power_of_two(int32_t value, int32_t exponent)
{
    if (exponent == 0) {
        return value;
    }
    int64_t half = INT64_C(1) << (exponent - 1);
    return (int32_t)((value + half - (value < 0)) >> exponent);
}

/* value * multiplier / 2^31 * 2^shift. A positive shift is done before the product, a negative one after it. */
int32_t er_multiply(int32_t value, int32_t multiplier, int32_t shift)
{
    if (shift > 0) {
        return er_multiply_high(value * (INT32_C(1) << shift), multiplier);
    }
    return er_divide_by_power_of_two(er_multiply_high(value, multiplier), -shift);
}

int8_t er_clamp(int32_t value, int32_t minimum, int32_t maximum)
{
    if (value < minimum) {
        return (int8_t)minimum;
    }
    return (int8_t)(value > maximum ? maximum : value);
}

int8_t er_rescale(const er_rescale_t *rescale, int32_t channel, int32_t accumulator)
{
    int32_t scaled = er_multiply(accumulator, rescale->multiplier[channel], rescale->shift[channel]);
    return er_clamp(scaled + rescale->zero_point, rescale->minimum, rescale->maximum);
}

int32_t er_dot(const int8_t *values, int32_t zero_point, const int8_t *weights, int32_t count)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += (values[i] - zero_point) * weights[i];
    }
    return sum;
}

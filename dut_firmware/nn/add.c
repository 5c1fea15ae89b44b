/* SPDX-License-Identifier: Apache-2.0 */
/* ADD of two tensors with different scales: both are brought to a common scale, added, and brought to the output's.
 *
 * The common scale is twice the larger of the two, so that the sum cannot overflow; 20 bits of fraction below it keep
 * the roundings of the inputs out of the result (a value of 255 steps takes 8 + 20 bits of the 31). */
#include "er_nn.h"

enum { FRACTION_BITS = 20 };

static int32_t to_common_scale(const er_addend_t *addend, int8_t value)
{
    int32_t widened = (value - addend->zero_point) * (INT32_C(1) << FRACTION_BITS);
    return er_multiply(widened, addend->multiplier, addend->shift);
}

void er_add(const er_add_t *layer, const int8_t *first, const int8_t *second, int8_t *output)
{
    for (int32_t i = 0; i < layer->count; i++) {
        int32_t sum = to_common_scale(&layer->first, first[i]) + to_common_scale(&layer->second, second[i]);
        int32_t scaled = er_multiply(sum, layer->sum.multiplier, layer->sum.shift);
        output[i] = er_clamp(scaled + layer->sum.zero_point, layer->minimum, layer->maximum);
    }
}

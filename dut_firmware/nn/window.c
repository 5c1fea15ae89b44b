/* SPDX-License-Identifier: Apache-2.0 */
/* Which taps of a window lie inside the input. Padding holds the zero point, so its taps add nothing to a sum and are
 * skipped rather than read. */
#include "er_nn.h"

er_taps_t er_taps(int32_t output_position, int32_t stride, int32_t pad, int32_t taps, int32_t input_size)
{
    int32_t origin = output_position * stride - pad;
    int32_t left = input_size - origin;
    er_taps_t inside = {.origin = origin, .first = origin < 0 ? -origin : 0, .end = left < taps ? left : taps};
    return inside;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The input formats and results of the benchmarks. Nothing here runs inside a window: `infer` loads before it and
 * asks for results after it. */
#include <string.h>

#include "er_stimulus.h"

void er_load_int8(const uint8_t *bytes, const er_tensor_t *tensor, int8_t *input)
{
    if (bytes == NULL) {
        memset(input, 0, tensor->count);
    } else {
        memcpy(input, bytes, tensor->count);
    }
}

void er_load_uint8(const uint8_t *bytes, const er_tensor_t *tensor, int8_t *input)
{
    for (size_t i = 0; i < tensor->count; i++) {
        input[i] = (int8_t)((bytes == NULL ? 0 : bytes[i]) - 128);
    }
}

/* The i-th float32 of a stimulus, whatever the byte order of this machine. */
static float real_at(const uint8_t *bytes, size_t i)
{
    float value = 0.0f;

    if (bytes != NULL) {
        const uint8_t *at = bytes + 4 * i;
        uint32_t bits = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
        memcpy(&value, &bits, sizeof value);
    }
    return value;
}

/* C's roundf() without <math.h>; adding 0.5 and cutting off would round 0.49999997 to 1. Any int8 is reached by
 * fewer than 512 steps, so what is larger is cut before it can overflow. */
static int32_t rounded(float steps)
{
    if (steps >= 512.0f || steps <= -512.0f) {
        return steps > 0.0f ? 512 : -512;
    }
    int32_t whole = (int32_t)steps;
    float rest = steps - (float)whole;
    return whole + (rest >= 0.5f) - (rest <= -0.5f);
}

static int8_t quantized(float value, const er_tensor_t *tensor)
{
    float steps = value / tensor->scale;

    if (!(steps < 0.0f || steps >= 0.0f)) { /* neither: not a number */
        return 0;
    }
    int32_t stored = rounded(steps) + tensor->zero_point;
    return (int8_t)(stored < INT8_MIN ? INT8_MIN : stored > INT8_MAX ? INT8_MAX : stored);
}

void er_load_float32(const uint8_t *bytes, const er_tensor_t *tensor, int8_t *input)
{
    for (size_t i = 0; i < tensor->count; i++) {
        input[i] = quantized(real_at(bytes, i), tensor);
    }
}

size_t er_dequantized(const uint8_t *bytes, const er_tensor_t *tensor, const int8_t *output, float *values, size_t max)
{
    size_t count = tensor->count < max ? tensor->count : max;

    (void)bytes;
    for (size_t i = 0; i < count; i++) {
        values[i] = tensor->scale * (float)(output[i] - tensor->zero_point);
    }
    return count;
}

/* In double precision: 640 squares summed in single precision would cost the last printed digit now and then. */
size_t er_reconstruction_error(const uint8_t *bytes, const er_tensor_t *tensor, const int8_t *output, float *values,
                               size_t max)
{
    double sum = 0.0;

    if (max == 0) {
        return 0;
    }
    for (size_t i = 0; i < tensor->count; i++) {
        double restored = (double)tensor->scale * (double)(output[i] - tensor->zero_point);
        double difference = (double)real_at(bytes, i) - restored;
        sum += difference * difference;
    }
    values[0] = (float)(sum / (double)tensor->count);
    return 1;
}

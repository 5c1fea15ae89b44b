/* SPDX-License-Identifier: Apache-2.0 */
/* Between the bytes of a stimulus and the network's int8 tensors. Which of these a benchmark uses is a row of
 * generate/benchmarks.py and is written into the generated er_network.h; er_nn_model.c calls them.
 *
 * `count` is the number of values of the tensor. `bytes` may be a null pointer: then every value is zero. */
#ifndef ER_STIMULUS_H
#define ER_STIMULUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An int8 tensor with its quantization: real = scale * (value - zero_point). */
typedef struct {
    size_t count;
    float scale;
    int32_t zero_point;
} er_tensor_t;

/* int8 features, one byte per value, unchanged (kws01, sww01). */
void er_load_int8(const uint8_t *bytes, const er_tensor_t *tensor, int8_t *input);

/* Pixels from 0 to 255, one byte per value, moved by -128 (vww01, ic01, ic02). */
void er_load_uint8(const uint8_t *bytes, const er_tensor_t *tensor, int8_t *input);

/* float32, little endian, quantized (ad01): divided by the scale in single precision, ties rounded away from zero,
 * clamped; NaN becomes 0, as in the conversion of a Cortex-M. */
void er_load_float32(const uint8_t *bytes, const er_tensor_t *tensor, int8_t *input);

/* All outputs as real numbers, `max` of them at most; return how many. `bytes` is not looked at. */
size_t er_dequantized(const uint8_t *bytes, const er_tensor_t *tensor, const int8_t *output, float *values, size_t max);

/* One number: the mean squared difference of the outputs to the float32 values of the stimulus (ad01). */
size_t er_reconstruction_error(const uint8_t *bytes, const er_tensor_t *tensor, const int8_t *output, float *values,
                               size_t max);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* int8 neural-network kernels: all types, all functions.
 *
 * What they compute is the TFLite int8 quantization scheme (ai.google.dev/edge/litert, "LiteRT 8-bit quantization
 * specification"): real = scale * (q - zero_point), weights symmetric (zero point 0), accumulation in int32, and a
 * rescale of each accumulator by a fixed-point multiplier. The rounding is gemmlowp's "double rounding" (see
 * fixed_point.c), which is what the tflite-micro interpreter does, so results agree with it bit by bit.
 *
 * Tensors are int8, row-major, batch 1, channels last: element (y, x, c) is at (y * width + x) * channels + c.
 * No heap, no floating point, no static state. All sizes are checked by the generator before any C is written; it
 * also proves that no accumulator can overflow, so the kernels check nothing at run time.
 */
#ifndef ER_NN_H
#define ER_NN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The number of a kind goes over the activity marker of a port: never renumber, only append. */
typedef enum {
    ER_CONV_2D = 1,
    ER_DEPTHWISE_CONV_2D = 2,
    ER_FULLY_CONNECTED = 3,
    ER_AVERAGE_POOL_2D = 4,
    ER_ADD = 5,
    ER_RESHAPE = 6,
    ER_SOFTMAX = 7
} er_kind_t;

/* Supplied by the port; an empty body is a fine implementation. Called by er_network_invoke() just before layer
 * `index` starts: the time until the next call, or until er_network_invoke() returns, belongs to that layer.
 * `macs` counts multiply-accumulates of the whole layer, taps that fall on padding included (CONV_2D,
 * DEPTHWISE_CONV_2D, FULLY_CONNECTED), additions (AVERAGE_POOL_2D, ADD) or elements (SOFTMAX); RESHAPE has 0. */
void er_profile_layer(uint16_t index, er_kind_t kind, uint32_t macs);

typedef struct {
    int32_t height, width, channels;
} er_shape_t;

/* A sliding window. `pad_top` and `pad_left` count rows and columns of padding before the input; those after it
 * follow from the output's size. */
typedef struct {
    int32_t height, width;
    int32_t stride_y, stride_x;
    int32_t pad_top, pad_left;
} er_window_t;

/* From an accumulator to int8: multiplied by multiplier[channel] / 2^31 * 2^shift[channel], moved by the zero point
 * of the output, and clamped. The clamp is also where a fused RELU or RELU6 happens. */
typedef struct {
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t zero_point;
    int32_t minimum, maximum;
} er_rescale_t;

typedef struct {
    er_shape_t input, output;
    er_window_t window;
    int32_t input_zero_point;
    const int8_t *weights; /* [output channel][y][x][input channel] */
    const int32_t *bias;   /* [output channel], or a null pointer */
    er_rescale_t rescale;
} er_conv_2d_t;

typedef struct {
    er_shape_t input, output;
    er_window_t window;
    int32_t depth_multiplier; /* output channel c reads input channel c / depth_multiplier */
    int32_t input_zero_point;
    const int8_t *weights; /* [y][x][output channel] */
    const int32_t *bias;   /* [output channel], or a null pointer */
    er_rescale_t rescale;
} er_depthwise_conv_2d_t;

typedef struct {
    int32_t inputs, outputs;
    int32_t input_zero_point;
    const int8_t *weights; /* [output][input] */
    const int32_t *bias;   /* [output], or a null pointer */
    er_rescale_t rescale;
} er_fully_connected_t;

typedef struct {
    er_shape_t input, output;
    er_window_t window;
    int32_t minimum, maximum;
} er_average_pool_2d_t;

typedef struct {
    int32_t zero_point, multiplier, shift;
} er_addend_t;

typedef struct {
    int32_t count;
    er_addend_t first, second, sum; /* sum.zero_point is the output's */
    int32_t minimum, maximum;
} er_add_t;

typedef struct {
    int32_t rows, depth;
    int32_t multiplier, shift; /* from input steps to units of 2^-26 */
    int32_t lowest_difference; /* below the row's maximum by more than this: the result is 0 */
} er_softmax_t;

/* Each kernel reads `input` and writes `output`, which must not overlap. */
void er_conv_2d(const er_conv_2d_t *layer, const int8_t *input, int8_t *output);
void er_depthwise_conv_2d(const er_depthwise_conv_2d_t *layer, const int8_t *input, int8_t *output);
void er_fully_connected(const er_fully_connected_t *layer, const int8_t *input, int8_t *output);
void er_average_pool_2d(const er_average_pool_2d_t *layer, const int8_t *input, int8_t *output);
void er_add(const er_add_t *layer, const int8_t *first, const int8_t *second, int8_t *output);
void er_softmax(const er_softmax_t *layer, const int8_t *input, int8_t *output);
/* A reshape moves no byte where the arena plan gives input and output the same place, as ours always does. */
void er_reshape(int32_t count, const int8_t *input, int8_t *output);

/* What the kernels share: fixed_point.c and window.c. */
int32_t er_multiply_high(int32_t a, int32_t b);
int32_t er_divide_by_power_of_two(int32_t value, int32_t exponent);
int32_t er_multiply(int32_t value, int32_t multiplier, int32_t shift);
int8_t er_clamp(int32_t value, int32_t minimum, int32_t maximum);
int8_t er_rescale(const er_rescale_t *rescale, int32_t channel, int32_t accumulator);
int32_t er_dot(const int8_t *values, int32_t zero_point, const int8_t *weights, int32_t count);

/* The taps [first, end) of one axis that lie inside the input, and the input position of tap 0. */
typedef struct {
    int32_t origin, first, end;
} er_taps_t;

er_taps_t er_taps(int32_t output_position, int32_t stride, int32_t pad, int32_t taps, int32_t input_size);

#ifdef __cplusplus
}
#endif

#endif

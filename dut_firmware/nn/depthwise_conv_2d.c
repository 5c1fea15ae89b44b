/* SPDX-License-Identifier: Apache-2.0 */
/* DEPTHWISE_CONV_2D: every output channel sees one input channel only. */
#include <stddef.h>

#include "er_nn.h"

static int32_t sum_window(const er_depthwise_conv_2d_t *layer, const int8_t *input, int32_t channel, er_taps_t rows,
                          er_taps_t columns)
{
    int32_t input_step = layer->input.channels;
    int32_t weight_step = layer->output.channels;
    int32_t sum = 0;
    for (int32_t y = rows.first; y < rows.end; y++) {
        int32_t pixel = (rows.origin + y) * layer->input.width + columns.origin + columns.first;
        int32_t tap = y * layer->window.width + columns.first;
        const int8_t *value = input + pixel * input_step + channel / layer->depth_multiplier;
        const int8_t *weight = layer->weights + tap * weight_step + channel;
        for (int32_t x = 0; x < columns.end - columns.first; x++) {
            sum += (value[x * input_step] - layer->input_zero_point) * weight[x * weight_step];
        }
    }
    return sum;
}

void er_depthwise_conv_2d(const er_depthwise_conv_2d_t *layer, const int8_t *input, int8_t *output)
{
    const er_window_t *window = &layer->window;
    for (int32_t y = 0; y < layer->output.height; y++) {
        er_taps_t rows = er_taps(y, window->stride_y, window->pad_top, window->height, layer->input.height);
        for (int32_t x = 0; x < layer->output.width; x++) {
            er_taps_t columns = er_taps(x, window->stride_x, window->pad_left, window->width, layer->input.width);
            for (int32_t c = 0; c < layer->output.channels; c++) {
                int32_t sum = sum_window(layer, input, c, rows, columns);
                if (layer->bias != NULL) {
                    sum += layer->bias[c];
                }
                *output++ = er_rescale(&layer->rescale, c, sum);
            }
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* CONV_2D: every output channel is a dot product of the window with its own filter, plus a bias. */
#include <stddef.h>

#include "er_nn.h"

/* One row of the window is contiguous in the input and in the filter, so it is one dot product. */
static int32_t sum_window(const er_conv_2d_t *layer, const int8_t *input, const int8_t *filter, er_taps_t rows,
                          er_taps_t columns)
{
    int32_t channels = layer->input.channels;
    int32_t count = (columns.end - columns.first) * channels;
    int32_t sum = 0;
    for (int32_t y = rows.first; y < rows.end; y++) {
        int32_t pixel = (rows.origin + y) * layer->input.width + columns.origin + columns.first;
        int32_t tap = y * layer->window.width + columns.first;
        sum += er_dot(input + pixel * channels, layer->input_zero_point, filter + tap * channels, count);
    }
    return sum;
}

/* The same with four filters that follow each other: each value is fetched, and freed of its zero point, once for all
 * of them. That takes half the instructions of four single sums, and the sums are the same. */
#define TOGETHER 4

static void sum_four_windows(const er_conv_2d_t *layer, const int8_t *input, const int8_t *filters, er_taps_t rows,
                             er_taps_t columns, int32_t sums[TOGETHER])
{
    int32_t channels = layer->input.channels;
    int32_t filter_size = layer->window.height * layer->window.width * channels;
    int32_t count = (columns.end - columns.first) * channels;
    int32_t sum_0 = 0, sum_1 = 0, sum_2 = 0, sum_3 = 0;
    for (int32_t y = rows.first; y < rows.end; y++) {
        int32_t pixel = (rows.origin + y) * layer->input.width + columns.origin + columns.first;
        const int8_t *values = input + pixel * channels;
        const int8_t *filter_0 = filters + (y * layer->window.width + columns.first) * channels;
        const int8_t *filter_1 = filter_0 + filter_size;
        const int8_t *filter_2 = filter_1 + filter_size;
        const int8_t *filter_3 = filter_2 + filter_size;
        for (int32_t i = 0; i < count; i++) {
            int32_t value = values[i] - layer->input_zero_point;
            sum_0 += value * filter_0[i];
            sum_1 += value * filter_1[i];
            sum_2 += value * filter_2[i];
            sum_3 += value * filter_3[i];
        }
    }
    sums[0] = sum_0;
    sums[1] = sum_1;
    sums[2] = sum_2;
    sums[3] = sum_3;
}

static int8_t finished(const er_conv_2d_t *layer, int32_t channel, int32_t sum)
{
    if (layer->bias != NULL) {
        sum += layer->bias[channel];
    }
    return er_rescale(&layer->rescale, channel, sum);
}

void er_conv_2d(const er_conv_2d_t *layer, const int8_t *input, int8_t *output)
{
    const er_window_t *window = &layer->window;
    int32_t filter_size = window->height * window->width * layer->input.channels;
    for (int32_t y = 0; y < layer->output.height; y++) {
        er_taps_t rows = er_taps(y, window->stride_y, window->pad_top, window->height, layer->input.height);
        for (int32_t x = 0; x < layer->output.width; x++) {
            er_taps_t columns = er_taps(x, window->stride_x, window->pad_left, window->width, layer->input.width);
            int32_t c = 0;
            for (; c + TOGETHER <= layer->output.channels; c += TOGETHER) {
                int32_t sums[TOGETHER];
                sum_four_windows(layer, input, layer->weights + c * filter_size, rows, columns, sums);
                for (int32_t k = 0; k < TOGETHER; k++) {
                    *output++ = finished(layer, c + k, sums[k]);
                }
            }
            for (; c < layer->output.channels; c++) {
                int32_t sum = sum_window(layer, input, layer->weights + c * filter_size, rows, columns);
                *output++ = finished(layer, c, sum);
            }
        }
    }
}

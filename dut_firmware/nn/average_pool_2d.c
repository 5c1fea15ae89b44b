/* SPDX-License-Identifier: Apache-2.0 */
/* AVERAGE_POOL_2D: the mean of the taps inside the input; padding counts neither as value nor as tap.
 * Input and output share scale and zero point, so the mean of the stored numbers is the stored mean. */
#include "er_nn.h"

/* sum / count, ties rounded away from zero; C's division rounds towards zero (C11 6.5.5). */
static int32_t rounded_mean(int32_t sum, int32_t count)
{
    return sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count;
}

static int32_t mean_of_window(const er_average_pool_2d_t *layer, const int8_t *input, int32_t channel, er_taps_t rows,
                              er_taps_t columns)
{
    int32_t sum = 0;
    for (int32_t y = rows.first; y < rows.end; y++) {
        for (int32_t x = columns.first; x < columns.end; x++) {
            int32_t pixel = (rows.origin + y) * layer->input.width + columns.origin + x;
            sum += input[pixel * layer->input.channels + channel];
        }
    }
    return rounded_mean(sum, (rows.end - rows.first) * (columns.end - columns.first));
}

void er_average_pool_2d(const er_average_pool_2d_t *layer, const int8_t *input, int8_t *output)
{
    const er_window_t *window = &layer->window;
    for (int32_t y = 0; y < layer->output.height; y++) {
        er_taps_t rows = er_taps(y, window->stride_y, window->pad_top, window->height, layer->input.height);
        for (int32_t x = 0; x < layer->output.width; x++) {
            er_taps_t columns = er_taps(x, window->stride_x, window->pad_left, window->width, layer->input.width);
            for (int32_t c = 0; c < layer->output.channels; c++) {
                int32_t mean = mean_of_window(layer, input, c, rows, columns);
                *output++ = er_clamp(mean, layer->minimum, layer->maximum);
            }
        }
    }
}

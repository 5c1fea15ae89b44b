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

void er_conv_2d(const er_conv_2d_t *layer, const int8_t *input, int8_t *output)
{
    const er_window_t *window = &layer->window;
    int32_t filter_size = window->height * window->width * layer->input.channels;
    for (int32_t y = 0; y < layer->output.height; y++) {
        er_taps_t rows = er_taps(y, window->stride_y, window->pad_top, window->height, layer->input.height);
        for (int32_t x = 0; x < layer->output.width; x++) {
            er_taps_t columns = er_taps(x, window->stride_x, window->pad_left, window->width, layer->input.width);
            for (int32_t c = 0; c < layer->output.channels; c++) {
                int32_t sum = sum_window(layer, input, layer->weights + c * filter_size, rows, columns);
                if (layer->bias != NULL) {
                    sum += layer->bias[c];
                }
                *output++ = er_rescale(&layer->rescale, c, sum);
            }
        }
    }
}

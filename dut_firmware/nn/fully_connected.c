/* SPDX-License-Identifier: Apache-2.0 */
/* FULLY_CONNECTED: a matrix of weights times the input, plus a bias. */
#include <stddef.h>

#include "er_nn.h"

void er_fully_connected(const er_fully_connected_t *layer, const int8_t *input, int8_t *output)
{
    for (int32_t o = 0; o < layer->outputs; o++) {
        int32_t sum = er_dot(input, layer->input_zero_point, layer->weights + o * layer->inputs, layer->inputs);
        if (layer->bias != NULL) {
            sum += layer->bias[o];
        }
        output[o] = er_rescale(&layer->rescale, o, sum);
    }
}

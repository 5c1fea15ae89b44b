/* SPDX-License-Identifier: Apache-2.0 */
/* Not a network: three figures of the input, so that a test sees what arrived. */
#include "er_model.h"
#include "host.h"

#define RESULTS 3

static const uint8_t *input;
static size_t input_count;
static float results[RESULTS];

size_t er_model_input_size(void)
{
#ifdef ER_HOST_INPUT_SIZE
    return ER_HOST_INPUT_SIZE;
#else
    return 0;
#endif
}

void er_model_load(const uint8_t *bytes, size_t count)
{
    er_host_event('L');
    input = bytes;
    input_count = count;
}

/* Sum, alternating sum and last byte, all of them divided by 256. */
void er_model_infer(void)
{
    int32_t sum = 0;
    int32_t alternating = 0;

    er_host_event('i');
    for (size_t i = 0; i < input_count; i++) {
        sum += input[i];
        alternating += i % 2 == 0 ? input[i] : -input[i];
    }
    results[0] = (float)sum / 256.0f;
    results[1] = (float)alternating / 256.0f;
    results[2] = input_count > 0 ? (float)input[input_count - 1] / 256.0f : 0.0f;
}

size_t er_model_results(float *values, size_t max)
{
    size_t count = max < RESULTS ? max : RESULTS;

    for (size_t i = 0; i < count; i++) {
        values[i] = results[i];
    }
    return count;
}

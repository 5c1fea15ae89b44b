/* SPDX-License-Identifier: Apache-2.0 */
/* The generated network behind the monitor's four functions (dut/er_model.h).
 *
 * What a benchmark's stimulus and results look like is written in the generated er_network.h: ER_NETWORK_LOAD and
 * ER_NETWORK_RESULTS are two of the functions in er_stimulus.h. */
#include "er_model.h"

#include <stdbool.h>

#include "er_config.h"
#include "er_network.h"
#include "er_stimulus.h"

#ifndef ER_NETWORK_BENCHMARK
#error "er_network.h was made for no benchmark: give tflite_to_c.py the option --benchmark"
#endif
#if MAX_DB_INPUT_SIZE < ER_NETWORK_STIMULUS_BYTES
#error "MAX_DB_INPUT_SIZE is smaller than a stimulus of this network"
#endif

static const er_tensor_t input = {ER_NETWORK_INPUT_BYTES, ER_NETWORK_INPUT_SCALE, ER_NETWORK_INPUT_ZERO_POINT};
static const er_tensor_t output = {ER_NETWORK_OUTPUT_BYTES, ER_NETWORK_OUTPUT_SCALE, ER_NETWORK_OUTPUT_ZERO_POINT};

static const uint8_t *stimulus;
static float results[ER_NETWORK_RESULT_COUNT]; /* of the last inference that was asked for its results */
static bool inferred;                          /* since then */

size_t er_model_input_size(void)
{
    return ER_NETWORK_STIMULUS_BYTES;
}

void er_model_load(const uint8_t *bytes, size_t count)
{
    stimulus = count == 0 ? NULL : bytes;
    ER_NETWORK_LOAD(stimulus, &input, er_network_input());
}

void er_model_infer(void)
{
    er_network_invoke();
    inferred = true;
}

/* Kept, because a later `db load` changes the stimulus, and `results` must still be those of the last inference. The
 * monitor asks right after each `infer`, so nothing is lost. */
size_t er_model_results(float *values, size_t max)
{
    size_t count = max < ER_NETWORK_RESULT_COUNT ? max : ER_NETWORK_RESULT_COUNT;

    if (inferred) {
        (void)ER_NETWORK_RESULTS(stimulus, &output, er_network_output(), results, ER_NETWORK_RESULT_COUNT);
        inferred = false;
    }
    for (size_t i = 0; i < count; i++) {
        values[i] = results[i];
    }
    return count;
}

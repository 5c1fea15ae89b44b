/* SPDX-License-Identifier: Apache-2.0 */
/* th_load_tensor, th_infer and th_results over er_model.h. */
#include "er_model.h"

#include "er_buffer.h"
#include "er_monitor.h"
#include "er_port.h"
#include "er_print.h"

#define MOST_RESULTS 16 /* the benchmarks have at most 12 classes */

const char *th_load_tensor(void)
{
    size_t loaded = er_loaded_size();
    size_t wanted = er_model_input_size();

    if (loaded != 0 && wanted != 0 && loaded != wanted) {
        return "The stimulus has not the size of the model's input";
    }
    er_model_load(er_buffer_bytes(), loaded);
    return NULL;
}

void th_infer(void)
{
    er_model_infer();
}

void th_results(void)
{
    float values[MOST_RESULTS];

    er_print_results(values, er_model_results(values, MOST_RESULTS));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The model to put in. Replace the bodies by calls of your inference engine. */
#include "er_model.h"

/* Bytes of one input, as the host loads them with `db`: kws01 490, vww01 27648, ic01 3072, ad01 640 values.
 * 0 accepts any number. */
size_t er_model_input_size(void)
{
    return 0;
}

/* Quantize or copy `bytes` into the input tensor. Called once per `infer`; the tensor must survive all of its
 * inferences. `bytes` stays valid and unchanged until the next `db load`. `count` 0: fill with zeros. */
void er_model_load(const uint8_t *bytes, size_t count)
{
    (void)bytes;
    (void)count;
}

/* Run the network once. */
void er_model_infer(void) {}

/* Write the outputs, dequantized, at most `max`; return how many: kws01 12 classes, ic01 10, vww01 2, ad01 the
 * mean squared error alone. */
size_t er_model_results(float *values, size_t max)
{
    (void)values;
    (void)max;
    return 0;
}

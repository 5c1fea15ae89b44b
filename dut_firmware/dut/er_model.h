/* SPDX-License-Identifier: Apache-2.0 */
/* The neural network as the monitor sees it. er_model.c makes th_load_tensor, th_infer and th_results of these;
 * a port that has its own inference engine writes the three th_* functions instead and leaves er_model.c out. */
#ifndef ER_MODEL_H
#define ER_MODEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of one input; 0: any number. `infer` with another number loaded is refused. */
size_t er_model_input_size(void);

/* Set the input. `count` is er_model_input_size(), or 0 where no stimulus was ever loaded: then use zeros. */
void er_model_load(const uint8_t *bytes, size_t count);

/* Infer once; the input survives. */
void er_model_infer(void);

/* Write up to `max` results of the last inference (zeros before it) to `values`; return how many. */
size_t er_model_results(float *values, size_t max);

#ifdef __cplusplus
}
#endif

#endif

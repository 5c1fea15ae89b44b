/* SPDX-License-Identifier: Apache-2.0 */
/* The `infer` command and timestamps. Private to the core, but for the customary interface in ../api. */
#ifndef ER_INFER_H
#define ER_INFER_H

#include "er_words.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void er_infer_reset(void);
void er_infer_command(const struct er_words *words);

/* What `infer` does once its words are numbers: load, warm up, measure `inferences` (at least 1), print the results. */
void er_infer(uint32_t inferences, uint32_t warmups);

/* One complete timestamp outside any window: fall, hold, rise, hold; or a lap line. */
void er_whole_timestamp(void);

#ifdef __cplusplus
}
#endif

#endif

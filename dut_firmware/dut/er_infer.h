/* The `infer` command and timestamps. Private to the core. */
#ifndef ER_INFER_H
#define ER_INFER_H

#include "er_words.h"

void er_infer_reset(void);
void er_infer_command(const struct er_words *words);

/* One complete timestamp outside any window: fall, hold, rise, hold; or a lap line. */
void er_whole_timestamp(void);

#endif

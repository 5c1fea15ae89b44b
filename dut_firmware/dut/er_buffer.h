/* SPDX-License-Identifier: Apache-2.0 */
/* The stimulus and the `db` command. Private to the core, but for er_buffer_bytes(). */
#ifndef ER_BUFFER_H
#define ER_BUFFER_H

#include "er_words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void er_buffer_clear(void);
void er_buffer_command(const struct er_words *words);

/* False between `db load N` and the N-th byte. */
bool er_buffer_complete(void);

/* The stimulus in place, for a model that reads it without a copy; er_loaded_size() returns its length. */
const uint8_t *er_buffer_bytes(void);

#ifdef __cplusplus
}
#endif

#endif

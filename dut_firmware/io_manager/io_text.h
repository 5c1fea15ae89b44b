/* SPDX-License-Identifier: Apache-2.0 */
/* Printing to the host, and words of a command. */
#ifndef IO_TEXT_H
#define IO_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a command with their number; not NUL-terminated. */
typedef struct {
    const char *bytes;
    size_t count;
} io_text_t;

void io_print(const char *text);
void io_print_line(const char *text); /* and CR LF */
void io_print_number(uint32_t number);

/* What cannot be printed comes as \xHH: an answer never breaks its line. */
void io_print_visibly(io_text_t text);

bool io_is(io_text_t text, const char *word);

/* Cut the first word off; spaces before it and the one behind it are gone. */
io_text_t io_first_word(io_text_t *rest);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A command as words, and numbers in words. No copies: a word points into the command. */
#ifndef ER_WORDS_H
#define ER_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ER_MOST_WORDS 4 /* no command looks at more */

struct er_word {
    const char *text; /* not NUL-terminated */
    size_t length;
};

struct er_words {
    size_t count; /* words beyond ER_MOST_WORDS are not counted */
    struct er_word word[ER_MOST_WORDS];
};

/* Split at spaces; runs of them count as one. Other white space belongs to the word. */
struct er_words er_split(const char *command);

bool er_word_is(struct er_word word, const char *text);

/* Read a whole decimal number with optional sign: true, or false for anything else and beyond 32 bits. */
bool er_word_number(struct er_word word, int32_t *number);

/* The value of one hexadecimal digit, or -1. */
int er_hex_value(char digit);

/* Print `e-[What 'word']`, what cannot be printed as `\xHH`: an answer never breaks its line. */
void er_print_error_word(const char *before, struct er_word word, const char *after);

#ifdef __cplusplus
}
#endif

#endif

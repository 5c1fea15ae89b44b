/* SPDX-License-Identifier: Apache-2.0 */
#include "er_buffer.h"

#include "er_monitor.h"
#include "er_port.h"

#include <string.h>

#define BYTES_A_LINE 8

static uint8_t bytes[MAX_DB_INPUT_SIZE];
static size_t size;   /* announced by `db load`; 0: nothing is expected. Never above MAX_DB_INPUT_SIZE. */
static size_t loaded; /* so far; never above `size` */

void er_buffer_clear(void)
{
    /* All of it: no byte of an earlier stimulus may be seen in a later one. */
    memset(bytes, 0, sizeof bytes);
    size = 0;
    loaded = 0;
}

bool er_buffer_complete(void)
{
    return loaded == size;
}

const uint8_t *er_buffer_bytes(void)
{
    return bytes;
}

size_t er_loaded_size(void)
{
    return loaded;
}

size_t ee_get_buffer(uint8_t *destination, size_t wanted)
{
    size_t count = wanted < loaded ? wanted : loaded;

    if (destination != NULL) {
        memcpy(destination, bytes, count);
    }
    return count;
}

static void announce(const struct er_words *words)
{
    int32_t wanted = 0;

    /* A new load ends the old one even if it is refused: its bytes must not land in the old stimulus. */
    er_buffer_clear();
    if (words->count < 3) {
        th_printf("e-[Command 'db load' requires the # of bytes]\r\n");
    } else if (!er_word_number(words->word[2], &wanted)) {
        er_print_error_word("Not a whole number: ", words->word[2], "");
    } else if (wanted <= 0) {
        th_printf("e-[Command 'db load' must be >0 bytes]\r\n");
    } else if (wanted > MAX_DB_INPUT_SIZE) {
        th_printf("e-[Supplied buffer size %lu exceeds maximum of %lu]\r\n", (unsigned long)wanted,
                  (unsigned long)MAX_DB_INPUT_SIZE);
    } else {
        size = (size_t)wanted;
        th_printf("m-[Expecting %lu bytes]\r\n", (unsigned long)wanted);
    }
}

static void print(void)
{
    for (size_t at = 0; at < size; at += BYTES_A_LINE) {
        th_printf("m-buffer");
        for (size_t i = at; i < size && i < at + BYTES_A_LINE; i++) {
            th_printf("-%02x", (unsigned)bytes[i]);
        }
        th_printf("\r\n");
    }
    if (size % BYTES_A_LINE != 0) {
        th_printf("\r\n"); /* an empty line, as clients know it */
    }
}

/* A line is taken whole or not at all, so a client can send a refused one again. */
static void load(struct er_word digits)
{
    size_t count = digits.length / 2;

    if (digits.length % 2 != 0) {
        th_printf("e-[Insufficent number of hex digits]\r\n"); /* clients know this spelling */
        return;
    }
    for (size_t i = 0; i < digits.length; i += 2) {
        if (er_hex_value(digits.text[i]) < 0 || er_hex_value(digits.text[i + 1]) < 0) {
            struct er_word pair = {digits.text + i, 2};
            er_print_error_word("Invalid hex digit '", pair, "'");
            return;
        }
    }
    if (count > size - loaded) {
        th_printf("e-[Too many bytes: %lu came, %lu of %lu are still expected]\r\n", (unsigned long)count,
                  (unsigned long)(size - loaded), (unsigned long)size);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        bytes[loaded + i] = (uint8_t)(er_hex_value(digits.text[2 * i]) * 16 + er_hex_value(digits.text[2 * i + 1]));
    }
    loaded += count;
    if (loaded == size) {
        th_printf("m-load-done\r\n");
    }
}

void er_buffer_command(const struct er_words *words)
{
    if (words->count < 2) {
        th_printf("e-[Command 'db' requires a subcommand]\r\n");
    } else if (er_word_is(words->word[1], "load")) {
        announce(words);
    } else if (er_word_is(words->word[1], "print")) {
        print();
    } else if (words->count > 2) {
        th_printf("e-[Hex digits must not be separated]\r\n"); /* those behind the space would be lost */
    } else {
        load(words->word[1]);
    }
}

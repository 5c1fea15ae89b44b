/* SPDX-License-Identifier: Apache-2.0 */
#include "er_print.h"

#include <stdbool.h>

#define MOST_DIGITS 20 /* of 64 bits, in decimal */

static void put_number(void (*put)(char), unsigned long number, unsigned base, bool negative, unsigned width)
{
    char digits[MOST_DIGITS];
    unsigned count = 0;

    do {
        digits[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    if (negative) {
        put('-');
    }
    for (unsigned i = count + (negative ? 1u : 0u); i < width; i++) {
        put('0');
    }
    while (count > 0) {
        put(digits[--count]);
    }
}

static void put_text(void (*put)(char), const char *text)
{
    while (*text != '\0') {
        put(*text++);
    }
}

void er_vprintf(void (*put)(char character), const char *format, va_list arguments)
{
    for (const char *at = format; *at != '\0'; at++) {
        if (*at != '%') {
            put(*at);
            continue;
        }
        const char *start = at++;
        unsigned width = 0;
        for (; *at >= '0' && *at <= '9' && width < 100; at++) {
            width = 10 * width + (unsigned)(*at - '0');
        }
        bool is_long = *at == 'l';
        if (is_long) {
            at++;
        }
        if (*at == 's') {
            put_text(put, va_arg(arguments, const char *));
        } else if (*at == 'c') {
            put((char)va_arg(arguments, int));
        } else if (*at == 'd') {
            long number = is_long ? va_arg(arguments, long) : va_arg(arguments, int);
            /* Negated as unsigned: the most negative number has no positive twin. */
            unsigned long magnitude = number < 0 ? 0ul - (unsigned long)number : (unsigned long)number;
            put_number(put, magnitude, 10, number < 0, width);
        } else if (*at == 'u' || *at == 'x') {
            unsigned long number = is_long ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned);
            put_number(put, number, *at == 'u' ? 10 : 16, false, width);
        } else if (*at == '%') {
            put('%');
        } else {
            put('%');
            at = start; /* unknown: shown as it stands */
        }
    }
}

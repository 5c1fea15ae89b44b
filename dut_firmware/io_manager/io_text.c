/* SPDX-License-Identifier: Apache-2.0 */
#include "io_text.h"

#include "io_port.h"

void io_print(const char *text)
{
    for (; *text != '\0'; text++) {
        io_host_put(*text);
    }
}

void io_print_line(const char *text)
{
    io_print(text);
    io_print("\r\n");
}

void io_print_number(uint32_t number)
{
    char digits[11]; /* 2^32 - 1 has ten */
    size_t at = sizeof digits - 1;

    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10u);
        number /= 10u;
    } while (number > 0);
    io_print(&digits[at]);
}

static char hex(unsigned value)
{
    return (char)(value < 10u ? '0' + value : 'a' + value - 10u);
}

void io_print_visibly(io_text_t text)
{
    for (size_t i = 0; i < text.count; i++) {
        unsigned byte = (unsigned char)text.bytes[i];
        if (byte >= 0x20u && byte < 0x7fu) {
            io_host_put((char)byte);
        } else {
            io_print("\\x");
            io_host_put(hex(byte >> 4));
            io_host_put(hex(byte & 15u));
        }
    }
}

bool io_is(io_text_t text, const char *word)
{
    size_t i = 0;

    while (i < text.count && word[i] != '\0' && text.bytes[i] == word[i]) {
        i++;
    }
    return i == text.count && word[i] == '\0';
}

io_text_t io_first_word(io_text_t *rest)
{
    while (rest->count > 0 && *rest->bytes == ' ') {
        rest->bytes++;
        rest->count--;
    }
    io_text_t word = {rest->bytes, 0};
    while (word.count < rest->count && word.bytes[word.count] != ' ') {
        word.count++;
    }
    size_t gone = word.count < rest->count ? word.count + 1 : word.count;
    rest->bytes += gone;
    rest->count -= gone;
    return word;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "er_words.h"

#include "er_port.h"

#include <string.h>

struct er_words er_split(const char *command)
{
    struct er_words words = {0};

    while (words.count < ER_MOST_WORDS) {
        while (*command == ' ') {
            command++;
        }
        if (*command == '\0') {
            break;
        }
        const char *start = command;
        while (*command != '\0' && *command != ' ') {
            command++;
        }
        words.word[words.count].text = start;
        words.word[words.count].length = (size_t)(command - start);
        words.count++;
    }
    return words;
}

bool er_word_is(struct er_word word, const char *text)
{
    size_t i = 0;

    while (i < word.length && text[i] != '\0' && word.text[i] == text[i]) {
        i++;
    }
    return i == word.length && text[i] == '\0';
}

bool er_word_number(struct er_word word, int32_t *number)
{
    bool negative = word.length > 0 && word.text[0] == '-';
    size_t at = negative || (word.length > 0 && word.text[0] == '+') ? 1 : 0;
    int32_t value = 0;

    if (at == word.length) {
        return false;
    }
    for (; at < word.length; at++) {
        char digit = word.text[at];
        if (digit < '0' || digit > '9') {
            return false;
        }
        int32_t units = digit - '0';
        if (value > (INT32_MAX - units) / 10) { /* the next line would overflow, which C leaves undefined */
            return false;
        }
        value = 10 * value + units;
    }
    *number = negative ? -value : value;
    return true;
}

int er_hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

void er_print_error_word(const char *before, struct er_word word, const char *after)
{
    th_printf("e-[%s", before);
    for (size_t i = 0; i < word.length; i++) {
        unsigned char byte = (unsigned char)word.text[i];
        if (byte >= 0x20 && byte < 0x7f) {
            th_printf("%c", byte);
        } else {
            th_printf("\\x%02x", (unsigned)byte);
        }
    }
    th_printf("%s]\r\n", after);
}

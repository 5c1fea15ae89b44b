/* SPDX-License-Identifier: Apache-2.0 */
/* Random commands from a seed: `host_fuzz SEED COMMANDS`. Every `%` must be answered by one `m-ready` line, and
 * no byte that could break a line may be sent. Built with the sanitizers, which check the rest. */
#include "er_monitor.h"
#include "er_port.h"
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ITERATIONS 9 /* a random "infer 99999999" would be correct and take for ever */

static uint64_t state;
static unsigned long ready_lines;
static unsigned long said;
static char current[512];
static size_t current_length;

static void fail(const char *what)
{
    fprintf(stderr, "%s, in the line: %.*s\n", what, (int)current_length, current);
    exit(1);
}

void er_host_put(char character)
{
    unsigned char byte = (unsigned char)character;

    if (byte >= 0x7f || (byte < 0x20 && byte != '\r' && byte != '\n')) {
        fail("an unprintable byte");
    }
    if (current_length == sizeof current) {
        fail("a line without end");
    }
    current[current_length++] = character;
    said++;
    if (character == '\n') {
        if (current_length < 2 || current[current_length - 2] != '\r') {
            fail("a line end without CR");
        }
        if (current_length == 9 && memcmp(current, "m-ready\r\n", 9) == 0) {
            ready_lines++;
        }
        current_length = 0;
    }
}

char th_getchar(void)
{
    abort();
}

/* xorshift64*: reproducible everywhere, unlike rand(). */
static unsigned random_below(unsigned limit)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * 0x2545F4914F6CDD1Du) >> 33) % limit;
}

static void send(const char *text)
{
    while (*text != '\0') {
        ee_serial_callback(*text++);
    }
}

static void send_piece(void)
{
    static const char *const words[] = {
        "name",  "profile", "help", "timestamp", "results", "db",       "db load", "db print", "load",
        "print", "db 00",   "db 0g", "db 123",   "0",       "27648",    "27649",   "-1",       "30000",
        "16",    "2147483648", " ",  "   ",      "\r\n",    "abc",      "ff",      "0123456789abcdef",
        "99999999999999999999", "m-ready\r\n",   "%s%n"};
    char number[40];

    switch (random_below(8)) {
    case 0:
        for (unsigned i = random_below(120); i > 0; i--) {
            ee_serial_callback("0123456789abcdefABCDEF"[random_below(22)]);
        }
        break;
    case 1:
        for (unsigned i = random_below(20); i > 0; i--) {
            char byte = (char)(unsigned char)random_below(256);
            ee_serial_callback(byte == '%' ? '\xff' : byte);
        }
        break;
    case 2: /* the space keeps later digits out of the number */
        snprintf(number, sizeof number, "infer %u %u ", random_below(MOST_ITERATIONS), random_below(3));
        send(number);
        break;
    case 3:
        snprintf(number, sizeof number, "db load %u", random_below(64));
        send(number);
        break;
    default:
        for (const char *at = words[random_below(sizeof words / sizeof words[0])]; *at != '\0'; at++) {
            if (*at != '%') { /* the end of a command is sent, and counted, in main() */
                ee_serial_callback(*at);
            }
        }
    }
}

int main(int count, char **arguments)
{
    unsigned long commands = count > 2 ? strtoul(arguments[2], NULL, 10) : 100000;

    state = count > 1 ? strtoull(arguments[1], NULL, 10) : 0;
    state = state * 2 + 1; /* never zero */
    ee_benchmark_initialize();
    for (unsigned long done = 1; done <= commands; done++) {
        for (unsigned pieces = random_below(4); pieces > 0; pieces--) {
            send_piece();
            if (random_below(3) != 0) {
                ee_serial_callback(' ');
            }
        }
        ee_serial_callback('%');
        if (ready_lines != done + 1) { /* one more: the boot's */
            fail("not one answer to a command");
        }
    }
    printf("%lu commands, %lu answers, %lu bytes said\n", commands, ready_lines - 1, said);
    return 0;
}

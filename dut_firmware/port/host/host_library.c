/* SPDX-License-Identifier: Apache-2.0 */
/* The host port as a shared library: bytes in, bytes out, in the caller's thread. */
#include "er_monitor.h"
#include "er_port.h"
#include "host.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *said;
static size_t said_count;
static size_t said_capacity;

void er_host_put(char character)
{
    if (said_count == said_capacity) {
        size_t larger = said_capacity == 0 ? 65536 : 2 * said_capacity;
        uint8_t *moved = realloc(said, larger);
        if (moved == NULL) {
            abort(); /* losing bytes silently would make a test pass that must not */
        }
        said = moved;
        said_capacity = larger;
    }
    said[said_count++] = (uint8_t)character;
}

/* Only er_monitor_run() calls it, which is not called here. */
char th_getchar(void)
{
    abort();
}

void er_host_boot(void)
{
    ee_benchmark_initialize();
}

void er_host_feed(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ee_serial_callback((char)bytes[i]);
    }
}

size_t er_host_take(uint8_t *destination, size_t size)
{
    size_t count = size < said_count ? size : said_count;

    if (count > 0) {
        memcpy(destination, said, count);
        memmove(said, said + count, said_count - count);
        said_count -= count;
    }
    return count;
}

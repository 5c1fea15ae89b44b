/* SPDX-License-Identifier: Apache-2.0 */
/* The th_* functions on a computer. The pin is a letter in a list, see er_host_events(). */
#define _POSIX_C_SOURCE 200809L

#include "er_monitor.h"
#include "er_port.h"
#include "er_print.h"
#include "host.h"

#include <stdarg.h>
#include <stdbool.h>
#include <time.h>

#define MOST_EVENTS 4096

static char events[MOST_EVENTS];
static size_t event_count;
static bool deferring;
static char volatile *deferred;

void er_host_event(char letter)
{
    if (event_count < MOST_EVENTS) {
        events[event_count++] = letter;
    }
}

size_t er_host_events(char *destination, size_t size)
{
    size_t count = 0;

    for (; count < event_count && count + 1 < size; count++) {
        destination[count] = events[count];
    }
    if (size > 0) {
        destination[count] = '\0';
    }
    event_count = 0;
    return count;
}

void er_host_defer(int yes)
{
    deferring = yes != 0;
    deferred = NULL;
}

void er_host_run_deferred(void)
{
    char volatile *command = deferred;

    deferred = NULL;
    if (command != NULL) {
        ee_serial_command_parser_callback((char *)command);
    }
}

void th_command_ready(char volatile *command)
{
    if (deferring) {
        deferred = command;
    } else {
        ee_serial_command_parser_callback((char *)command);
    }
}

void th_timestamp(void)
{
    er_host_event('v');
#if !EE_CFG_ENERGY_MODE
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    er_lap((uint32_t)((uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u));
#endif
}

void th_timestamp_release(void)
{
    er_host_event('^');
}

void th_timestamp_release_later(void)
{
    er_host_event('t');
}

void th_timestamp_hold(void)
{
    er_host_event('_'); /* nothing reads the level here: no need to wait */
}

void th_pre(void)
{
    er_host_event('<');
}

void th_post(void)
{
    er_host_event('>');
}

void th_printf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    er_vprintf(er_host_put, format, arguments);
    va_end(arguments);
}

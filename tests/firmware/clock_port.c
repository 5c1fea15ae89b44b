/* SPDX-License-Identifier: Apache-2.0 */
/* A port with a clock that can be set to 1 MHz to 100 MHz: it runs the commands that it is given as arguments. */
#include "er_monitor.h"
#include "er_port.h"
#include "er_print.h"

#include <stddef.h>
#include <stdio.h>

static void put(char character)
{
    putchar(character);
}

const char *th_load_tensor(void)
{
    return NULL;
}

void th_infer(void) {}

void th_results(void) {}

void th_timestamp(void) {}

void th_printf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    er_vprintf(put, format, arguments);
    va_end(arguments);
}

char th_getchar(void)
{
    return '%';
}

#ifdef SETS_ITS_CLOCK
const char *th_set_clock(uint32_t hz)
{
    return hz >= 1000000u && hz <= 100000000u ? NULL : "There is 1000000 to 100000000 Hz";
}
#endif

int main(int count, char **words)
{
    ee_benchmark_initialize();
    for (int i = 1; i < count; i++) {
        ee_serial_command_parser_callback(words[i]);
    }
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The host port on standard input and output: `printf 'profile%%' | dut_console`. Boots, takes bytes, and ends with
 * them. For valgrind, for a look at the grammar, and where there are no pseudo-terminals. */
#include "er_monitor.h"
#include "er_port.h"
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

void er_host_put(char character)
{
    if (putchar((unsigned char)character) == EOF) {
        perror("write to standard output");
        exit(1);
    }
}

char th_getchar(void)
{
    int byte = getchar();

    if (byte == EOF) {
        exit(ferror(stdin) || fflush(stdout) != 0 ? 1 : 0);
    }
    return (char)byte;
}

int main(void)
{
    ee_benchmark_initialize();
    er_monitor_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The whole application: the port's functions are the module's. */
#include "er_monitor.h"

int main(void)
{
    ee_benchmark_initialize();
    er_monitor_run();
    return 0;
}

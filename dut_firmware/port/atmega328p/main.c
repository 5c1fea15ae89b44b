/* SPDX-License-Identifier: Apache-2.0 */
/* Start-up and the main loop. */
#include "uno.h"

#include "io_manager.h"

#include <avr/interrupt.h>
#include <avr/sleep.h>

/* A host's command that waits for room towards the DUT keeps this awake; timer 0's interrupt ends that soon. */
static void sleep_until_something_comes(void)
{
    cli();
    if (!uno_host_waits() && !uno_dut_waits() && !uno_edge_waits()) {
        sleep_enable();
        sei(); /* takes effect after the next instruction: nothing can come between the two */
        sleep_cpu();
        sleep_disable();
    }
    sei();
}

int main(void)
{
    uno_dut_initialize();
    uno_edges_initialize();
    uno_host_initialize();
    SMCR = SLEEP_MODE_IDLE; /* timers and UART go on */
    sei();
    io_manager_boot();
    for (;;) {
        if (!io_manager_step()) {
            sleep_until_something_comes();
        }
    }
}

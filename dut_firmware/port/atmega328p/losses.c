/* SPDX-License-Identifier: Apache-2.0 */
/* What the queues of this port could not hold. Apart from main.c, so that the core asks nothing of the file that runs
 * it. */
#include "uno.h"

#include "io_port.h"

#include <avr/interrupt.h>

uint8_t io_take_losses(void)
{
    unsigned losses = 0;

    cli();
    losses |= uno_dut_lost() ? IO_LOST_DUT_BYTES : 0u;
    losses |= uno_edges_lost() ? IO_LOST_EDGES : 0u;
    sei();
    return (uint8_t)losses;
}

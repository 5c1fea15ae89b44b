/* SPDX-License-Identifier: Apache-2.0 */
/* When the timestamp pin had its edges. Timer 1 runs free at 2 MHz and serves nothing else.
 *
 * An edge is late by how long the interrupt waits: the longest other handler runs for about 4 us (timer 2's), so
 * with traffic both ways an edge is at most about 10 us late, and never early. */
#include "uno.h"

#include "io_port.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#define MOST_EDGES 16u /* a power of two */

static volatile uint32_t overflows; /* of timer 1, each 2^15 us */
static volatile uint32_t edge_us[MOST_EDGES];
static volatile uint8_t put, taken;
static volatile bool lost;

void uno_edges_initialize(void)
{
    PORTD |= TIMESTAMP_PIN; /* pull-up: an unwired pin has no edges */
    TCCR1A = 0;
    TIMSK1 = 1u << TOIE1;
    TCCR1B = 1u << CS11; /* clock / 8 */
}

ISR(TIMER1_OVF_vect)
{
    overflows++;
}

ISR(INT1_vect)
{
    uint16_t ticks = TCNT1; /* first of all */
    uint32_t high = overflows;

    if ((TIFR1 & (1u << TOV1)) != 0 && ticks < 0x8000u) {
        high++; /* the overflow came before this edge, and its handler has not run yet */
    }
    if ((uint8_t)(put - taken) >= MOST_EDGES) {
        lost = true;
        return;
    }
    edge_us[put % MOST_EDGES] = high << 15 | ticks >> 1; /* bits beyond 2^32 us fall off */
    put++;
}

void io_edges(enum io_edges which)
{
    EIMSK &= (uint8_t)~(1u << INT1); /* one instruction, as with the other bit of it that an interrupt changes */
    taken = put;
    if (which == IO_EDGES_OFF) {
        return;
    }
    /* ISC1 = 2: falling edge, 1: any edge. */
    EICRA = (uint8_t)((EICRA & ~((1u << ISC11) | (1u << ISC10))) |
                      (which == IO_EDGES_BOTH ? 1u << ISC10 : 1u << ISC11));
    EIFR = 1u << INTF1; /* an edge from before does not count */
    EIMSK |= 1u << INT1;
}

bool io_edge_get(uint32_t *microseconds)
{
    if (put == taken) {
        return false;
    }
    *microseconds = edge_us[taken % MOST_EDGES];
    taken++;
    return true;
}

bool uno_edge_waits(void)
{
    return put != taken;
}

bool uno_edges_lost(void)
{
    bool was = lost;

    lost = false;
    return was;
}

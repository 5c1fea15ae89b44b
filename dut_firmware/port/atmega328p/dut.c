/* SPDX-License-Identifier: Apache-2.0 */
/* A software UART to the DUT: 9600 8N1, both directions at once, because each has a timer of its own.
 *
 * Receiving: INT0 sees the start bit's edge and starts timer 2, which ticks every half bit; the bits are sampled at
 * the odd ticks, in their middle. Sending: timer 0 ticks every bit. */
#include "uno.h"

#include "io_port.h"
#include "io_ring.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#define HALF_BIT_TICKS 26u /* of 2 us: 52.0 us, where 9600 baud has 52.08 */
#define BIT_TICKS 208u     /* of 0.5 us: 104.0 us, where 9600 baud has 104.17 */
#define LAST_TICK 19u      /* the middle of the stop bit */
#define STOP_BIT 0x200u    /* of a frame that is shifted out from bit 0: start, eight bits of data, stop */

IO_RING(received, 128);
IO_RING(waiting, 128);
static volatile bool lost;

static uint8_t tick;          /* half bits since the start bit's edge */
static uint8_t byte_received; /* bits come from the lowest on */

static volatile bool sending;
static uint16_t frame; /* what is left to send; 0: the line is free after this tick */

void uno_dut_initialize(void)
{
    PORTB |= DUT_TX_PIN; /* before its direction: a low line would be a start bit to the DUT */
    DDRB |= DUT_TX_PIN;
    PORTD |= DUT_RX_PIN; /* pull-up: a DUT without supply must not look as if it sent */
    TCCR0A = 1u << WGM01;
    OCR0A = BIT_TICKS - 1u;
    TCCR2A = 1u << WGM21;
    OCR2A = HALF_BIT_TICKS - 1u;
    EICRA |= 1u << ISC01; /* INT0: falling edge */
    EIFR = 1u << INTF0;
    EIMSK |= 1u << INT0;
}

/* ---- receiving ----------------------------------------------------------------------------------------- */

ISR(INT0_vect)
{
    TCNT2 = 0;
    TIFR2 = 1u << OCF2A;
    TIMSK2 = 1u << OCIE2A;
    TCCR2B = (1u << CS21) | (1u << CS20); /* clock / 32 */
    EIMSK &= (uint8_t)~(1u << INT0);
    tick = 0;
}

static void listen_again(void)
{
    TCCR2B = 0;
    TIMSK2 = 0;
    EIFR = 1u << INTF0;
    EIMSK |= 1u << INT0;
}

ISR(TIMER2_COMPA_vect)
{
    bool high = (PIND & DUT_RX_PIN) != 0;

    tick++;
    if ((tick & 1u) == 0) {
        return;
    }
    if (tick == 1u) {
        if (high) { /* no start bit but a glitch */
            listen_again();
        }
        return;
    }
    if (tick < LAST_TICK) {
        byte_received = (uint8_t)(byte_received >> 1 | (high ? 0x80u : 0u));
        return;
    }
    listen_again();
    /* Without a stop bit this was no byte: another speed, or a DUT that has just lost its supply. */
    if (high && !io_ring_put(&received, byte_received)) {
        lost = true;
    }
}

bool io_dut_get(uint8_t *byte)
{
    return io_ring_get(&received, byte);
}

bool uno_dut_waits(void)
{
    return io_ring_count(&received) > 0;
}

bool uno_dut_lost(void)
{
    bool was = lost;

    lost = false;
    return was;
}

/* ---- sending ------------------------------------------------------------------------------------------- */

ISR(TIMER0_COMPA_vect)
{
    uint8_t byte;

    if (frame == 0) {
        if (!io_ring_get(&waiting, &byte)) {
            TCCR0B = 0;
            TIMSK0 = 0;
            sending = false;
            return;
        }
        frame = (uint16_t)(STOP_BIT | (uint16_t)byte << 1);
    }
    if ((frame & 1u) != 0) {
        PORTB |= DUT_TX_PIN;
    } else {
        PORTB &= (uint8_t)~DUT_TX_PIN;
    }
    frame >>= 1;
}

size_t io_dut_room(void)
{
    return (size_t)waiting.mask + 1u - io_ring_count(&waiting);
}

void io_dut_put(uint8_t byte)
{
    (void)io_ring_put(&waiting, byte);
    if (!sending) {
        sending = true;
        TCNT0 = 0;
        TIFR0 = 1u << OCF0A;
        TIMSK0 = 1u << OCIE0A;
        TCCR0B = 1u << CS01; /* clock / 8 */
    }
}

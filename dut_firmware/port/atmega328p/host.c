/* SPDX-License-Identifier: Apache-2.0 */
/* UART0: 115200 baud to the host (117647 in truth, 2.1 % fast, as on every UNO with this clock). */
#include "uno.h"

#include "io_port.h"
#include "io_ring.h"

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

#define DIVIDER 16u /* 16 MHz / (8 * 17), double speed: DS40002061 table 20-12 */

IO_RING(received, 128);
IO_RING(waiting, 128);
static volatile bool lost;

void uno_host_initialize(void)
{
    UCSR0A = 1u << U2X0; /* before the divider: simavr takes the speed when that is written */
    UBRR0 = DIVIDER;
    UCSR0C = (1u << UCSZ01) | (1u << UCSZ00);
    UCSR0B = (1u << RXCIE0) | (1u << RXEN0) | (1u << TXEN0);
}

/* A NUL goes in where bytes were lost, once there is room for it and for what follows. */
ISR(USART_RX_vect)
{
    uint8_t damaged = UCSR0A & ((1u << FE0) | (1u << DOR0));
    uint8_t byte = UDR0;

    if (damaged != 0) {
        lost = true;
    }
    if (lost && io_ring_count(&received) < received.mask) {
        lost = !io_ring_put(&received, '\0');
    }
    if (lost || !io_ring_put(&received, byte)) {
        lost = true;
    }
}

ISR(USART_UDRE_vect)
{
    uint8_t byte;

    if (io_ring_get(&waiting, &byte)) {
        UDR0 = byte;
    } else {
        UCSR0B &= (uint8_t)~(1u << UDRIE0);
    }
}

void io_host_put(char character)
{
    while (!io_ring_put(&waiting, (uint8_t)character)) {
        sleep_mode(); /* the interrupt that makes room ends it */
    }
    UCSR0B |= 1u << UDRIE0;
}

bool io_host_get(uint8_t *byte)
{
    return io_ring_get(&received, byte);
}

bool uno_host_waits(void)
{
    return io_ring_count(&received) > 0;
}

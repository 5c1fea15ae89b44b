/* SPDX-License-Identifier: Apache-2.0 */
/* The serial line to the host. */
#include "board.h"

#include "er_monitor.h"
#include "er_port.h"
#include "er_print.h"

#include <stdarg.h>
#include <stdbool.h>

#ifndef BAUD
#define BAUD (EE_CFG_ENERGY_MODE ? 9600u : 115200u)
#endif
#define RING_BYTES 64u /* a power of two */
#define COMMAND_END '%'

/* The UART holds one byte, and the host may send the next command while the end of `m-ready` is still going out. So
 * received bytes are fetched into this ring wherever the port waits. */
static char ring[RING_BYTES];
static uint32_t put_count;
static uint32_t taken_count;

static void keep(char byte)
{
    if (put_count - taken_count < RING_BYTES) {
        ring[put_count++ % RING_BYTES] = byte;
    }
}

static void fetch(void)
{
    uint32_t state = UART0->state;

    if ((state & UART_STATE_RX_OVERRUN) != 0) {
        /* Bytes came during an inference, where none may, and are lost. A NUL in their place makes the monitor refuse
         * the command instead of running what is left of it. */
        UART0->state = UART_STATE_RX_OVERRUN;
        keep('\0');
    }
    if ((state & UART_STATE_RX_FULL) != 0) {
        keep((char)(unsigned char)UART0->data);
    }
}

void th_serialport_initialize(void)
{
    UART0->divider = PERIPHERAL_HZ / BAUD;
    UART0->control = UART_CONTROL_TX | UART_CONTROL_RX | UART_CONTROL_TX_INTERRUPT | UART_CONTROL_RX_INTERRUPT;
    NVIC_ENABLE = INTERRUPT_UART0_RX | INTERRUPT_UART0_TX;
}

char th_getchar(void)
{
    static bool within_command = false;

    fetch();
    while (put_count == taken_count) {
        board_activity(within_command ? ACTIVITY_RECEIVE : ACTIVITY_IDLE);
        board_sleep();
        fetch();
    }
    board_activity(ACTIVITY_RECEIVE);
    char byte = ring[taken_count++ % RING_BYTES];
    within_command = byte != COMMAND_END;
    return byte;
}

static void wait_until_sent(void)
{
    while ((UART0->state & UART_STATE_TX_FULL) != 0) {
        board_sleep();
        fetch();
    }
}

static void put(char character)
{
    wait_until_sent();
    UART0->data = (unsigned char)character;
}

/* The last byte has left when this returns: what follows may be a window. */
void th_printf(const char *format, ...)
{
    va_list arguments;

    board_activity(ACTIVITY_TRANSMIT);
    va_start(arguments, format);
    er_vprintf(put, format, arguments);
    va_end(arguments);
    wait_until_sent();
}

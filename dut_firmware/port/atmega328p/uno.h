/* SPDX-License-Identifier: Apache-2.0 */
/* The Arduino UNO (ATmega328P at 16 MHz) as IO manager: pins, and who owns which timer.
 *
 *   D0, D1     UART0, through the USB adapter to the host, 115200 8N1
 *   D2 (PD2)   from the DUT's TX, 9600 8N1; INT0 sees the start bit
 *   D3 (PD3)   the DUT's timestamp pin; INT1 sees its edges
 *   D9 (PB1)   to the DUT's RX
 *
 *   Timer 0    bits to the DUT        Timer 1    microseconds, and nothing else        Timer 2    bits from the DUT
 *
 * Numbers of registers and interrupts: Microchip DS40002061 (ATmega48A/PA/88A/PA/168A/PA/328/P), sections 13
 * (external interrupts), 15 to 18 (timers), 20 (USART).
 */
#ifndef UNO_H
#define UNO_H

#include <stdbool.h>
#include <stdint.h>

#define DUT_RX_PIN (1u << 2)        /* of port D */
#define TIMESTAMP_PIN (1u << 3)     /* of port D */
#define DUT_TX_PIN (1u << 1)        /* of port B */

void uno_host_initialize(void);
void uno_dut_initialize(void);
void uno_edges_initialize(void);

/* True while something waits for the main loop; to be asked with interrupts off before it sleeps. */
bool uno_host_waits(void);
bool uno_dut_waits(void);
bool uno_edge_waits(void);

/* Overflows of each part since the last call; with interrupts off. */
bool uno_dut_lost(void);
bool uno_edges_lost(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Sleep, and the marker that says what the firmware does. */
#include "board.h"

#include "er_nn.h"

/* Until a byte has come, a byte has gone or the timer has expired; perhaps sooner, so callers check. An interrupt
 * that came since the last call ends the sleep at once, so nothing is missed between a check and this call. */
void board_sleep(void)
{
    __asm volatile("dsb\n\twfi" ::: "memory");
    UART0->interrupts = UART_INTERRUPTS;
    TIMER0->interrupts = TIMER_INTERRUPT;
    NVIC_CLEAR_PENDING = INTERRUPT_UART0_RX | INTERRUPT_UART0_TX | INTERRUPT_TIMER0;
}

void board_activity(enum activity activity)
{
    static enum activity current = ACTIVITY_BOOT;

    if (activity != current) {
        current = activity;
        MARKER->activity = activity;
    }
}

void er_profile_layer(uint16_t index, er_kind_t kind, uint32_t operations)
{
    board_activity(ACTIVITY_INFER);
    MARKER->operations = operations;
    MARKER->layer = (uint32_t)kind << 16 | index;
}

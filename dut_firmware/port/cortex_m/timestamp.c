/* SPDX-License-Identifier: Apache-2.0 */
/* The timestamp pin of an energy build, and the microseconds of a performance build. */
#include "board.h"

#include "er_monitor.h"
#include "er_port.h"

#define TICKS_PER_US (PERIPHERAL_HZ / 1000000u)

void th_timestamp_initialize(void)
{
    COUNTER_PRESCALE = COUNTER_HZ / 1000000u - 1u;
    GPIO0_MASKED[TIMESTAMP_PIN] = TIMESTAMP_PIN; /* level before direction: no false edge */
    GPIO0_OUTPUT_ENABLE = TIMESTAMP_PIN;
    NVIC_ENABLE = INTERRUPT_TIMER0;
    er_announce_timestamp();
}

void th_timestamp(void)
{
#if EE_CFG_ENERGY_MODE
    GPIO0_MASKED[TIMESTAMP_PIN] = 0;
#else
    er_lap(COUNTER);
#endif
}

static void start_timer(void)
{
    TIMER0->reload = TH_TIMESTAMP_HOLD_US * TICKS_PER_US;
    TIMER0->value = TH_TIMESTAMP_HOLD_US * TICKS_PER_US;
    TIMER0->control = TIMER_CONTROL_ENABLE | TIMER_CONTROL_INTERRUPT;
}

/* The one interrupt that is taken, so that the pin rises within an inference that lasts longer than the pulse. The
 * UART's must not be: only the code that sleeps fetches its bytes and clears its flags. */
void th_timestamp_release_later(void)
{
    NVIC_DISABLE = INTERRUPT_UART0_RX | INTERRUPT_UART0_TX;
    TIMER0->interrupts = TIMER_INTERRUPT; /* what an earlier pulse may have left would end this one at once */
    NVIC_CLEAR_PENDING = INTERRUPT_TIMER0;
    start_timer();
    __asm volatile("cpsie i" ::: "memory");
}

void timer0_handler(void)
{
    GPIO0_MASKED[TIMESTAMP_PIN] = TIMESTAMP_PIN;
    TIMER0->control = 0;
    TIMER0->interrupts = TIMER_INTERRUPT;
}

void th_timestamp_release(void)
{
    __asm volatile("cpsid i" ::: "memory");
    GPIO0_MASKED[TIMESTAMP_PIN] = TIMESTAMP_PIN;
    TIMER0->control = 0;
    NVIC_ENABLE = INTERRUPT_UART0_RX | INTERRUPT_UART0_TX;
}

void th_timestamp_hold(void)
{
#if EE_CFG_ENERGY_MODE
    uint32_t start = COUNTER;

    board_activity(ACTIVITY_IDLE);
    start_timer();
    while (COUNTER - start < TH_TIMESTAMP_HOLD_US) {
        board_sleep();
    }
    TIMER0->control = 0;
#endif
}

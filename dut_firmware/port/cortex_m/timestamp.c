/* The timestamp pin of an energy build, and the microseconds of a performance build. */
#include "board.h"

#include "er_monitor.h"
#include "er_port.h"

#define TICKS_PER_US (PERIPHERAL_HZ / 1000000u)

void th_timestamp_initialize(void)
{
    COUNTER_PRESCALE = COUNTER_HZ / 1000000u - 1u;
    GPIO0_MASKED[TIMESTAMP_PIN] = TIMESTAMP_PIN; /* level before direction: no edge that is none */
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

void th_timestamp_release(void)
{
    GPIO0_MASKED[TIMESTAMP_PIN] = TIMESTAMP_PIN;
}

void th_timestamp_hold(void)
{
#if EE_CFG_ENERGY_MODE
    uint32_t start = COUNTER;

    board_activity(ACTIVITY_IDLE);
    TIMER0->reload = TH_TIMESTAMP_HOLD_US * TICKS_PER_US;
    TIMER0->value = TH_TIMESTAMP_HOLD_US * TICKS_PER_US;
    TIMER0->control = TIMER_CONTROL_ENABLE | TIMER_CONTROL_INTERRUPT;
    while (COUNTER - start < TH_TIMESTAMP_HOLD_US) {
        board_sleep();
    }
    TIMER0->control = 0;
#endif
}

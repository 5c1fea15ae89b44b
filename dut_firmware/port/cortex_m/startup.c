/* SPDX-License-Identifier: Apache-2.0 */
/* From reset to main(), and what a fault does. */
#include "board.h"

#include "er_monitor.h"

#include <string.h>

extern uint32_t image_data_load[], image_data_start[], image_data_end[]; /* from cortex_m.ld */
extern uint32_t image_bss_start[], image_bss_end[], image_stack_top[];

void reset_handler(void);
void fault_handler(void);

/* A fault ends everything: the marker gets the address of the instruction, no answer is ever sent, the pin stays as it
 * is, and the CPU sleeps with all interrupts off until its supply is cut. The host sees a time-out, not a wrong result.
 */
static void __attribute__((noreturn, used)) stop(const uint32_t *frame)
{
    MARKER->fault = frame[6]; /* the exception frame: r0-r3, r12, lr, pc, psr */
    for (;;) {
        __asm volatile("cpsid f\n\twfi");
    }
}

void __attribute__((naked)) fault_handler(void)
{
    __asm volatile("mrs r0, msp\n\tb stop");
}

void __attribute__((noreturn)) reset_handler(void)
{
    __asm volatile("cpsid i"); /* interrupts only wake; see board.h */
    memcpy(image_data_start, image_data_load, (size_t)((char *)image_data_end - (char *)image_data_start));
    memset(image_bss_start, 0, (size_t)((char *)image_bss_end - (char *)image_bss_start));
    ee_benchmark_initialize();
    er_monitor_run();
    for (;;) {
    }
}

typedef void (*handler_t)(void);

#define TIMER0_VECTOR (16 + 8) /* interrupt 8; the exceptions of the CPU itself are 1 to 15 */

/* Without handlers of their own, memory, bus and usage faults become hard faults; what else is never enabled would be
 * one, too. */
static const struct {
    uint32_t *stack;
    handler_t handlers[TIMER0_VECTOR];
} vectors __attribute__((section(".vectors"), used)) = {
    image_stack_top,
    {reset_handler, [1 ... TIMER0_VECTOR - 2] = fault_handler, [TIMER0_VECTOR - 1] = timer0_handler},
};

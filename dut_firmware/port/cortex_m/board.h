/* SPDX-License-Identifier: Apache-2.0 */
/* The board: a Cortex-M4 with 4 MB of flash at 0, 4 MB of RAM at 0x20000000 and a few peripherals of Arm's MPS2+ board
 * with the image AN386, so that the same ELF runs in QEMU (-M mps2-an386) and in the co-simulated bench.
 *
 * Sources: Arm DAI0386 (memory map and interrupts of AN386), Arm DDI0479 (CMSDK: UART, timer, GPIO), Arm DDI0403
 * (NVIC). The CPU's frequency appears nowhere: peripherals have clocks of their own, which do not depend on it.
 */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

#define PERIPHERAL_HZ 25000000u /* clock of UART and timer */
#define COUNTER_HZ 20000000u    /* clock of the FPGAIO's prescaler */

typedef volatile uint32_t reg_t;

/* CMSDK UART. Received is one byte, not a FIFO: a second byte before the first was read sets RX_OVERRUN. */
typedef struct {
    reg_t data;
    reg_t state;
    reg_t control;
    reg_t interrupts; /* read: pending; write 1: clear */
    reg_t divider;    /* PERIPHERAL_HZ / baud, at least 16 */
} uart_t;

#define UART0 ((uart_t *)0x40004000u)
#define UART_STATE_TX_FULL (1u << 0)
#define UART_STATE_RX_FULL (1u << 1)
#define UART_STATE_RX_OVERRUN (1u << 3)
#define UART_CONTROL_TX (1u << 0)
#define UART_CONTROL_RX (1u << 1)
#define UART_CONTROL_TX_INTERRUPT (1u << 2) /* when TX_FULL falls */
#define UART_CONTROL_RX_INTERRUPT (1u << 3) /* when RX_FULL rises */
#define UART_INTERRUPTS (3u << 0)

/* CMSDK timer: counts down with PERIPHERAL_HZ and reloads itself. */
typedef struct {
    reg_t control;
    reg_t value;
    reg_t reload;
    reg_t interrupts;
} hold_timer_t;

#define TIMER0 ((hold_timer_t *)0x40000000u)
#define TIMER_CONTROL_ENABLE (1u << 0)
#define TIMER_CONTROL_INTERRUPT (1u << 3)
#define TIMER_INTERRUPT (1u << 0)

/* CMSDK GPIO 0. A store to masked[m] changes the bits of m and no others: one store, whatever the other pins are. */
#define GPIO0_OUTPUT_ENABLE (*(reg_t *)0x40010010u)
#define GPIO0_MASKED ((reg_t *)0x40010400u)
#define TIMESTAMP_PIN (1u << 0)

/* FPGAIO: a free-running counter of COUNTER_HZ / (prescale + 1). */
#define COUNTER (*(reg_t *)0x40028018u)
#define COUNTER_PRESCALE (*(reg_t *)0x4002801cu)

/* Interrupts wake the CPU from WFI and are not taken, because PRIMASK stays set; but for the timer's during the first
 * inference of a window (timestamp.c). */
#define NVIC_ENABLE (*(reg_t *)0xe000e100u)
#define NVIC_DISABLE (*(reg_t *)0xe000e180u)
#define NVIC_CLEAR_PENDING (*(reg_t *)0xe000e280u)
#define INTERRUPT_UART0_RX (1u << 0)
#define INTERRUPT_UART0_TX (1u << 1)
#define INTERRUPT_TIMER0 (1u << 8)

/* The marker: what the firmware does, for an emulator. Nothing answers at these reserved addresses on the board;
 * QEMU ignores stores there, its plugins and the co-simulated bench see them. */
typedef struct {
    reg_t activity;   /* enum activity */
    reg_t operations; /* of the layer that the next store starts */
    reg_t layer;      /* a layer starts: kind << 16 | index */
    reg_t fault;      /* a fault handler has taken over: address of the instruction, and the CPU stops */
} marker_t;

#define MARKER ((marker_t *)0x4002e000u)

/* The numbers go over the marker: never renumber, only append. */
enum activity {
    ACTIVITY_BOOT = 0,     /* never stored: it is what a reset leaves */
    ACTIVITY_IDLE = 1,     /* asleep: no command is under way, or a timestamp pulse is held */
    ACTIVITY_RECEIVE = 2,  /* a command is coming in, asleep between its bytes */
    ACTIVITY_TRANSMIT = 3, /* printing, asleep between the bytes */
    ACTIVITY_INFER = 4     /* from the first layer on */
};

/* power.c */
void board_activity(enum activity activity);
void board_sleep(void);

/* timestamp.c; the only handler besides that of faults */
void timer0_handler(void);

#endif

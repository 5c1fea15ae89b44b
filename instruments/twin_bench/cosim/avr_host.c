/* SPDX-License-Identifier: Apache-2.0 */
/* An ATmega328P in simavr, run in slices of its own cycles: inputs at given cycles, outputs with theirs.
 *
 * Called from avr.py. One handle is one chip; several may exist at once. simavr is GPL-3, so this file is compiled and
 * linked only on the user's machine and is not part of any binary package.
 */
#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_cycle_timers.h>
#include <simavr/sim_elf.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum kind { UART = 0, PIN = 1 }; /* AvrKind of avr.py */

typedef struct {
    uint64_t cycle;
    uint32_t kind;  /* of an input: UART, or PIN */
    uint32_t value; /* byte; or of an input pin: number << 1 | level, of the output pin: level */
} er_avr_item_t;

typedef struct {
    er_avr_item_t *items;
    size_t first, count, room;
} list_t;

typedef struct {
    avr_t *avr;
    avr_irq_t *uart_in, *port_d;
    list_t inputs, events;
    int level;    /* of the output pin; -1: unknown yet */
    int full;     /* there was no memory for an event */
} er_avr_t;

static int append(list_t *list, er_avr_item_t item)
{
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 256;
        er_avr_item_t *items = realloc(list->items, room * sizeof *items);
        if (items == NULL) {
            return -1;
        }
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = item;
    return 0;
}

static void silent(avr_t *avr, const int level, const char *format, va_list arguments)
{
    (void)avr, (void)level, (void)format, (void)arguments;
}

static void no_sleep(avr_t *avr, avr_cycle_count_t cycles)
{
    (void)avr, (void)cycles; /* time is virtual */
}

/* A sleeping core runs to its next timer in one step: this timer keeps it from passing the end of the slice. */
static avr_cycle_count_t slice_ends(avr_t *avr, avr_cycle_count_t when, void *parameter)
{
    (void)avr, (void)when, (void)parameter;
    return 0;
}

static void uart_sends(avr_irq_t *irq, uint32_t value, void *parameter)
{
    er_avr_t *self = parameter;

    (void)irq;
    self->full |= append(&self->events, (er_avr_item_t){self->avr->cycle, UART, value & 0xffu});
}

static void pin_changes(avr_irq_t *irq, uint32_t value, void *parameter)
{
    er_avr_t *self = parameter;
    int level = (int)(value & 1u);

    (void)irq;
    if (level != self->level) {
        self->level = level;
        self->full |= append(&self->events, (er_avr_item_t){self->avr->cycle, PIN, (uint32_t)level});
    }
}

static avr_cycle_count_t input_is_due(avr_t *avr, avr_cycle_count_t when, void *parameter)
{
    er_avr_t *self = parameter;
    list_t *inputs = &self->inputs;

    (void)when;
    while (inputs->first < inputs->count && inputs->items[inputs->first].cycle <= avr->cycle) {
        er_avr_item_t input = inputs->items[inputs->first++];
        avr_raise_irq(input.kind == UART ? self->uart_in : self->port_d + (input.value >> 1),
                      input.kind == UART ? input.value : input.value & 1u);
    }
    if (inputs->first == inputs->count) {
        inputs->first = inputs->count = 0;
        return 0;
    }
    return inputs->items[inputs->first].cycle;
}

void er_avr_close(er_avr_t *self)
{
    if (self->avr != NULL) {
        avr_terminate(self->avr);
        free(self->avr);
    }
    free(self->inputs.items);
    free(self->events.items);
    free(self);
}

/* Return a chip that starts at cycle 0, or a null pointer if the file is not a program for it. */
er_avr_t *er_avr_open(const char *elf, uint32_t frequency_hz)
{
    er_avr_t *self = calloc(1, sizeof *self);
    elf_firmware_t firmware;
    uint32_t flags = 0;

    if (self == NULL) {
        return NULL;
    }
    avr_global_logger_set(silent);
    memset(&firmware, 0, sizeof firmware);
    self->level = -1;
    if (elf_read_firmware(elf, &firmware) != 0 || firmware.flash == NULL || firmware.flashsize == 0 ||
        (self->avr = avr_make_mcu_by_name("atmega328p")) == NULL) {
        er_avr_close(self);
        return NULL;
    }
    firmware.frequency = frequency_hz;
    avr_init(self->avr);
    avr_load_firmware(self->avr, &firmware);
    self->avr->sleep = no_sleep;
    avr_ioctl(self->avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
    flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
    avr_ioctl(self->avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    self->uart_in = avr_io_getirq(self->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    self->port_d = avr_io_getirq(self->avr, AVR_IOCTL_IOPORT_GETIRQ('D'), IOPORT_IRQ_PIN0);
    avr_irq_register_notify(avr_io_getirq(self->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), uart_sends, self);
    avr_irq_register_notify(avr_io_getirq(self->avr, AVR_IOCTL_IOPORT_GETIRQ('B'), IOPORT_IRQ_PIN1), pin_changes,
                            self);
    return self;
}

uint64_t er_avr_cycle(const er_avr_t *self)
{
    return self->avr->cycle;
}

/* Schedule an input at `cycle`; return 0, or -1 without memory. Inputs at the same cycle act in the order of calls. */
int er_avr_input(er_avr_t *self, uint64_t cycle, uint32_t kind, uint32_t value)
{
    list_t *inputs = &self->inputs;
    size_t at;

    if (append(inputs, (er_avr_item_t){cycle, kind, value}) != 0) {
        return -1;
    }
    for (at = inputs->count - 1; at > inputs->first && inputs->items[at - 1].cycle > cycle; at--) {
        er_avr_item_t later = inputs->items[at - 1];
        inputs->items[at - 1] = inputs->items[at];
        inputs->items[at] = later;
    }
    if (at == inputs->first) {
        uint64_t now = self->avr->cycle;
        avr_cycle_timer_register(self->avr, cycle > now ? cycle - now : 0, input_is_due, self);
    }
    return 0;
}

/* Run to `until`, or at most one instruction beyond; return 0, the state in which the chip stopped for ever, or -1 if
 * there was no memory for an event. */
int er_avr_run(er_avr_t *self, uint64_t until)
{
    self->events.count = 0;
    while (self->avr->cycle < until) {
        avr_cycle_timer_register(self->avr, until - self->avr->cycle, slice_ends, self);
        int state = avr_run(self->avr);
        while (self->avr->cycle < until && state != cpu_Done && state != cpu_Crashed) {
            state = avr_run(self->avr);
        }
        avr_cycle_timer_cancel(self->avr, slice_ends, self);
        if (state == cpu_Done || state == cpu_Crashed) {
            return state;
        }
    }
    return self->full ? -1 : 0;
}

const er_avr_item_t *er_avr_events(const er_avr_t *self, size_t *count)
{
    *count = self->events.count;
    return self->events.items;
}

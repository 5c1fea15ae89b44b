/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the instructions that an emulated Cortex-M executes, and stops it at a deadline or an alarm.
 *
 * Unicorn calls er_count_block() at the start of each block: a straight run of instructions that is executed to its
 * end unless one of them faults. The hook adds the number of instructions in the block to `cycle`. A block that would
 * end after `deadline` is not started, so the count is exact and does not depend on the deadlines. Nor is a block that
 * would begin at or after `alarm`, when an event of a peripheral is due: interrupts are taken between two blocks.
 *
 * The prototypes are unicorn's public ones (unicorn.h, uc_cb_hookcode_t and uc_emu_stop). The library is not linked:
 * its uc_emu_stop is passed in the struct.
 */
#include <stdint.h>

typedef struct {
    uint64_t cycle;    /* instructions executed, with the whole current block, plus cycles asleep */
    uint64_t deadline; /* no block may end after it */
    uint64_t alarm;    /* no block may begin at or after it */
    uint64_t address;  /* of the current block; `size` is its length in bytes */
    uint32_t size;
    uint32_t stopped;          /* STOPPED_*: why the core stopped before the block at `address`; 0: it did not */
    int (*stop)(void *engine); /* uc_emu_stop */
    const uint8_t *flash;      /* from address 0 on; all code runs from it */
    uint32_t *known;           /* one word for each halfword of the flash, zero at first: size << 16 | count */
    uint64_t flash_size;
} er_counter_t;

#define STOPPED_BY_DEADLINE 1u
#define STOPPED_BY_ALARM 2u

/* A Thumb instruction has two halfwords where the first begins with 0b11101, 0b11110 or 0b11111 (Arm DDI0403, A5.1). */
uint32_t er_count_instructions(const uint8_t *code, uint32_t size)
{
    uint32_t count = 0;
    for (uint32_t at = 0; at < size; count++) {
        at += code[at + 1] >= 0xe8 ? 4 : 2;
    }
    return count;
}

void er_count_block(void *engine, uint64_t address, uint32_t size, void *user)
{
    er_counter_t *counter = user;

    if (address + size > counter->flash_size) {
        return; /* the fetch will fault */
    }
    uint32_t *known = &counter->known[address / 2];
    if (*known >> 16 != size) {
        *known = size << 16 | er_count_instructions(counter->flash + address, size);
    }
    counter->address = address;
    counter->size = size;
    uint64_t end = counter->cycle + (*known & 0xffff);
    if (counter->cycle >= counter->alarm || end > counter->deadline) {
        counter->stopped = counter->cycle >= counter->alarm ? STOPPED_BY_ALARM : STOPPED_BY_DEADLINE;
        counter->stop(engine);
        return;
    }
    counter->cycle = end;
}

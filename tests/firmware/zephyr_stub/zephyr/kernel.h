/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STUB_ZEPHYR_KERNEL_H
#define STUB_ZEPHYR_KERNEL_H

#include <zephyr/device.h>

typedef struct {
    int64_t microseconds;
} k_timeout_t;

#define K_NO_WAIT ((k_timeout_t){0})
#define K_FOREVER ((k_timeout_t){-1})
#define K_USEC(count) ((k_timeout_t){count})

struct k_msgq {
    uint8_t *bytes;
    uint32_t size, put, taken;
};

/* Messages of one byte. */
#define K_MSGQ_DEFINE(name, message_size, most, alignment)                                                             \
    static uint8_t name##_bytes[(most) * (message_size)];                                                              \
    struct k_msgq name = {name##_bytes, most, 0, 0}

int k_msgq_put(struct k_msgq *queue, const void *data, k_timeout_t timeout);
int k_msgq_get(struct k_msgq *queue, void *data, k_timeout_t timeout);

struct k_timer {
    void (*expiry)(struct k_timer *timer);
    void (*stop)(struct k_timer *timer);
    int64_t expires_us; /* below zero: it does not run */
};

#define K_TIMER_DEFINE(name, expiry_function, stop_function) \
    struct k_timer name = {expiry_function, stop_function, -1}

void k_timer_start(struct k_timer *timer, k_timeout_t duration, k_timeout_t period);
void k_timer_stop(struct k_timer *timer);
int32_t k_usleep(int32_t microseconds);
int64_t k_uptime_ticks(void);
uint64_t k_ticks_to_us_floor64(uint64_t ticks);
uint64_t k_cycle_get_64(void);
uint64_t k_cyc_to_us_floor64(uint64_t cycles);
void k_panic(void);

#endif

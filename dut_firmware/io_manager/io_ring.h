/* SPDX-License-Identifier: Apache-2.0 */
/* A queue of bytes between an interrupt and the main loop: one side only puts, the other only takes. */
#ifndef IO_RING_H
#define IO_RING_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `mask` + 1 bytes, a power of two up to 128: counters of 8 bits are read and written whole. */
typedef struct {
    volatile uint8_t put, taken;
    uint8_t mask;
    volatile uint8_t *bytes;
} io_ring_t;

#define IO_RING(name, size) \
    static volatile uint8_t name##_bytes[size]; \
    static io_ring_t name = {0, 0, (size) - 1, name##_bytes}

static inline uint8_t io_ring_count(const io_ring_t *ring)
{
    return (uint8_t)(ring->put - ring->taken);
}

static inline bool io_ring_put(io_ring_t *ring, uint8_t byte)
{
    if (io_ring_count(ring) > ring->mask) {
        return false;
    }
    ring->bytes[ring->put & ring->mask] = byte;
    ring->put++;
    return true;
}

static inline bool io_ring_get(io_ring_t *ring, uint8_t *byte)
{
    if (io_ring_count(ring) == 0) {
        return false;
    }
    *byte = ring->bytes[ring->taken & ring->mask];
    ring->taken++;
    return true;
}

#ifdef __cplusplus
}
#endif

#endif

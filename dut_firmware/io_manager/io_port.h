/* SPDX-License-Identifier: Apache-2.0 */
/* The port: what the IO manager's core needs of its board. Names are io_*, link-time, no tables.
 *
 * Bytes and edges come in by interrupts into queues of the port; nothing here waits but io_host_put(). */
#ifndef IO_PORT_H
#define IO_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* To the host; waits while the queue is full (a full queue drains in 25 ms at 115200 baud). */
void io_host_put(char character);

/* From the host and from the DUT: true and the next byte, or false at once. Where bytes of the host were lost, a NUL
 * takes their place, so that only the command that they belonged to is refused. */
bool io_host_get(uint8_t *byte);
bool io_dut_get(uint8_t *byte);

/* To the DUT: how many bytes the queue takes now, and put one; a byte beyond that is lost. */
size_t io_dut_room(void);
void io_dut_put(uint8_t byte);

/* Edges of the timestamp pin; a change forgets those that were not fetched. */
enum io_edges { IO_EDGES_OFF, IO_EDGES_FALLING, IO_EDGES_BOTH };
void io_edges(enum io_edges which);

/* True and when the next edge came, in microseconds since power-up modulo 2^32; or false at once. */
bool io_edge_get(uint32_t *microseconds);

/* What has overflowed since the last call: bits of IO_LOST_*. */
#define IO_LOST_DUT_BYTES 1u
#define IO_LOST_EDGES 2u
uint8_t io_take_losses(void);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A port of the IO manager's core without a board: bytes from and to memory, for tests. */
#include "io_manager.h"
#include "io_port.h"

#include <string.h>

#define MOST 65536u
#define DUT_QUEUE 128u

static uint8_t host_in[MOST], dut_in[MOST], host_out[MOST], dut_out[MOST];
static uint32_t edges[256];
static size_t host_in_count, host_in_taken, dut_in_count, dut_in_taken, host_out_count, dut_out_count;
static size_t edge_count, edge_taken, dut_waiting;
static enum io_edges which_edges;
static uint8_t losses;

void fake_boot(void);
void fake_boot(void)
{
    host_in_count = host_in_taken = dut_in_count = dut_in_taken = host_out_count = dut_out_count = 0;
    edge_count = edge_taken = dut_waiting = 0;
    which_edges = IO_EDGES_OFF;
    losses = 0;
    io_manager_boot();
}

/* Where a byte comes from: 'h' host, 'd' DUT, 'e' an edge at `value` us, 'l' losses, 's' the DUT's line drains. */
void fake_event(char kind, uint32_t value);
void fake_event(char kind, uint32_t value)
{
    if (kind == 'h' && host_in_count < MOST) {
        host_in[host_in_count++] = (uint8_t)value;
    } else if (kind == 'd' && dut_in_count < MOST) {
        dut_in[dut_in_count++] = (uint8_t)value;
    } else if (kind == 'e' && edge_count < 256u) {
        edges[edge_count++] = value;
    } else if (kind == 'l') {
        losses = (uint8_t)value;
    } else if (kind == 's') {
        dut_waiting = 0;
    }
}

/* Run until there is nothing to do; a line to the DUT that is full for ever would stop it, so it drains. */
void fake_run(void);
void fake_run(void)
{
    for (unsigned idle = 0; idle < 3u; idle++) {
        while (io_manager_step()) {
            idle = 0;
        }
        dut_waiting = 0;
    }
}

size_t fake_take(char whose, uint8_t *destination, size_t size);
size_t fake_take(char whose, uint8_t *destination, size_t size)
{
    uint8_t *from = whose == 'h' ? host_out : dut_out;
    size_t *count = whose == 'h' ? &host_out_count : &dut_out_count;
    size_t taken = *count < size ? *count : size;

    memcpy(destination, from, taken);
    *count = 0;
    return taken;
}

int fake_edges(void);
int fake_edges(void)
{
    return (int)which_edges;
}

void io_host_put(char character)
{
    if (host_out_count < MOST) {
        host_out[host_out_count++] = (uint8_t)character;
    }
}

bool io_host_get(uint8_t *byte)
{
    if (host_in_taken == host_in_count) {
        return false;
    }
    *byte = host_in[host_in_taken++];
    return true;
}

bool io_dut_get(uint8_t *byte)
{
    if (dut_in_taken == dut_in_count) {
        return false;
    }
    *byte = dut_in[dut_in_taken++];
    return true;
}

size_t io_dut_room(void)
{
    return DUT_QUEUE - dut_waiting;
}

void io_dut_put(uint8_t byte)
{
    if (dut_waiting < DUT_QUEUE && dut_out_count < MOST) { /* as in the port: a byte beyond is lost */
        dut_waiting++;
        dut_out[dut_out_count++] = byte;
    }
}

void io_edges(enum io_edges which)
{
    which_edges = which;
    edge_taken = edge_count;
}

bool io_edge_get(uint32_t *microseconds)
{
    if (edge_taken == edge_count) {
        return false;
    }
    *microseconds = edges[edge_taken++];
    return true;
}

uint8_t io_take_losses(void)
{
    uint8_t were = losses;

    losses = 0;
    return were;
}

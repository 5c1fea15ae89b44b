/* SPDX-License-Identifier: Apache-2.0 */
#include "io_manager.h"

#include "io_commands.h"
#include "io_port.h"
#include "io_text.h"

static char command[IO_COMMAND_SIZE];
static size_t command_count;
static bool command_too_long;
static bool command_damaged;

static char line[IO_LINE_SIZE];
static size_t line_count;

void io_manager_boot(void)
{
    command_count = 0;
    command_too_long = false;
    command_damaged = false;
    line_count = 0;
    io_commands_initialize();
}

/* ---- host to us ---------------------------------------------------------------------------------------- */

static void refuse(const char *why)
{
    io_print("e-[");
    io_print(why);
    io_print_line("]");
    io_print_line("m-ready");
}

static void command_ends(void)
{
    if (command_damaged) {
        refuse("Bytes of the command were lost");
    } else if (command_too_long) {
        refuse("The command is too long");
    } else {
        io_run_command((io_text_t){command, command_count});
    }
    command_count = 0;
    command_too_long = false;
    command_damaged = false;
}

/* Line ends before a command are what a terminal leaves of the last one; the original took them for its name. */
static bool is_blank(uint8_t byte)
{
    return byte == '\r' || byte == '\n' || byte == ' ';
}

static void from_host(uint8_t byte)
{
    if (byte == '%') {
        command_ends();
    } else if (byte == '\0') { /* no command has one: it stands where the port lost bytes */
        command_damaged = true;
    } else if (command_count == 0 && is_blank(byte)) {
        return;
    } else if (command_count < IO_COMMAND_SIZE) {
        command[command_count++] = (char)byte;
    } else {
        command_too_long = true;
    }
}

/* ---- DUT to host --------------------------------------------------------------------------------------- */

static void put_line(void)
{
    io_print("[dut]: ");
    for (size_t i = 0; i < line_count; i++) {
        io_host_put(line[i]);
    }
    io_print("\r\n");
    line_count = 0;
}

/* A line is kept until its end, so that no lap and no answer falls into it. One that is longer than any line of the
 * grammar is broken: a DUT that sends noise must not keep the host from being answered. */
static void from_dut(uint8_t byte)
{
    if (byte == '\n') {
        if (line_count > 0 && line[line_count - 1] == '\r') {
            line_count--;
        }
        put_line();
        return;
    }
    if (line_count == IO_LINE_SIZE) {
        put_line();
    }
    line[line_count++] = (char)byte;
}

/* ---- edges --------------------------------------------------------------------------------------------- */

static bool put_edge(void)
{
    uint32_t microseconds;

    if (!io_edge_get(&microseconds)) {
        return false;
    }
    io_print("m-lap-us-");
    io_print_number(microseconds);
    io_print("\r\n");
    return true;
}

static void tell_losses(uint8_t losses)
{
    if ((losses & IO_LOST_DUT_BYTES) != 0) {
        io_print_line("e-[Bytes from the DUT were lost]");
    }
    if ((losses & IO_LOST_EDGES) != 0) {
        io_print_line("e-[Edges were lost: they came too fast]");
    }
}

bool io_manager_step(void)
{
    uint8_t byte;
    bool busy = put_edge();

    tell_losses(io_take_losses());
    if (io_dut_get(&byte)) {
        from_dut(byte);
        busy = true;
    }
    /* A command for the DUT must find room for all of it: until the last one has gone out, the next one waits in the
     * port's queue, and what the DUT says is relayed meanwhile. */
    if (io_dut_room() > IO_COMMAND_SIZE && io_host_get(&byte)) {
        from_host(byte);
        busy = true;
    }
    return busy;
}

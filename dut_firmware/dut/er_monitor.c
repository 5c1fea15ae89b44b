/* SPDX-License-Identifier: Apache-2.0 */
/* Boot, and bytes to commands. */
#include "er_monitor.h"

#include "er_buffer.h"
#include "er_commands.h"
#include "er_infer.h"
#include "er_port.h"
#include "er_words.h"

#include <stdbool.h>
#include <stddef.h>

#define COMMAND_END '%'
#define LOST "Bytes were lost: they came before m-ready"

/* Shared with the interrupt where a port receives in one; hence volatile. */
static char text[EE_CMD_SIZE + 1];
static volatile size_t length;
static volatile bool listening; /* false until the boot lines are out */
static volatile bool busy;      /* a complete command lies in `text` */
static const char *volatile damage;     /* why the command cannot be run, or NULL */
static volatile bool lost_bytes;        /* some came while busy, without a `%` behind them yet */
static volatile unsigned lost_commands; /* `%` that came while busy; only ever counts up */
static unsigned answered_lost;

static void run(const char *command)
{
    struct er_words words = er_split(command);

    if (words.count == 0) {
        th_printf("e-[Empty command]\r\n");
    } else if (!er_run_command(&words)) {
        er_print_error_word("Unknown command: ", words.word[0], "");
    }
}

void ee_serial_command_parser_callback(char *command)
{
    if (damage != NULL) {
        th_printf("e-[%s]\r\n", damage);
    } else {
        run(command);
    }
    /* Ready for the next command before it is invited: the first byte may come during the last line. */
    length = 0;
    damage = NULL;
    busy = false;
    if (lost_bytes) {
        lost_bytes = false;
        damage = LOST;
    }
    for (; answered_lost != lost_commands; answered_lost++) {
        th_printf("m-ready\r\ne-[%s]\r\n", LOST);
    }
    th_printf("m-ready\r\n");
}

static void end_of_command(void)
{
    text[length] = '\0';
    if (listening) {
        busy = true;
        th_command_ready(text);
    } else {
        length = 0;
        damage = NULL;
    }
}

void ee_serial_callback(char byte)
{
    if (busy) { /* only where th_command_ready() defers: `text` is being read */
        lost_bytes = byte != COMMAND_END;
        lost_commands += byte == COMMAND_END ? 1u : 0u;
    } else if (byte == COMMAND_END) {
        end_of_command();
    } else if (byte == '\0') {
        damage = "A NUL byte is in the command";
    } else if (length == EE_CMD_SIZE) {
        damage = "The command is too long";
    } else {
        text[length++] = byte;
    }
}

void ee_benchmark_initialize(void)
{
    listening = false;
    busy = false;
    length = 0;
    damage = NULL;
    lost_bytes = false;
    answered_lost = lost_commands;
    er_buffer_clear();
    er_infer_reset();

    th_serialport_initialize();
    th_timestamp_initialize();
    th_final_initialize();

    th_printf("m-init-done\r\n");
    listening = true;
    th_printf("m-ready\r\n");
}

void er_monitor_run(void)
{
    for (;;) {
        ee_serial_callback(th_getchar());
    }
}

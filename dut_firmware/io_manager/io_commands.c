/* SPDX-License-Identifier: Apache-2.0 */
/* One function and one row per command. */
#include "io_commands.h"

#include "io_port.h"

#define VERSION "1.0.3" /* of the grammar */

/* Which edges are timed once the timer is enabled. */
static enum io_edges chosen = IO_EDGES_FALLING;

void io_commands_initialize(void)
{
    chosen = IO_EDGES_FALLING;
}

static void wrong_arguments(const char *word)
{
    io_print("e-");
    io_print(word);
    io_print_line("-?#args?");
}

static void name(io_text_t arguments)
{
    (void)arguments;
    io_print_line("m-name-io");
}

static void version(io_text_t arguments)
{
    (void)arguments;
    io_print_line("m-version-" VERSION);
}

/* No reset pin is wired to the DUT, whose supply the power monitor switches; the answer is what clients expect. */
static void reset_polarity(io_text_t arguments)
{
    io_text_t level = io_first_word(&arguments);

    if (!io_is(level, "0") && !io_is(level, "1")) {
        wrong_arguments("res");
        return;
    }
    io_print("m-reset-polarity-");
    io_print_line(io_is(level, "1") ? "1" : "0");
}

static void enable_timer(io_text_t arguments)
{
    (void)arguments;
    io_edges(chosen);
    io_print_line("m-timer-enabled");
}

static void disable_timer(io_text_t arguments)
{
    (void)arguments;
    io_edges(IO_EDGES_OFF);
    io_print_line("m-timer-disabled");
}

static void timer_mode(io_text_t arguments)
{
    io_text_t mode = io_first_word(&arguments);

    if (!io_is(mode, "0") && !io_is(mode, "1")) {
        wrong_arguments("tm");
        return;
    }
    chosen = io_is(mode, "1") ? IO_EDGES_BOTH : IO_EDGES_FALLING;
    io_edges(IO_EDGES_OFF);
    io_print_line(chosen == IO_EDGES_BOTH ? "m-timestmp-mode-CHANGE" : "m-timestmp-mode-FALLING");
    io_print_line("m-[Timer disabled after mode change]");
}

static void energy_monitor_trigger(io_text_t arguments)
{
    (void)arguments;
    io_print_line("e-[EMON Triggering not supported]");
}

static void help(io_text_t arguments)
{
    (void)arguments;
    io_print_line("IO manager " VERSION);
    io_print_line("name            version");
    io_print_line("enable-timer    disable-timer");
    io_print_line("tm 0|1          res 0|1");
    io_print_line("dut COMMAND     et");
}

/* The answer comes before the command goes out, as clients expect; the DUT's own lines follow when they come. */
static void pass_through(io_text_t command)
{
    io_print("m-dut-passthrough(");
    io_print_visibly(command);
    io_print_line(")");
    for (size_t i = 0; i < command.count; i++) {
        io_dut_put((uint8_t)command.bytes[i]);
    }
    io_dut_put('%');
}

static const struct {
    const char *word;
    void (*run)(io_text_t arguments);
} commands[] = {
    {"name", name},
    {"version", version},
    {"res", reset_polarity},
    {"enable-timer", enable_timer},
    {"disable-timer", disable_timer},
    {"tm", timer_mode},
    {"et", energy_monitor_trigger},
    {"help", help},
    {"dut", pass_through},
};

static void dispatch(io_text_t command)
{
    io_text_t rest = command;
    io_text_t word = io_first_word(&rest);

    if (word.count == 0) {
        io_print_line("e-[Empty command]");
        return;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (io_is(word, commands[i].word)) {
            commands[i].run(rest);
            return;
        }
    }
    io_print("e-[Unknown command: ");
    io_print_visibly(word);
    io_print_line("]");
}

void io_run_command(io_text_t command)
{
    dispatch(command);
    io_print_line("m-ready");
}

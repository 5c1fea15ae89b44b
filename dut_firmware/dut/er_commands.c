/* SPDX-License-Identifier: Apache-2.0 */
/* One row per command. */
#include "er_commands.h"

#include "er_buffer.h"
#include "er_infer.h"
#include "er_port.h"

#include <stddef.h>

static void name_command(const struct er_words *words)
{
    (void)words;
    th_printf("m-name-dut-[%s]\r\n", TH_VENDOR_NAME_STRING);
}

static void profile_command(const struct er_words *words)
{
    (void)words;
    th_printf("m-profile-[%s]\r\n", EE_FW_VERSION);
    th_printf("m-model-[%s]\r\n", TH_MODEL_VERSION);
}

static void timestamp_command(const struct er_words *words)
{
    (void)words;
    er_whole_timestamp();
}

static void results_command(const struct er_words *words)
{
    (void)words;
    th_results();
}

static void clock_command(const struct er_words *words)
{
    int32_t hz = 0;
    const char *refusal;

    if (words->count < 2) {
        th_printf("e-[Command 'clock' requires a frequency in Hz]\r\n");
    } else if (!er_word_number(words->word[1], &hz) || hz <= 0) {
        er_print_error_word("Not a frequency in Hz: ", words->word[1], "");
    } else if ((refusal = th_set_clock((uint32_t)hz)) != NULL) {
        th_printf("e-[%s]\r\n", refusal);
    } else {
        th_printf("m-clock-[%lu]\r\n", (unsigned long)hz);
    }
}

static void help_command(const struct er_words *words)
{
    static const char *const lines[] = {
        EE_FW_VERSION,
        "",
        "help           : Show this list",
        "name           : Tell the name of this device",
        "timestamp      : Make one timestamp",
        "db SUBCOMMAND  : Work on the stimulus",
        "  load N       : Expect N bytes and forget those before",
        "  HH[HH]*      : Load bytes in hex until there are N",
        "  print        : Show all N bytes in hex,",
        "                 eight a line",
        "infer [N [W]]  : Warm up W times (10), then infer N times (1) between two timestamps",
        "results        : Show the results of the last inference",
    };

    (void)words;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        th_printf("%s\r\n", lines[i]);
    }
}

static const struct {
    const char *name;
    void (*run)(const struct er_words *words);
} commands[] = {
    {"name", name_command},
    {"profile", profile_command},
    {"help", help_command},
    {"timestamp", timestamp_command},
    {"db", er_buffer_command},
    {"infer", er_infer_command},
    {"results", results_command},
    {"clock", clock_command},
};

bool er_run_command(const struct er_words *words)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (er_word_is(words->word[0], commands[i].name)) {
            commands[i].run(words);
            return true;
        }
    }
    return false;
}

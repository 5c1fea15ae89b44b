/* Bytes to commands, and the table of commands. */
#include "er_monitor.h"

#include "er_buffer.h"
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

static void help_command(const struct er_words *words);

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
};

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

static void run(const char *command)
{
    struct er_words words = er_split(command);

    if (words.count == 0) {
        th_printf("e-[Empty command]\r\n");
        return;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (er_word_is(words.word[0], commands[i].name)) {
            commands[i].run(&words);
            return;
        }
    }
    er_print_error_word("Unknown command: ", words.word[0], "");
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

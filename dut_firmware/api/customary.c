/* SPDX-License-Identifier: Apache-2.0 */
/* The customary harness's interface on top of this core. It takes the place of dut/er_model.c. */
#include "internally_implemented.h"

#include "../dut/er_buffer.h"
#include "../dut/er_commands.h"
#include "../dut/er_infer.h"

#include <limits.h>

#undef th_load_tensor /* from here on it is the core's own */

const char *th_load_tensor(void)
{
    er_customary_load_tensor();
    return NULL;
}

/* Not const: the customary interface lets a port change the stimulus. */
uint8_t *ee_get_buffer_pointer(void)
{
    return (uint8_t *)er_buffer_bytes();
}

void ee_infer(size_t inferences, size_t warmups)
{
    if (inferences == 0) {
        th_printf("e-[Inference iterations must be >0]\r\n");
        return;
    }
    er_infer((uint32_t)inferences, (uint32_t)warmups);
}

static bool is_among(struct er_word word, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (er_word_is(word, names[i])) {
            return true;
        }
    }
    return false;
}

static arg_claimed_t run_if_among(const char *command, const char *const *names, size_t count)
{
    struct er_words words = er_split(command);

    if (words.count == 0 || !is_among(words.word[0], names, count)) {
        return EE_ARG_UNCLAIMED;
    }
    return er_run_command(&words) ? EE_ARG_CLAIMED : EE_ARG_UNCLAIMED;
}

arg_claimed_t ee_profile_parse(char *command)
{
    static const char *const names[] = {"profile", "help", "db", "infer", "results"};

    return run_if_among(command, names, sizeof names / sizeof names[0]);
}

arg_claimed_t ee_buffer_parse(char *command)
{
    static const char *const names[] = {"db"};

    return run_if_among(command, names, sizeof names / sizeof names[0]);
}

long ee_hexdec(char *hex)
{
    long value = 0;

    for (; *hex != '\0'; hex++) {
        int digit = er_hex_value(*hex);
        if (digit < 0 || value > (LONG_MAX - digit) / 16) {
            return -1;
        }
        value = 16 * value + digit;
    }
    return value;
}

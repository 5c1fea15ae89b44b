/* SPDX-License-Identifier: Apache-2.0 */
/* `infer`: what is measured, and nothing else, between two timestamps.
 *
 * Inside the window, in this order: th_timestamp_release_later(), which starts a timer at most, th_pre(), N times
 * th_infer(), th_post(), the counting of N, and after the first inference one th_timestamp_release(), a few stores.
 * Neither waiting nor printing is inside: the first pulse is ended by the port's timer after TH_TIMESTAMP_HOLD_US, or by
 * the end of the first inference where that comes sooner or the port has no timer; the second lasts
 * TH_TIMESTAMP_HOLD_US; laps are printed afterwards. Only `infer 1` waits TH_TIMESTAMP_HOLD_US inside its window, with
 * the pin high, because two edges without a high level between them would be one; a window that counts has many
 * inferences.
 */
#include "er_infer.h"

#include "er_buffer.h"
#include "er_monitor.h"
#include "er_port.h"

#define DEFAULT_INFERENCES 1
#define DEFAULT_WARMUPS 10
#define MOST_LAPS 2

static bool in_window;
static uint32_t laps[MOST_LAPS];
static size_t lap_count;

void er_infer_reset(void)
{
    in_window = false;
    lap_count = 0;
}

static void print_lap(uint32_t microseconds)
{
    th_printf("m-lap-us-%lu\r\n", (unsigned long)microseconds);
}

void er_lap(uint32_t microseconds)
{
    if (in_window && lap_count < MOST_LAPS) {
        laps[lap_count++] = microseconds;
    } else {
        print_lap(microseconds);
    }
}

void er_whole_timestamp(void)
{
    th_timestamp();
#if EE_CFG_ENERGY_MODE
    th_timestamp_hold();
    th_timestamp_release();
    th_timestamp_hold(); /* so the next falling edge, whenever it comes, has a high level before it */
#endif
}

void er_announce_timestamp(void)
{
    th_printf("m-timestamp-mode-%s\r\n", EE_CFG_ENERGY_MODE ? "energy" : "performance");
    er_whole_timestamp();
}

/* The window: between the two calls of th_timestamp(). */
static void measure(uint32_t inferences)
{
    in_window = true;
    lap_count = 0;

    th_timestamp();
#if EE_CFG_ENERGY_MODE
    th_timestamp_release_later();
#endif
    th_pre();
    th_infer();
#if EE_CFG_ENERGY_MODE
    th_timestamp_release();
    if (inferences == 1) {
        th_timestamp_hold();
    }
#endif
    for (uint32_t done = 1; done < inferences; done++) {
        th_infer();
    }
    th_post();
    th_timestamp();

    in_window = false;
#if EE_CFG_ENERGY_MODE
    th_timestamp_hold();
    th_timestamp_release();
#endif
    for (size_t i = 0; i < lap_count; i++) {
        print_lap(laps[i]);
    }
}

void er_infer(uint32_t inferences, uint32_t warmups)
{
    const char *refusal = th_load_tensor();

    if (refusal != NULL) {
        th_printf("e-[%s]\r\n", refusal);
        return;
    }
    th_printf("m-warmup-start-%lu\r\n", (unsigned long)warmups);
    for (uint32_t done = 0; done < warmups; done++) {
        th_infer();
    }
    th_printf("m-warmup-done\r\n");
    th_printf("m-infer-start-%lu\r\n", (unsigned long)inferences);
    measure(inferences);
    th_printf("m-infer-done\r\n");
    th_results();
}

void er_infer_command(const struct er_words *words)
{
    int32_t inferences = DEFAULT_INFERENCES;
    int32_t warmups = DEFAULT_WARMUPS;

    if (words->count > 1 && !er_word_number(words->word[1], &inferences)) {
        er_print_error_word("Not a whole number: ", words->word[1], "");
    } else if (inferences <= 0) {
        th_printf("e-[Inference iterations must be >0]\r\n");
    } else if (words->count > 2 && !er_word_number(words->word[2], &warmups)) {
        er_print_error_word("Not a whole number: ", words->word[2], "");
    } else if (warmups < 0) {
        th_printf("e-[Inference warmup must be >=0]\r\n");
    } else if (!er_buffer_complete()) {
        th_printf("e-[The stimulus is incomplete]\r\n");
    } else {
        er_infer((uint32_t)inferences, (uint32_t)warmups);
    }
}

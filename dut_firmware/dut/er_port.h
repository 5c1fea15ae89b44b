/* SPDX-License-Identifier: Apache-2.0 */
/* The port: functions that a board provides (link-time, no tables). Names are those of the customary harness; what is
 * new is marked. `port/template` holds each with an example. A port that was written for that harness includes the two
 * headers of ../api instead of this one, and needs no change. */
#ifndef ER_PORT_H
#define ER_PORT_H

#include "er_config.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef ER_PRINTF_LIKE
#ifdef __GNUC__
#define ER_PRINTF_LIKE __attribute__((format(printf, 1, 2)))
#else
#define ER_PRINTF_LIKE
#endif
#endif

/* ---- required ---------------------------------------------------------------------------------------- */

/* Copy the stimulus (ee_get_buffer) into the model's input. Called once per `infer`, before the warm-ups. Return a
 * null pointer; or, if the stimulus does not fit the model, the reason: it is printed as `e-[reason]`, and nothing is
 * inferred. (The customary function returns nothing: ../api/submitter_implemented.h is for ports that have that one.) */
const char *th_load_tensor(void);

/* Run one inference on the loaded input; must give the same answer however often it is called. */
void th_infer(void);

/* Print `m-results-[…]` of the last inference; er_print_results() does it. */
void th_results(void);

/* Mark an instant. Energy build: pull the timestamp pin low and return at once. Performance build: call
 * er_lap(us) with a free-running microsecond count modulo 2^32. (A port that makes the whole pulse, or prints
 * the lap itself, works too; that time is then inside the window.) */
void th_timestamp(void);

/* Print as printf does. The core uses %s, %c, %lu and %02x only; er_vprintf() knows these and more. */
void th_printf(const char *format, ...) ER_PRINTF_LIKE;

/* Wait for one byte from the UART and return it. Called by er_monitor_run() only. */
char th_getchar(void);

/* ---- optional: er_defaults.c holds weak versions ------------------------------------------------------- */

void th_serialport_initialize(void); /* UART, 8N1; first call after start-up. Default: nothing. */
void th_timestamp_initialize(void);  /* Pin high or timer, then er_announce_timestamp(). Default: the latter. */
void th_final_initialize(void);      /* Model and the rest, last before `m-init-done`. Default: nothing. */
void th_pre(void);                   /* Inside the window, before the first inference. Default: nothing. */
void th_post(void);                  /* Inside the window, after the last inference. Default: nothing. */

/* A command is complete. Default: run it at once. A port that calls ee_serial_callback() from an interrupt
 * notes it here and calls ee_serial_command_parser_callback(command) from its main loop. */
void th_command_ready(char volatile *command);

/* New: raise the timestamp pin again; return at once. Default: nothing. */
void th_timestamp_release(void);

/* New: let a timer raise the timestamp pin in TH_TIMESTAMP_HOLD_US, whatever runs then; return at once. Called right
 * after the edge that opens a window. th_timestamp_release() still follows when the first inference is over, whether
 * the timer has expired or not, and stops it. Default: nothing, for ports without a timer to spare; the pin is then
 * low until the end of the first inference, however long that is. */
void th_timestamp_release_later(void);

/* New: wait TH_TIMESTAMP_HOLD_US. Default: nothing. */
void th_timestamp_hold(void);

/* New: the command `clock HZ`, which `help` does not list: clients know that answer by its twelve lines. Run the core at `hz` from now on, until the next reset, with the UART at the speed that
 * it had. Return a null pointer; or, if the board cannot do that, the reason: it is printed as `e-[reason]`, and the
 * clock must then be as it was. Default: a port cannot set its clock. */
const char *th_set_clock(uint32_t hz);

#ifdef __cplusplus
}
#endif

#endif

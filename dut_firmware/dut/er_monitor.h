/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark monitor: what a port calls. Commands end with `%`; every one is answered, last `m-ready`. */
#ifndef ER_MONITOR_H
#define ER_MONITOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Start: set all state, call the th_*_initialize functions, print the boot lines, listen from then on.
 * May be called again at any time between two commands; the stimulus is then forgotten. */
void ee_benchmark_initialize(void);

/* Take one byte from the UART. Safe from an interrupt if th_command_ready() defers. */
void ee_serial_callback(char byte);

/* Run one command (NUL-terminated, without `%`); answer it. */
void ee_serial_command_parser_callback(char *command);

/* Take bytes from th_getchar() for ever. */
void er_monitor_run(void);

/* Copy up to `size` bytes of the stimulus; return how many were loaded and copied (0: nothing was loaded). Where
 * `destination` is a null pointer they are only counted. */
size_t ee_get_buffer(uint8_t *destination, size_t size);

/* How many bytes of stimulus are loaded. */
size_t er_loaded_size(void);

/* Inside th_timestamp() of a performance build: print `m-lap-us-N`; within a window it is printed at its end,
 * so that the printing is not measured. */
void er_lap(uint32_t microseconds);

/* Inside th_timestamp_initialize(): print `m-timestamp-mode-…` and make one timestamp. */
void er_announce_timestamp(void);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* For a port, in C or C++, that was written for the customary harness: what it may call, under the names and types
 * that it has there. The first four functions are those of dut/er_monitor.h; customary.c has the others. */
#ifndef ER_API_INTERNALLY_IMPLEMENTED_H
#define ER_API_INTERNALLY_IMPLEMENTED_H

#include <stddef.h>
#include <stdint.h>

/* ee_benchmark_initialize, ee_serial_callback, ee_serial_command_parser_callback, ee_get_buffer */
#include "../dut/er_monitor.h"
/* Declared even if only this header is included: a main() that declares th_getchar() itself then means the C function. */
#include "submitter_implemented.h"

#define EE_MONITOR_VERSION "2.2.0" /* of the interface */
#define EE_DEVICE_NAME "dut"

/* The grammar, for ports that look at commands or answers themselves. */
#define EE_CMD_DELIMITER " "
#define EE_CMD_TERMINATOR '%'
#define EE_CMD_NAME "name"
#define EE_CMD_TIMESTAMP "timestamp"
#define EE_MSG_NAME "m-name-%s-[%s]\r\n"
#define EE_MSG_INIT_DONE "m-init-done\r\n"
#define EE_MSG_READY "m-ready\r\n"
#define EE_ERR_CMD "e-[Unknown command: %s]\r\n"

typedef enum { EE_STATUS_OK = 0, EE_STATUS_ERROR } ee_status_t;
typedef enum { EE_ARG_CLAIMED, EE_ARG_UNCLAIMED } arg_claimed_t;

#ifdef __cplusplus
extern "C" {
#endif

/* The stimulus in place. A port may change it there, and `db print` then shows the changed bytes. */
uint8_t *ee_get_buffer_pointer(void);

/* What `infer` does, with numbers. Zero inferences are refused, as by the command. */
void ee_infer(size_t inferences, size_t warmups);

/* Run one command of the benchmark, without its end: `profile`, `help`, `db`, `infer`, `results`, or of these `db`
 * alone. EE_ARG_UNCLAIMED, and nothing is printed, for any other. Here the command is whole ("infer 5 1"); in the
 * customary harness it is the first word, and the others wait in strtok(), which this core does not use. */
arg_claimed_t ee_profile_parse(char *command);
arg_claimed_t ee_buffer_parse(char *command);

/* The value of hexadecimal digits; -1 where another character is among them or the value is too large. */
long ee_hexdec(char *hex);

#ifdef __cplusplus
}
#endif

#endif

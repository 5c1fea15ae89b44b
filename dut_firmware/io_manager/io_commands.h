/* SPDX-License-Identifier: Apache-2.0 */
/* The host's commands. */
#ifndef IO_COMMANDS_H
#define IO_COMMANDS_H

#include "io_text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* After power-up. */
void io_commands_initialize(void);

/* Run one command (without its `%`) and answer it. Every command, whatever it was, gets one `m-ready`. */
void io_run_command(io_text_t command);

#ifdef __cplusplus
}
#endif

#endif

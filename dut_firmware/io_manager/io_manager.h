/* SPDX-License-Identifier: Apache-2.0 */
/* The IO manager: relays the DUT's serial line to the host and times the edges of its timestamp pin.
 *
 * It speaks the grammar of the customary IO manager 1.0.3; ../README.md says where it is stricter. */
#ifndef IO_MANAGER_H
#define IO_MANAGER_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Characters of a host's command before its `%`: "dut " and the longest command of a DUT (80). */
#define IO_COMMAND_SIZE 84

/* Characters of a DUT's line that are relayed as one line; the longest of the grammar has 84 and a few more. */
#define IO_LINE_SIZE 128

/* After power-up, once the port is ready. Silent, as the original is: a client may take any line for an answer. */
void io_manager_boot(void);

/* Handle what has come in; false if there was nothing, and the port may sleep. */
bool io_manager_step(void);

#ifdef __cplusplus
}
#endif

#endif

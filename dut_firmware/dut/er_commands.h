/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the grammar. Private to the core, but for the customary interface in ../api. */
#ifndef ER_COMMANDS_H
#define ER_COMMANDS_H

#include "er_words.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Run the command that the first word names and print what it has to say; false, and nothing is printed, where no
 * command has that name. There must be a word. */
bool er_run_command(const struct er_words *words);

#ifdef __cplusplus
}
#endif

#endif

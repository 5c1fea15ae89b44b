/* SPDX-License-Identifier: Apache-2.0 */
/* For a port, in C or C++, that was written for the customary harness: what such a port implements, under the names
 * and types that it has there. It compiles and links unchanged against this core, with api/customary.c and without
 * dut/er_model.c. A new port has no use for this header; dut/er_port.h is shorter and can do more.
 *
 * All of dut/er_port.h belongs to it. Required: th_load_tensor, th_infer, th_results, th_timestamp, th_printf,
 * th_getchar. The rest has a default in dut/er_defaults.c. */
#ifndef ER_API_SUBMITTER_IMPLEMENTED_H
#define ER_API_SUBMITTER_IMPLEMENTED_H

/* Such ports rely on these. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef ER_PRINTF_LIKE
#define ER_PRINTF_LIKE /* no new warnings: they print sizes with %d, which their own harness accepts */
#endif
#include "../dut/er_port.h"

/* The lap of a performance build, for th_printf with an unsigned long, and the first line after a reset. */
#define EE_MSG_TIMESTAMP "m-lap-us-%lu\r\n"
#if EE_CFG_ENERGY_MODE
#define EE_MSG_TIMESTAMP_MODE "m-timestamp-mode-energy\r\n"
#else
#define EE_MSG_TIMESTAMP_MODE "m-timestamp-mode-performance\r\n"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The customary function returns nothing; this core's returns why it refused. So the port's function gets another name,
 * and customary.c has the core's, which calls it and refuses nothing. */
#define th_load_tensor er_customary_load_tensor
void th_load_tensor(void);

/* Hooks for a port's own C library. Such ports define them; this core calls none. */
int th_strncmp(const char *first, const char *second, size_t most);
char *th_strncpy(char *destination, const char *source, size_t most);
size_t th_strnlen(const char *text, size_t most);
char *th_strcat(char *destination, const char *source);
char *th_strtok(char *text, const char *separators);
int th_atoi(const char *text);
void *th_memset(void *destination, int byte, size_t count);
void *th_memcpy(void *destination, const void *source, size_t count);
int th_vprintf(const char *format, va_list arguments);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The host port: the monitor as a process or a library. For tests and for trying clients, not for measuring. */
#ifndef ER_HOST_H
#define ER_HOST_H

#include <stddef.h>
#include <stdint.h>

/* Where th_printf() goes: set by the process (a pty) or the library (a growing memory block). */
void er_host_put(char character);

/* The in-process interface of the shared library. */
void er_host_boot(void);                                 /* power up, or again; forgets everything */
void er_host_feed(const uint8_t *bytes, size_t count);   /* bytes arrive on the UART */
size_t er_host_take(uint8_t *destination, size_t size);  /* fetch what was said since; returns how many */

/* What happened, one letter each, since the last call; NUL-terminated, the oldest first, at most size - 1:
 * L load (the stub only), i infer, < th_pre, > th_post, v timestamp, ^ pin released, _ held, t timer started that
 * would release the pin (it never does here: nothing takes time). */
size_t er_host_events(char *destination, size_t size);
void er_host_event(char letter);

/* Commands wait until er_host_run_deferred(), as in a port that receives in an interrupt. */
void er_host_defer(int yes);
void er_host_run_deferred(void);

#endif

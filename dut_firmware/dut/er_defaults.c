/* SPDX-License-Identifier: Apache-2.0 */
/* What happens where a port does not provide an optional function. Weak: the port's own one wins. */
#include "er_monitor.h"
#include "er_port.h"

#define ER_WEAK __attribute__((weak))

ER_WEAK void th_serialport_initialize(void) {}

ER_WEAK void th_timestamp_initialize(void)
{
    er_announce_timestamp();
}

ER_WEAK void th_final_initialize(void) {}

ER_WEAK void th_pre(void) {}

ER_WEAK void th_post(void) {}

ER_WEAK void th_timestamp_release(void) {}

ER_WEAK void th_timestamp_release_later(void) {}

ER_WEAK void th_timestamp_hold(void) {}

ER_WEAK const char *th_set_clock(uint32_t hz)
{
    (void)hz;
    return "This port cannot set its clock";
}

ER_WEAK void th_command_ready(char volatile *command)
{
    ee_serial_command_parser_callback((char *)command);
}

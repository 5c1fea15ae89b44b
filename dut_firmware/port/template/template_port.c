/* SPDX-License-Identifier: Apache-2.0 */
/* A port to copy. It compiles and links as it is, does nothing yet, and says for each function what to write.
 *
 * Required: th_load_tensor, th_infer, th_results (here from dut/er_model.c over the four er_model_ functions in
 * template_model.c), th_timestamp, th_printf, th_getchar. The rest is optional: delete what you leave empty, and
 * the weak version in dut/er_defaults.c takes its place. No function may use the heap or wait for ever, but
 * th_getchar.
 */
#include "er_monitor.h"
#include "er_port.h"
#include "er_print.h"

#include <stdarg.h>
#include <stdint.h>

/* ---- registers: replace by those of your part ---------------------------------------------------------- */

static volatile uint32_t uart_data;         /* byte to send, or received */
static volatile uint32_t uart_can_send = 1; /* nonzero: uart_data takes a byte */
static volatile uint32_t uart_has_byte = 1; /* nonzero: uart_data holds a received byte */
static volatile uint32_t pin_level;         /* timestamp pin: 0 low, 1 high */
static volatile uint32_t microseconds;      /* free-running timer, 1 MHz, 32 bits */

#define CLOCK_HZ 80000000u /* of the core */

/* ---- UART ---------------------------------------------------------------------------------------------- */

/* First call after start-up. Clock and pins of the UART; 8 data bits, no parity, 1 stop bit, no flow control.
 * Speed: 9600 baud in an energy build (an IO manager relays), 115200 in a performance build. Set the TX pin's
 * level high before you make it an output: a low one looks like a byte to the other end. */
void th_serialport_initialize(void)
{
    uart_data = 0;
}

/* Wait for one byte and return it. This is the only place where the CPU waits for the host; sleep here if you
 * can (WFI), it is outside every window. Bytes must not be lost while a command runs: the host sends none until
 * it has read `m-ready`, and a FIFO or a ring of 64 bytes is plenty.
 * If you receive in an interrupt instead, call ee_serial_callback() there, and see th_command_ready. */
char th_getchar(void)
{
    while (uart_has_byte == 0) {
    }
    return (char)(unsigned char)uart_data;
}

static void put(char character)
{
    while (uart_can_send == 0) {
    }
    uart_data = (unsigned char)character;
}

/* Print like printf. Use vsnprintf of your C library if you have one; er_vprintf needs none. Return only when
 * the text is out or safe in a queue. It is never called inside a window. If you send by DMA or interrupt, wait
 * in th_pre() until the queue is empty: sending costs energy. */
void th_printf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    er_vprintf(put, format, arguments);
    va_end(arguments);
}

/* ---- timestamps ---------------------------------------------------------------------------------------- */

/* After the UART. Energy: make the pin an output, high, level before direction. Performance: start the timer.
 * Then er_announce_timestamp(), which prints the mode and makes the boot's timestamp. */
void th_timestamp_initialize(void)
{
    pin_level = 1;
    er_announce_timestamp();
}

/* The instant that counts. Energy: pull the pin low, return at once: the falling edge bounds the window.
 * Performance: give er_lap() the microsecond count as soon as you have it; it wraps at 2^32. */
void th_timestamp(void)
{
#if EE_CFG_ENERGY_MODE
    pin_level = 0;
#else
    er_lap(microseconds);
#endif
}

/* Raise the pin, and stop the timer of th_timestamp_release_later() if you use one; a few stores at most, because
 * one of these calls lies inside the window. */
void th_timestamp_release(void)
{
    pin_level = 1;
}

/* If a timer is free: let it interrupt once, in TH_TIMESTAMP_HOLD_US, and let that interrupt raise the pin, even
 * during an inference. Clear an earlier expiry before you start it. A timer with an output of its own (one-pulse
 * mode) needs no interrupt. Without a timer delete this: the pin is then low until the end of the first inference. */
void th_timestamp_release_later(void) {}

/* Wait TH_TIMESTAMP_HOLD_US (1000) or a little longer. Outside every window but that of `infer 1`. */
void th_timestamp_hold(void)
{
#if EE_CFG_ENERGY_MODE
    uint32_t start = microseconds;
    while (microseconds - start < TH_TIMESTAMP_HOLD_US) {
        microseconds = microseconds + 1; /* delete: your timer counts by itself */
    }
#endif
}

/* ---- the rest ------------------------------------------------------------------------------------------ */

/* Last before `m-init-done`: set up the model, switch off what an inference does not need. What you print here
 * is logged by the host; it must not begin with `m-` or `e-`. */
void th_final_initialize(void) {}

/* First inside the window, before the inferences. Run rules allow only what every inference needs. */
void th_pre(void) {}

/* Last inside the window. */
void th_post(void) {}

/* The command `clock HZ`: run the core at `hz` and keep the UART and the timer of th_timestamp_hold() at the speed
 * that they had. Return a null pointer, or why not, in words. Delete this where there is one clock only. */
const char *th_set_clock(uint32_t hz)
{
    return hz == CLOCK_HZ ? 0 : "This board has one clock only";
}

/* A command (NUL-terminated) is complete. Called from where ee_serial_callback() was called: if that is an
 * interrupt, only keep the pointer here, and call ee_serial_command_parser_callback() with it from the main
 * loop; the text stays valid until then. */
void th_command_ready(char volatile *command)
{
    ee_serial_command_parser_callback((char *)command);
}

/* What your start-up code calls once RAM and clocks are ready. */
int main(void)
{
    ee_benchmark_initialize();
    er_monitor_run();
}

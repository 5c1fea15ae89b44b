/* SPDX-License-Identifier: Apache-2.0 */
/* The port over Zephyr's drivers: UART by interrupts, the timestamp pin by GPIO, its release by a kernel timer.
 *
 * Written from Zephyr's documentation and headers, and compiled only against stand-ins for them: it has not yet been
 * built with a real Zephyr, nor run on a board. */
#include "er_monitor.h"
#include "er_port.h"
#include "er_print.h"

#include <zephyr/device.h>
#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>

#include <stdarg.h>
#include <stdbool.h>

#define BYTE_US ((10 * 1000000 + CONFIG_ENERGY_RUNNER_DUT_BAUD - 1) / CONFIG_ENERGY_RUNNER_DUT_BAUD) /* 8N1 */
#define RING_BYTES 64

static const struct device *const uart = DEVICE_DT_GET(DT_CHOSEN(energy_runner_dut_uart));
static const struct gpio_dt_spec pin = GPIO_DT_SPEC_GET(DT_PATH(zephyr_user), timestamp_gpios);

/* Received in an interrupt: the host may begin its next command while the end of `m-ready` is still going out. */
K_MSGQ_DEFINE(er_received, 1, RING_BYTES, 1);

/* Without its UART or pin the firmware stops for good: the host sees a time-out, not a wrong result. */
static void demand(bool fulfilled)
{
    if (!fulfilled) {
        k_panic();
    }
}

/* ---- UART ---------------------------------------------------------------------------------------------- */

/* A NUL goes in where bytes were lost, so that the monitor refuses that command instead of running what is left. */
static void keep(uint8_t byte)
{
    static const uint8_t nul = 0;
    static bool lost;

    if (lost) {
        lost = k_msgq_put(&er_received, &nul, K_NO_WAIT) != 0;
    }
    if (lost || k_msgq_put(&er_received, &byte, K_NO_WAIT) != 0) {
        lost = true;
    }
}

static void on_uart(const struct device *device, void *unused)
{
    uint8_t byte;

    (void)unused;
    while (uart_irq_update(device) > 0 && uart_irq_rx_ready(device) > 0) {
        if (uart_fifo_read(device, &byte, 1) == 1) {
            keep(byte);
        }
    }
}

void th_serialport_initialize(void)
{
    demand(device_is_ready(uart));
    demand(uart_irq_callback_user_data_set(uart, on_uart, NULL) == 0);
    uart_irq_rx_enable(uart);
}

/* The CPU idles in here. */
char th_getchar(void)
{
    uint8_t byte = 0;

    demand(k_msgq_get(&er_received, &byte, K_FOREVER) == 0);
    return (char)byte;
}

/* At the end of a line the last bytes must have left: what follows may be a window. */
static void put(char character)
{
    uart_poll_out(uart, (unsigned char)character);
    if (character == '\n') {
        k_usleep(CONFIG_ENERGY_RUNNER_DUT_TX_DRAIN_BYTES * BYTE_US);
    }
}

void th_printf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    er_vprintf(put, format, arguments);
    va_end(arguments);
}

/* ---- timestamps ---------------------------------------------------------------------------------------- */

static void set_pin(int level)
{
    (void)gpio_pin_set_raw(pin.port, pin.pin, level);
}

/* In the system clock's interrupt, whatever inference it interrupts. */
static void on_hold_over(struct k_timer *timer)
{
    (void)timer;
    set_pin(1);
}

K_TIMER_DEFINE(er_hold, on_hold_over, NULL);

void th_timestamp_initialize(void)
{
    demand(gpio_is_ready_dt(&pin));
    /* High, and that before it is an output; raw, because a falling edge is one of the voltage. */
    demand(gpio_pin_configure(pin.port, pin.pin, GPIO_OUTPUT_HIGH) == 0);
    er_announce_timestamp();
}

void th_timestamp(void)
{
#if EE_CFG_ENERGY_MODE
    set_pin(0);
#elif defined(CONFIG_TIMER_HAS_64BIT_CYCLE_COUNTER)
    er_lap((uint32_t)k_cyc_to_us_floor64(k_cycle_get_64()));
#else
    /* As fine as the kernel's ticks. The 32 bits of k_cycle_get_32() wrap within a window of fast parts. */
    er_lap((uint32_t)k_ticks_to_us_floor64((uint64_t)k_uptime_ticks()));
#endif
}

void th_timestamp_release_later(void)
{
    k_timer_start(&er_hold, K_USEC(TH_TIMESTAMP_HOLD_US), K_NO_WAIT);
}

void th_timestamp_release(void)
{
    k_timer_stop(&er_hold);
    set_pin(1);
}

void th_timestamp_hold(void)
{
#if EE_CFG_ENERGY_MODE
    k_usleep(TH_TIMESTAMP_HOLD_US);
#endif
}

/* ---- kernels ------------------------------------------------------------------------------------------- */

#ifdef CONFIG_ENERGY_RUNNER_DUT_KERNELS
#include "er_nn.h"

void er_profile_layer(uint16_t index, er_kind_t kind, uint32_t operations)
{
    (void)index;
    (void)kind;
    (void)operations;
}
#endif

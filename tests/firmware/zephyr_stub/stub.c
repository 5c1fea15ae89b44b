/* SPDX-License-Identifier: Apache-2.0 */
/* Zephyr, as far as a test needs it: bytes from standard input to standard output, time that passes only where somebody
 * sleeps or infers, and a list of what happens to the pin on standard error:
 * v low, ^ high, t the timer starts, ! it expires, = the pin becomes an output. STUB_BURST bytes arrive at once. */
#include "stub.h"

#include <zephyr/drivers/gpio.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>

#include <stdio.h>
#include <stdlib.h>

const struct device stub_energy_runner_dut_uart = {"uart"}, stub_gpio = {"gpio"};

static int64_t now_us;
static struct k_timer *running;
static uart_irq_callback_user_data_t on_byte;
static bool listening;
static int waiting = EOF; /* the byte in the UART */
static int level = -1;

static void note(char letter)
{
    fputc(letter, stderr);
}

/* ---- time ---------------------------------------------------------------------------------------------- */

void stub_pass_us(int64_t microseconds)
{
    int64_t end_us = now_us + microseconds;

    if (running != NULL && running->expires_us <= end_us) {
        struct k_timer *timer = running;
        now_us = timer->expires_us;
        running = NULL;
        note('!');
        timer->expiry(timer);
    }
    now_us = end_us;
}

int32_t k_usleep(int32_t microseconds)
{
    stub_pass_us(microseconds);
    return 0;
}

void k_timer_start(struct k_timer *timer, k_timeout_t duration, k_timeout_t period)
{
    (void)period;
    timer->expires_us = now_us + duration.microseconds;
    running = timer;
    note('t');
}

void k_timer_stop(struct k_timer *timer)
{
    (void)timer;
    running = NULL;
}

int64_t k_uptime_ticks(void)
{
    return now_us / 100;
}

uint64_t k_ticks_to_us_floor64(uint64_t ticks)
{
    return 100 * ticks;
}

uint64_t k_cycle_get_64(void)
{
    return 64 * (uint64_t)now_us;
}

uint64_t k_cyc_to_us_floor64(uint64_t cycles)
{
    return cycles / 64;
}

void k_panic(void)
{
    fputs("panic\n", stderr);
    exit(3);
}

/* ---- queue and UART ------------------------------------------------------------------------------------ */

int k_msgq_put(struct k_msgq *queue, const void *data, k_timeout_t timeout)
{
    (void)timeout;
    if (queue->put - queue->taken == queue->size) {
        return -1;
    }
    queue->bytes[queue->put++ % queue->size] = *(const uint8_t *)data;
    return 0;
}

static void let_bytes_arrive(void)
{
    const char *burst = getenv("STUB_BURST");

    for (int count = burst != NULL ? atoi(burst) : 1; count > 0; count--) {
        waiting = getchar();
        if (waiting == EOF) {
            break;
        }
        if (listening) {
            on_byte(&stub_energy_runner_dut_uart, NULL);
        }
        waiting = EOF;
    }
}

int k_msgq_get(struct k_msgq *queue, void *data, k_timeout_t timeout)
{
    (void)timeout;
    if (queue->put == queue->taken) {
        let_bytes_arrive();
    }
    if (queue->put == queue->taken) {
        exit(fflush(stdout) == 0 ? 0 : 1); /* standard input has ended */
    }
    *(uint8_t *)data = queue->bytes[queue->taken++ % queue->size];
    return 0;
}

int uart_irq_callback_user_data_set(const struct device *dev, uart_irq_callback_user_data_t cb, void *user_data)
{
    (void)dev;
    (void)user_data;
    on_byte = cb;
    return getenv("STUB_NO_UART") != NULL ? -1 : 0;
}

void uart_irq_rx_enable(const struct device *dev)
{
    (void)dev;
    listening = true;
}

int uart_irq_update(const struct device *dev)
{
    (void)dev;
    return 1;
}

int uart_irq_rx_ready(const struct device *dev)
{
    (void)dev;
    return waiting != EOF;
}

int uart_fifo_read(const struct device *dev, uint8_t *rx_data, const int size)
{
    (void)dev;
    (void)size;
    *rx_data = (uint8_t)waiting;
    waiting = EOF;
    return 1;
}

void uart_poll_out(const struct device *dev, unsigned char out_char)
{
    (void)dev;
    putchar(out_char);
}

/* ---- pin ----------------------------------------------------------------------------------------------- */

bool device_is_ready(const struct device *device)
{
    return device == &stub_energy_runner_dut_uart;
}

bool gpio_is_ready_dt(const struct gpio_dt_spec *spec)
{
    return spec->port == &stub_gpio && spec->pin == 3 && getenv("STUB_NO_GPIO") == NULL;
}

int gpio_pin_configure(const struct device *port, gpio_pin_t pin, gpio_flags_t flags)
{
    level = flags == GPIO_OUTPUT_HIGH ? 1 : 0;
    note('=');
    return port == &stub_gpio && pin == 3 ? 0 : -1;
}

int gpio_pin_set_raw(const struct device *port, gpio_pin_t pin, int value)
{
    if (port != &stub_gpio || pin != 3) {
        return -1;
    }
    if (value != level) {
        note(value != 0 ? '^' : 'v');
    }
    level = value;
    return 0;
}

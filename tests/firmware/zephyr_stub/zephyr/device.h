/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in, written for a test: of Zephyr's interface no more than port/zephyr uses, on this computer. */
#ifndef STUB_ZEPHYR_DEVICE_H
#define STUB_ZEPHYR_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct device {
    const char *name;
};

extern const struct device stub_energy_runner_dut_uart, stub_gpio;

#define DT_CHOSEN(name) stub_##name
#define DT_PATH(name) stub_##name
#define DEVICE_DT_GET(node) (&node)

bool device_is_ready(const struct device *device);

#endif

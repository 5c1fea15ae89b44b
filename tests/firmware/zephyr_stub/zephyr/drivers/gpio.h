/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STUB_ZEPHYR_GPIO_H
#define STUB_ZEPHYR_GPIO_H

#include <zephyr/device.h>

typedef uint8_t gpio_pin_t;
typedef uint16_t gpio_dt_flags_t;
typedef uint32_t gpio_flags_t;

#define GPIO_OUTPUT_HIGH ((gpio_flags_t)0xa0000)

struct gpio_dt_spec {
    const struct device *port;
    gpio_pin_t pin;
    gpio_dt_flags_t dt_flags;
};

/* The node and the property must be those of the sample's overlay. */
#define GPIO_DT_SPEC_GET(node, property) GPIO_STUB(node, property)
#define GPIO_STUB(node, property) node##_##property
#define stub_zephyr_user_timestamp_gpios {&stub_gpio, 3, 0}

bool gpio_is_ready_dt(const struct gpio_dt_spec *spec);
int gpio_pin_configure(const struct device *port, gpio_pin_t pin, gpio_flags_t flags);
int gpio_pin_set_raw(const struct device *port, gpio_pin_t pin, int value);

#endif

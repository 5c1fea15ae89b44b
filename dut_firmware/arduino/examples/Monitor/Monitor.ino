/* SPDX-License-Identifier: Apache-2.0 */
/* A DUT on any Arduino: the port's functions over Serial and one pin. `make arduino`, which makes the library, decides
 * between energy and performance build and which network it contains.
 *
 * The Arduino core has no timer that a sketch may claim on every board, so the first pulse of a window is low until the
 * end of the first inference; th_timestamp_release_later() of er_port.h is the place for your board's timer. */
#include <EnergyRunnerDut.h>

/* To the IO manager's D3, and to the power monitor's edge input. */
const int TIMESTAMP_PIN = 2;

/* With a USB port of the board's own processor, the IO manager is connected to a second one: Serial1. */
#define LINE Serial

void th_serialport_initialize(void)
{
    LINE.begin(EE_CFG_ENERGY_MODE ? 9600 : 115200);
}

/* Only er_monitor_run() would call it; loop() takes its place. */
char th_getchar(void)
{
    while (LINE.available() == 0) {
    }
    return (char)LINE.read();
}

static void put(char character)
{
    LINE.write((uint8_t)character);
}

/* Returns when the last byte has left: what follows may be a window. */
void th_printf(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    er_vprintf(put, format, arguments);
    va_end(arguments);
    LINE.flush();
}

void th_timestamp_initialize(void)
{
#if EE_CFG_ENERGY_MODE
    digitalWrite(TIMESTAMP_PIN, HIGH); /* level before direction: no false edge */
    pinMode(TIMESTAMP_PIN, OUTPUT);
#endif
    er_announce_timestamp();
}

/* digitalWrite() takes a few microseconds on slow parts, but always the same number. */
void th_timestamp(void)
{
#if EE_CFG_ENERGY_MODE
    digitalWrite(TIMESTAMP_PIN, LOW);
#else
    er_lap((uint32_t)micros());
#endif
}

void th_timestamp_release(void)
{
#if EE_CFG_ENERGY_MODE
    digitalWrite(TIMESTAMP_PIN, HIGH);
#endif
}

void th_timestamp_hold(void)
{
#if EE_CFG_ENERGY_MODE
    delayMicroseconds(TH_TIMESTAMP_HOLD_US);
#endif
}

void setup()
{
    ee_benchmark_initialize();
}

void loop()
{
    while (LINE.available() > 0) {
        ee_serial_callback((char)LINE.read());
    }
}

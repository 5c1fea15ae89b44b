/* SPDX-License-Identifier: Apache-2.0 */
// The Arduino core's main program and what Arduino.h declares.
#include "Arduino.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>

HardwareSerial Serial;

static int waiting = EOF;
static bool ended;

void HardwareSerial::begin(unsigned long baud)
{
    std::fprintf(stderr, "%lu ", baud);
}

int HardwareSerial::available()
{
    if (waiting == EOF && !ended) {
        waiting = std::getchar();
        ended = waiting == EOF;
    }
    return waiting == EOF ? 0 : 1;
}

int HardwareSerial::read()
{
    int byte = available() > 0 ? waiting : -1;

    waiting = EOF;
    return byte;
}

size_t HardwareSerial::write(uint8_t byte)
{
    std::putchar(byte);
    return 1;
}

void HardwareSerial::flush()
{
    std::fflush(stdout);
}

void pinMode(uint8_t pin, uint8_t mode)
{
    std::fputc(pin == 2 && mode == OUTPUT ? '=' : '?', stderr);
}

void digitalWrite(uint8_t pin, uint8_t level)
{
    std::fputc(pin != 2 ? '?' : level == HIGH ? '^' : 'v', stderr);
}

unsigned long micros()
{
    return static_cast<unsigned long>(std::clock());
}

void delayMicroseconds(unsigned int microseconds)
{
    std::fputc(microseconds == 1000 ? '_' : '?', stderr);
}

int main()
{
    setup();
    while (!ended) {
        loop();
    }
}

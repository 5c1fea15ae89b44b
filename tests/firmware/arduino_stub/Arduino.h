/* SPDX-License-Identifier: Apache-2.0 */
// A stand-in, written for a test: of the Arduino core no more than the example uses, on this computer. Bytes come from
// standard input and go to standard output; what happens to the pin is a list of letters on standard error: v low,
// ^ high, = it becomes an output, _ a wait of a millisecond.
#ifndef STUB_ARDUINO_H
#define STUB_ARDUINO_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define HIGH 1
#define LOW 0
#define OUTPUT 1

class HardwareSerial
{
  public:
    void begin(unsigned long baud);
    int available();
    int read();
    size_t write(uint8_t byte);
    void flush();
};

extern HardwareSerial Serial;

void pinMode(uint8_t pin, uint8_t mode);
void digitalWrite(uint8_t pin, uint8_t level);
unsigned long micros();
void delayMicroseconds(unsigned int microseconds);

void setup();
void loop();

#endif

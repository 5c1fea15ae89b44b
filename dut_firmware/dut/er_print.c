#include "er_print.h"

#include "er_port.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define MOST_DIGITS 20 /* of 64 bits, in decimal */

/* IEEE 754 binary32, which float is wherever this compiles: sign, 8 bits of exponent, 23 of mantissa. */
#define SIGN_BIT 0x80000000u
#define INFINITY_BITS 0x7f800000u
#define MANTISSA_BITS 23u
#define LEADING_ONE (UINT32_C(1) << MANTISSA_BITS)
#define UNIT_EXPONENT 150u          /* with it, the mantissa and its leading one are the value itself */
#define MOST_SHIFT 34u              /* from 35 on, even the largest product is below a half */
#define FIRST_TOO_LARGE 0x4a03126fu /* 2147483.75, the first float of which the thousandths exceed 31 bits */

_Static_assert(sizeof(float) == sizeof(uint32_t), "float must be IEEE 754 binary32");

static void put_number(void (*put)(char), unsigned long number, unsigned base, bool negative, unsigned width)
{
    char digits[MOST_DIGITS];
    unsigned count = 0;

    do {
        digits[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    if (negative) {
        put('-');
    }
    for (unsigned i = count + (negative ? 1u : 0u); i < width; i++) {
        put('0');
    }
    while (count > 0) {
        put(digits[--count]);
    }
}

static void put_text(void (*put)(char), const char *text)
{
    while (*text != '\0') {
        put(*text++);
    }
}

void er_vprintf(void (*put)(char character), const char *format, va_list arguments)
{
    for (const char *at = format; *at != '\0'; at++) {
        if (*at != '%') {
            put(*at);
            continue;
        }
        const char *start = at++;
        unsigned width = 0;
        for (; *at >= '0' && *at <= '9' && width < 100; at++) {
            width = 10 * width + (unsigned)(*at - '0');
        }
        bool is_long = *at == 'l';
        if (is_long) {
            at++;
        }
        if (*at == 's') {
            put_text(put, va_arg(arguments, const char *));
        } else if (*at == 'c') {
            put((char)va_arg(arguments, int));
        } else if (*at == 'd') {
            long number = is_long ? va_arg(arguments, long) : va_arg(arguments, int);
            /* Negated as unsigned: the most negative number has no positive twin. */
            unsigned long magnitude = number < 0 ? 0ul - (unsigned long)number : (unsigned long)number;
            put_number(put, magnitude, 10, number < 0, width);
        } else if (*at == 'u' || *at == 'x') {
            unsigned long number = is_long ? va_arg(arguments, unsigned long) : va_arg(arguments, unsigned);
            put_number(put, number, *at == 'u' ? 10 : 16, false, width);
        } else if (*at == '%') {
            put('%');
        } else {
            put('%');
            at = start; /* unknown: shown as it stands */
        }
    }
}

/* Thousandths of a positive float below FIRST_TOO_LARGE, rounded half to even. Exact: 24 bits of mantissa times 1000
 * have at most 34 bits, and the float's exponent is nothing but a shift of them to the right. */
static uint32_t rounded_thousandths(uint32_t bits)
{
    uint32_t exponent = bits >> MANTISSA_BITS;
    uint32_t mantissa = (bits & (LEADING_ONE - 1u)) | LEADING_ONE;
    uint32_t shift = UNIT_EXPONENT - exponent;

    if (shift > MOST_SHIFT) {
        return 0; /* below half a thousandth; these are also zero and what has no leading one */
    }
    uint64_t product = (uint64_t)mantissa * 1000u;
    uint32_t whole = (uint32_t)(product >> shift);
    uint64_t rest = product - ((uint64_t)whole << shift);
    uint64_t half = (uint64_t)1 << (shift - 1u);
    bool up = rest > half || (rest == half && whole % 2u == 1u);

    return whole + (up ? 1u : 0u);
}

/* By the bits of the float: arithmetic with doubles would bring kilobytes of library to a part without an FPU. */
static void print_value(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    uint32_t magnitude = bits & ~SIGN_BIT;
    const char *sign = magnitude != bits && magnitude != 0 ? "-" : "";
    if (magnitude > INFINITY_BITS) {
        th_printf("nan");
        return;
    }
    if (magnitude >= FIRST_TOO_LARGE) {
        th_printf("%sinf", sign);
        return;
    }
    uint32_t whole = rounded_thousandths(magnitude);
    /* Digit by digit: leading zeros of the decimals must not be lost. */
    th_printf("%s%lu.%lu", sign, (unsigned long)(whole / 1000), (unsigned long)(whole / 100 % 10));
    th_printf("%lu%lu", (unsigned long)(whole / 10 % 10), (unsigned long)(whole % 10));
}

void er_print_results(const float *values, size_t count)
{
    th_printf("m-results-[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            th_printf(",");
        }
        print_value(values[i]);
    }
    th_printf("]\r\n");
}

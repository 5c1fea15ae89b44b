/* SPDX-License-Identifier: Apache-2.0 */
/* Results as text. Apart from er_print.c, which a port's th_printf() calls, while this calls th_printf(). */
#include "er_port.h"
#include "er_print.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* IEEE 754 binary32, which float is wherever this compiles: sign, 8 bits of exponent, 23 of mantissa. */
#define SIGN_BIT 0x80000000u
#define INFINITY_BITS 0x7f800000u
#define MANTISSA_BITS 23u
#define LEADING_ONE (UINT32_C(1) << MANTISSA_BITS)
#define UNIT_EXPONENT 150u          /* with it, the mantissa and its leading one are the value itself */
#define MOST_SHIFT 34u              /* from 35 on, even the largest product is below a half */
#define FIRST_TOO_LARGE 0x4a03126fu /* 2147483.75, the first float of which the thousandths exceed 31 bits */

_Static_assert(sizeof(float) == sizeof(uint32_t), "float must be IEEE 754 binary32");

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

/* SPDX-License-Identifier: Apache-2.0 */
/* Printing without a C library: for a th_printf() that has none, and for results. */
#ifndef ER_PRINT_H
#define ER_PRINT_H

#include <stdarg.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Print through `put`, one character per call. Knows %s %c %d %ld %u %lu %x %lx %%, with zero padding and width
 * for numbers (%02x; a width always pads with zeros); anything else is printed as it stands. */
void er_vprintf(void (*put)(char character), const char *format, va_list arguments);

/* Print `m-results-[a,b,…]` with three decimals each, rounded half to even as C's %.3f does. Magnitudes above
 * 2147483.5, which no model gives, are printed as `inf` or `-inf`, what is not a number as `nan`, and zero without a
 * sign. */
void er_print_results(const float *values, size_t count);

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* SOFTMAX in integers: exp(x - max) / sum of exp(x - max), for output scale 1/256 and zero point -128.
 *
 * The two functions that it needs are built as gemmlowp's fixed-point layer defines them (google/gemmlowp,
 * fixedpoint/fixedpoint.h), because every rounding shows in the result. Qm.n below means a 32-bit number with m integer
 * and n fraction bits beside the sign; the product of Qa and Qb numbers by er_multiply_high() is a Q(a+b) number.
 */
#include "er_nn.h"

/* Not an enum, whose constants have another type where int has 16 bits. */
#define ONE_Q0 INT32_MAX               /* 1 in Q0.31, as near as it gets */
#define ONE_Q2 (INT32_C(1) << 29)      /* 1 in Q2.29 */
#define QUARTER_Q5 (INT32_C(1) << 24)  /* 1/4 in Q5.26 */
#define SUM_INTEGER_BITS INT32_C(12)   /* the sum is Q12.19: 4096 terms of at most 1 */

static int32_t shift_left_saturating(int32_t value, int32_t exponent)
{
    int64_t shifted = value * (INT64_C(1) << exponent);
    if (shifted > INT32_MAX) {
        return INT32_MAX;
    }
    return shifted < INT32_MIN ? INT32_MIN : (int32_t)shifted;
}

/* exp(a) for a in [-1/4, 0), Q0.31: the Taylor series to the fourth power around -1/8,
 * exp(-1/8) * (1 + x + x^2/2 + x^3/6 + x^4/24) with x = a + 1/8. */
static int32_t exp_of_small(int32_t a)
{
    const int32_t exp_of_minus_eighth = 1895147668; /* exp(-1/8) * 2^31 */
    const int32_t third = 715827883;                /* 1/3 * 2^31 */
    int32_t x = a + (INT32_C(1) << 28);
    int32_t x2 = er_multiply_high(x, x);
    int32_t x3 = er_multiply_high(x2, x);
    int32_t x4 = er_multiply_high(x2, x2);
    int32_t cubic = er_multiply_high(er_divide_by_power_of_two(x4, 2) + x3, third); /* x^4/12 + x^3/3 */
    int32_t tail = er_divide_by_power_of_two(cubic + x2, 1);
    return exp_of_minus_eighth + er_multiply_high(exp_of_minus_eighth, x + tail);
}

/* exp(a) for a in (-32, 0], from Q5.26 to Q0.31: a = -(k / 4) + rest with rest in [-1/4, 0); the series gives exp(rest),
 * and each bit of k multiplies by a power of e from the table. */
static int32_t exp_of_negative(int32_t a)
{
    /* round(exp(-2^(i - 2)) * 2^31) for bit i of k: exp(-1/4), exp(-1/2), exp(-1) ... exp(-16) */
    static const int32_t power[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    if (a == 0) {
        return ONE_Q0;
    }
    int32_t rest = (a & (QUARTER_Q5 - 1)) - QUARTER_Q5;
    int32_t quarters = (rest - a) / QUARTER_Q5;
    int32_t result = exp_of_small(rest * 32);
    for (uint32_t i = 0; i < sizeof power / sizeof power[0]; i++) {
        if ((quarters >> i) & 1) {
            result = er_multiply_high(result, power[i]);
        }
    }
    return result;
}

/* 1 / (1 + a) for a in [0, 1), Q0.31: Newton's iteration for the reciprocal of d = (1 + a) / 2, in Q2.29, from the
 * start 48/17 - 32/17 * d, whose error is the least on [1/2, 1]. */
static int32_t reciprocal_of_one_plus(int32_t a)
{
    const int32_t start = 1515870810;  /* 48/17 * 2^29 */
    const int32_t slope = -1010580540; /* -32/17 * 2^29 */
    int32_t d = (int32_t)(((int64_t)a + ONE_Q0 + 1) / 2);
    int32_t x = start + er_multiply_high(d, slope);
    for (int32_t i = 0; i < 3; i++) {
        int32_t error = ONE_Q2 - er_multiply_high(d, x);
        x += shift_left_saturating(er_multiply_high(x, error), 2); /* Q4.27 to Q2.29 */
    }
    return shift_left_saturating(x, 1); /* x / 2 in Q1.30, then in Q0.31 */
}

static int32_t leading_zeros(uint32_t value)
{
    int32_t count = 0;
    while (count < 32 && (value & (UINT32_C(0x80000000) >> count)) == 0) {
        count++;
    }
    return count;
}

/* exp((value - maximum) * scale) in Q0.31, or 0 where it is too small to be seen. */
static int32_t exp_of_difference(const er_softmax_t *layer, int32_t difference)
{
    if (difference < layer->lowest_difference) {
        return 0;
    }
    return exp_of_negative(er_multiply(difference, layer->multiplier, layer->shift));
}

static void softmax_row(const er_softmax_t *layer, const int8_t *input, int8_t *output)
{
    int32_t maximum = INT8_MIN;
    for (int32_t i = 0; i < layer->depth; i++) {
        maximum = input[i] > maximum ? input[i] : maximum;
    }
    int32_t sum = 0;
    for (int32_t i = 0; i < layer->depth; i++) {
        sum += er_divide_by_power_of_two(exp_of_difference(layer, input[i] - maximum), SUM_INTEGER_BITS);
    }
    /* sum = (1 + a) * 2^(SUM_INTEGER_BITS - zeros), with a in [0, 1) */
    int32_t zeros = leading_zeros((uint32_t)sum);
    int32_t a = (int32_t)(((uint32_t)sum << zeros) - UINT32_C(0x80000000));
    int32_t scale = reciprocal_of_one_plus(a);
    int32_t exponent = SUM_INTEGER_BITS - zeros + 31 - 8; /* 8: the output counts 1/256 */
    for (int32_t i = 0; i < layer->depth; i++) {
        int32_t share = er_multiply_high(scale, exp_of_difference(layer, input[i] - maximum));
        output[i] = er_clamp(er_divide_by_power_of_two(share, exponent) + INT8_MIN, INT8_MIN, INT8_MAX);
    }
}

void er_softmax(const er_softmax_t *layer, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < layer->rows; row++) {
        softmax_row(layer, input + row * layer->depth, output + row * layer->depth);
    }
}

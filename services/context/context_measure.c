#include "context_measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define DIGITS_MAX 18

static const double tens[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

/* "e-7" at the end of a number. */
static bool take_exponent(struct slice text, int *exponent)
{
    bool is_negative = false;
    size_t at = 1;

    *exponent = 0;
    if (at < text.size && (text.data[at] == '-' || text.data[at] == '+'))
        is_negative = text.data[at++] == '-';
    if (at == text.size || text.size - at > 3)
        return false;
    for (; at < text.size; at++) {
        if (text.data[at] < '0' || text.data[at] > '9')
            return false;
        *exponent = *exponent * 10 + (text.data[at] - '0');
    }
    *exponent = is_negative ? -*exponent : *exponent;
    return true;
}

bool decimal_parse(struct slice text, struct decimal *decimal)
{
    bool is_negative = text.size > 0 && text.data[0] == '-', is_fraction = false;
    int scale = 0, exponent = 0, kept = 0;
    int64_t digits = 0;
    size_t at = is_negative, seen = 0;

    *decimal = (struct decimal){ 0 };
    for (; at < text.size; at++) {
        char c = text.data[at];

        if (c == '.' && !is_fraction) {
            is_fraction = true;
        } else if (c >= '0' && c <= '9') {
            seen++;
            if (kept < DIGITS_MAX) {
                digits = digits * 10 + (c - '0');
                kept += digits > 0;
                scale += is_fraction;
            } else {
                scale -= !is_fraction;
            }
        } else {
            break;
        }
    }
    if (at < text.size
        && ((text.data[at] | 32) != 'e'
            || !take_exponent(slice_cut(text, at, text.size), &exponent)))
        return false;
    scale -= exponent;
    if (seen == 0 || scale < -100 || scale > 100)
        return false;
    *decimal = (struct decimal){ is_negative ? -digits : digits, (int8_t)scale, true };
    return true;
}

double decimal_value(const struct decimal *decimal)
{
    double digits = (double)decimal->digits;
    int scale = decimal->scale;

    if (scale >= 0)
        return scale <= 22 ? digits / tens[scale] : digits / pow(10, scale);
    return scale >= -22 ? digits * tens[-scale] : digits * pow(10, -scale);
}

struct decimal decimal_of(double value)
{
    struct decimal decimal = { 0 };
    char text[40];
    int size;

    if (!isfinite(value))
        return decimal;
    size = snprintf(text, sizeof(text), "%.6g", value);
    decimal_parse(slice_of(text, (size_t)size), &decimal);
    return decimal;
}

size_t decimal_format(const struct decimal *decimal, char text[DECIMAL_TEXT_BYTES])
{
    char digits[24];
    uint64_t size_of =
        decimal->digits < 0 ? 0 - (uint64_t)decimal->digits : (uint64_t)decimal->digits;
    const char *sign = decimal->digits < 0 ? "-" : "";
    int size, whole;

    if (decimal->scale > 24 || decimal->scale < -4)
        return (size_t)snprintf(text, DECIMAL_TEXT_BYTES, "%.17g", decimal_value(decimal));
    size = snprintf(digits, sizeof(digits), "%0*llu", decimal->scale > 0 ? decimal->scale + 1 : 1,
                    (unsigned long long)size_of);
    if (decimal->scale <= 0)
        return (size_t)snprintf(text, DECIMAL_TEXT_BYTES, "%s%s%.*s", sign, digits,
                                size_of == 0 ? 0 : -decimal->scale, "0000");
    if (size >= (int)sizeof(digits))
        return (size_t)snprintf(text, DECIMAL_TEXT_BYTES, "%.17g", decimal_value(decimal));
    whole = size - decimal->scale;
    return (size_t)snprintf(text, DECIMAL_TEXT_BYTES, "%s%.*s.%s", sign, whole, digits,
                            digits + whole);
}

static const char *const bounds[] = { "", "<", "<=", ">", ">=" };

enum measure_bound measure_bound_of(struct slice comparator)
{
    for (int i = MEASURE_LESS; i <= MEASURE_MORE_OR_EQUAL; i++)
        if (slice_is(comparator, bounds[i]))
            return (enum measure_bound)i;
    return MEASURE_EXACT;
}

const char *measure_bound_text(enum measure_bound bound)
{
    return bounds[bound];
}

#include "grammar_schema_decimal.h"

#include <stdlib.h>
#include <string.h>

/* Exponents that matter: beyond, a number is huge or fine anyway. */
#define EXPONENT_MAX 100000

struct decimal schema_decimal_zero(void)
{
    return (struct decimal){ .whole_count = 1 };
}

bool schema_decimal_is_zero(const struct decimal *decimal)
{
    return decimal->whole_count == 1 && decimal->whole[0] == 0 && decimal->fraction_count == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static long take_exponent(struct slice text, size_t at)
{
    bool is_negative = at < text.size && text.data[at] == '-';
    long exponent = 0;

    at += at < text.size && !is_digit(text.data[at]);
    for (; at < text.size && exponent < EXPONENT_MAX; at++)
        exponent = exponent * 10 + (text.data[at] - '0');
    return is_negative ? -exponent : exponent;
}

/* Digit @digit, which stands for 10^@power. */
static void put_digit(struct decimal *decimal, uint8_t digit, long power)
{
    if (digit == 0)
        return;
    if (power >= DECIMAL_DIGITS_MAX) {
        decimal->is_huge = true;
    } else if (power >= 0) {
        uint8_t count = (uint8_t)(power + 1);

        /* The first digit that is not 0 says how many there are. */
        if (decimal->whole_count < count && schema_decimal_is_zero(decimal))
            decimal->whole_count = count;
        decimal->whole[decimal->whole_count - count] = digit;
    } else if (power < -DECIMAL_DIGITS_MAX) {
        decimal->is_fine = true;
    } else {
        decimal->fraction[-power - 1] = digit;
        decimal->fraction_count = (uint8_t)-power;
    }
}

void schema_decimal_parse(struct slice text, struct decimal *decimal)
{
    size_t end = 0, point, at = text.size > 0 && text.data[0] == '-';
    long power, exponent = 0;

    *decimal = schema_decimal_zero();
    decimal->is_negative = at > 0;
    while (end < text.size && (text.data[end] | 32) != 'e')
        end++;
    if (end < text.size)
        exponent = take_exponent(text, end + 1);
    for (point = at; point < end && text.data[point] != '.';)
        point++;
    power = (long)(point - at) - 1 + exponent;
    for (; at < end; at++) {
        if (is_digit(text.data[at]))
            put_digit(decimal, (uint8_t)(text.data[at] - '0'), power--);
    }
    if (schema_decimal_is_zero(decimal) && !decimal->is_huge && !decimal->is_fine)
        decimal->is_negative = false;
}

static int compare_digits(const struct decimal *a, const struct decimal *b)
{
    int order;

    if (a->whole_count != b->whole_count)
        return a->whole_count < b->whole_count ? -1 : 1;
    order = memcmp(a->whole, b->whole, a->whole_count);
    return order != 0 ? order : memcmp(a->fraction, b->fraction, sizeof(a->fraction));
}

int schema_decimal_compare(const struct decimal *a, const struct decimal *b)
{
    if (a->is_negative != b->is_negative)
        return a->is_negative ? -1 : 1;
    return a->is_negative ? compare_digits(b, a) : compare_digits(a, b);
}

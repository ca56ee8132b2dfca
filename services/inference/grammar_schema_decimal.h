/* A number as its digits, so that 0.1 is 0.1. */
#ifndef INFERENCE_GRAMMAR_SCHEMA_DECIMAL_H
#define INFERENCE_GRAMMAR_SCHEMA_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* Two numbers of so many digits are two different doubles. */
#define DECIMAL_DIGITS_MAX 15

struct decimal {
    bool is_negative;
    bool is_huge, is_fine;               /* over 15 digits before the point; after it: not held */
    uint8_t whole_count, fraction_count; /* zeros at the end of the fraction are not in it */
    uint8_t whole[DECIMAL_DIGITS_MAX], fraction[DECIMAL_DIGITS_MAX]; /* digits, 0 to 9 */
};

/* @text is a number of JSON. */
void schema_decimal_parse(struct slice text, struct decimal *decimal);
int schema_decimal_compare(const struct decimal *a, const struct decimal *b);
struct decimal schema_decimal_zero(void);
bool schema_decimal_is_zero(const struct decimal *decimal);

#endif

/* What was measured, as numbers: the decimals that the record wrote, exactly, with their unit and
 * the range that the record gives. A fact of an observation has one for each number that it says.
 */
#ifndef CONTEXT_MEASURE_H
#define CONTEXT_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* @digits / 10^@scale. A number of more than 18 digits keeps the first 18. */
struct decimal {
    int64_t digits;
    int8_t scale;
    bool is_given;
};

/* What was found is not the number, but something on this side of it. */
enum measure_bound {
    MEASURE_EXACT,
    MEASURE_LESS,
    MEASURE_LESS_OR_EQUAL,
    MEASURE_MORE,
    MEASURE_MORE_OR_EQUAL,
};

struct measure {
    enum measure_bound bound;
    struct decimal value;     /* given */
    struct decimal low, high; /* of the range, in the value's unit */
    struct slice unit;        /* in UCUM where the record says so, else as written */
    struct slice label;       /* of a component; empty: the fact's */
    struct slice codes;       /* the same; see struct fact */
};

#define DECIMAL_TEXT_BYTES 32

/* False for what is no number, or out of a double's range by far. */
bool decimal_parse(struct slice text, struct decimal *decimal);

/* The double nearest to it, or next to that. */
double decimal_value(const struct decimal *decimal);

/* @value with six significant digits. Not given where it is no finite number. */
struct decimal decimal_of(double value);

/* As it was written, but for an exponent: "7.20". Returns the size. */
size_t decimal_format(const struct decimal *decimal, char text[DECIMAL_TEXT_BYTES]);

/* "<", ">=", … as FHIR writes them. */
enum measure_bound measure_bound_of(struct slice comparator);
const char *measure_bound_text(enum measure_bound bound);

#endif

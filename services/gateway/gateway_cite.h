/* Citations in an answer: "[3]", "[3, 7]", "[3][7]". Each number names a fact of the prompt, or
 * nothing. */
#ifndef GATEWAY_CITE_H
#define GATEWAY_CITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct cite {
    uint32_t fact_id;
    size_t start, end; /* bytes into the text: of the brackets, end exclusive */
};

/* The next number cited at or after byte *cursor of @text; *cursor moves past it. False when there
 * is no other. A bracket that holds anything but numbers of one to six digits, commas and spaces is
 * no citation. */
bool cite_next(struct slice text, size_t *cursor, struct cite *cite);

#endif

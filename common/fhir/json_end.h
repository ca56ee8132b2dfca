/* Where an object or an array ends that arrives in pieces, 64 bytes at a time: for who takes a
 * document apart before anything of it is parsed. Whether it is JSON is the reader's to say. */
#ifndef FHIR_JSON_END_H
#define FHIR_JSON_END_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct json_end {
    size_t depth;              /* brackets that are open; 1 after the first */
    bool is_string, is_escape; /* the next byte is in a string; is what a backslash makes text */
};

/* How many of @bytes are of it: all, or up to the bracket that closes it, and then depth is 0. */
size_t json_end_take(struct json_end *end, struct slice bytes);

#endif

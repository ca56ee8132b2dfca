/* What is meant by the name that somebody gave to an identifier, and by an identifier without one.
 */
#ifndef CONSILIUM_DEID_MEANING_H
#define CONSILIUM_DEID_MEANING_H

#include <stdbool.h>

#include "base/slice.h"

/* What a member's name, or an item's type, says of its value. */
enum deid_meaning {
    DEID_MEANING_NONE, /* of no known name */
    DEID_MEANING_SKIP, /* identifies nobody by itself */
    DEID_MEANING_ANY,  /* by its looks */
    DEID_MEANING_NAME, /* a whole name, of the patient */
    DEID_MEANING_GIVEN,
    DEID_MEANING_FAMILY,
    DEID_MEANING_OTHER_NAME, /* of a relative or of staff */
    DEID_MEANING_DATE,
    DEID_MEANING_PHONE,
    DEID_MEANING_FAX,
    DEID_MEANING_EMAIL,
    DEID_MEANING_URL,
    DEID_MEANING_ADDRESS,
    DEID_MEANING_CITY,
    DEID_MEANING_POSTAL,
    DEID_MEANING_MRN,
    DEID_MEANING_SSN,
    DEID_MEANING_PLAN,
    DEID_MEANING_LICENSE,
    DEID_MEANING_IDENTIFIER,
};

/* The meaning of a member's name or an item's type, whatever its case and punctuation. */
enum deid_meaning deid_meaning_of(struct slice key);

/* What @text is by its looks; never NONE, SKIP or ANY. */
enum deid_meaning deid_meaning_by_looks(struct slice text);

bool deid_meaning_has_digit(struct slice text);

#endif

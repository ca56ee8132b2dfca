/* Ages of scanner->age_min or more, in digits and in words; other ages stay. */
#ifndef DEID_AGE_H
#define DEID_AGE_H

#include "deid_scanner.h"

#define DEID_AGE_MIN 90 /* of those that have to go */

/* The age that begins with the number at token @index; where it ends, or 0. */
size_t deid_age_scan(struct deid_scanner *scanner, unsigned index);

/* "ninety-two years old", "nonagenarian", "in her nineties": @cue is of token @index. Where it
 * ends, or 0. */
size_t deid_age_scan_word(struct deid_scanner *scanner, unsigned index, const struct deid_cue *cue);

#endif

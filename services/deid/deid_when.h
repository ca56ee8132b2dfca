/* Dates in a text: which numbers and words are dates because of what stands around them. What a
 * date is by its own letters is deid_date's to say. */
#ifndef DEID_WHEN_H
#define DEID_WHEN_H

#include "deid_scanner.h"

/* The date that begins with the number at token @index: "03/14/1958", "4/19" where it is one,
 * "on the 14th". Where it ends, or 0. */
size_t deid_when_scan_number(struct deid_scanner *scanner, unsigned index);

/* The date that the word at token @index begins, which is @cue: "March 4th", "March third", "last
 * Thursday", "Christmas Eve", "DOB 030458". Where it ends, or 0. */
size_t deid_when_scan_word(struct deid_scanner *scanner, unsigned index,
                           const struct deid_cue *cue);

#endif

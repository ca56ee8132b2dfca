/* Numbers as a scanner misread them: "9l9-555-78Z1", "O3/l4/1958". */
#ifndef DEID_NOISE_H
#define DEID_NOISE_H

#include "deid_scanner.h"

/* The telephone number, social security number or date that begins at token @index, once letters
 * that are drawn like digits are read as those. Where it ends, or 0. */
size_t deid_noise_scan(struct deid_scanner *scanner, unsigned index);

#endif

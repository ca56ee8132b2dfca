/* "4/19": a date, a score, a fraction, a strength of muscles or of a tablet? */
#ifndef DEID_WHEN_SLASH_H
#define DEID_WHEN_SLASH_H

#include "deid_scanner.h"

/* The month and day that begins with the number at token @index, where what stands around it says
 * so. Where it ends, or 0. */
size_t deid_when_slash(struct deid_scanner *scanner, unsigned index);

#endif

/* Short and pet forms of given names: a chart that knows Margaret has notes that say Peggy. */
#ifndef DEID_NICKNAME_H
#define DEID_NICKNAME_H

#include "base/slice.h"

/* The next name that someone called @name (in any case) may be called, in lower case; {NULL, 0}
 * when there is none left. *@at begins at 0 and belongs to the walk. */
struct slice deid_nickname_next(struct slice name, unsigned *at);

#endif

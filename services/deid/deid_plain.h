/* Words without case and without accents, so that "JOSÉ" is the José that a record names, and the
 * Jose of whoever typed the note. */
#ifndef DEID_PLAIN_H
#define DEID_PLAIN_H

#include "base/slice.h"

/* @word in lower case, letters of Latin-1 and Latin Extended-A as the letter below the accent,
 * Greek and Cyrillic in lower case, the rest as it is. @out has room for @word.size bytes; the
 * result lies in it and is never longer. */
struct slice deid_plain(struct slice word, char *out);

#endif

/* Where a streamed answer may be cut, so that each piece can have its dates and names put back by
 * itself.
 *
 * A surrogate is a code, a date, or capitalised words; none holds a lower-case word. So a piece may
 * end after a line break, after a closing bracket, after the end of a sentence, and after a space
 * that follows a lower-case word of two letters or more. */
#ifndef GATEWAY_SEGMENT_H
#define GATEWAY_SEGMENT_H

#include <stdbool.h>

#include "base/slice.h"

/* The size of the longest piece at the front of @text that may go out now; 0 when more must arrive
 * first. Never ends inside an open bracket or a code point. A run of SEGMENT_BYTES_MAX without such
 * a place is cut at the last whole code point. */
size_t segment_ready(struct slice text);

/* The size of the whole lines at the front of @text, without the end of the last of them. */
size_t segment_lines(struct slice text);

/* Whether @piece holds a letter, a digit or a byte that is not ASCII: without one nothing in it can
 * be a surrogate. */
bool segment_has_word(struct slice piece);

#define SEGMENT_BYTES_MAX 512

#endif

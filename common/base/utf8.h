/* UTF-8, strictly (RFC 3629): no surrogates, no overlong forms, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define UTF8_INVALID UINT32_MAX

/* The code point at the front of @text and its size in bytes (1 to 4), or UTF8_INVALID and size 1.
 * @text is not empty. */
uint32_t utf8_decode(struct slice text, size_t *size);

/* Write @code_point to @out (room for 4) and return its size, 0 for one that cannot be written. */
size_t utf8_encode(uint32_t code_point, char *out);

bool utf8_is_valid(struct slice text);

/* Code points in a valid @text. */
size_t utf8_count(struct slice text);

/* The size of the longest prefix of @text that does not end inside a code point: at most three
 * bytes shorter than @text. Bytes that can begin nothing are not held back. */
size_t utf8_whole_prefix(struct slice text);

#endif

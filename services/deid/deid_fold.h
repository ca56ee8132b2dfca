/* What a character is drawn like: letters of other alphabets and with marks, digits of other
 * scripts, every kind of dash, quote and blank become the ASCII that a reader takes them for. */
#ifndef DEID_FOLD_H
#define DEID_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEID_FOLD_BYTES_MAX 4

/* What @c (over U+007F) is read as, written to @out; never longer than its own UTF-8. */
size_t deid_fold(uint32_t c, char out[DEID_FOLD_BYTES_MAX]);

/* Drawn as nothing, or as a mark on the character before it. */
bool deid_fold_is_invisible(uint32_t c);

/* Whether it is a control character that no text is written with: not a blank, a line's or a page's
 * end. It is drawn as nothing, or as a blank. */
bool deid_fold_is_control(uint32_t c);

/* An invisible one that opens a run belongs to what follows it, so that it goes when that goes. */
bool deid_fold_is_opening(uint32_t c);

#endif

/* The card of a model: a text beside the weights, written when they were examined, in which the
 * SHA-256 of the file stands. Weights that are not those on their card do not serve. */
#ifndef INFERENCE_CARD_H
#define INFERENCE_CARD_H

#include "base/error.h"

/* Whether @digest (64 lower-case hex digits) stands in the card of the file @model. @card: a file
 * of any kind of text; NULL: NAME.sha256 (as sha256sum writes it) or NAME.md beside NAME.gguf, and
 * where there is neither, nothing is checked.
 *
 * DATA_LOSS: the card names other digests only. FAILED_PRECONDITION: @card names none; one that was
 * found beside and names none is no card. NOT_FOUND and the like: @card cannot be read. */
enum status inference_card_check(const char *card, const char *model, const char *digest,
                                 struct error *err);

#endif

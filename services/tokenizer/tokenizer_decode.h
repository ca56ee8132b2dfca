/* Ids to text, a few at a time: whole code points only, with what is not whole held back in a state
 * of a few bytes that the caller keeps between calls. */
#ifndef TOKENIZER_DECODE_H
#define TOKENIZER_DECODE_H

#include "base/arena.h"
#include "tokenizer_vocab.h"

#define TOKENIZER_STATE_BYTES 5

/* @state is what the call before put out, or empty at the start of a stream. *text and *state_after
 * come from @arena. Control pieces have no text; the unknown piece, bytes that are not UTF-8, and
 * NUL (which a string on the wire cannot hold) become U+FFFD. SPM: the blank that encoding put
 * before the text is taken off at the start of the stream. @is_last: nothing follows, so nothing is
 * held back. INVALID_ARGUMENT for an id outside the vocabulary or a state that is none. Any thread.
 */
enum status tokenizer_decode(const struct tokenizer_vocab *vocab, const uint32_t *ids, size_t count,
                             struct slice state, bool is_last, struct arena *arena,
                             struct slice *text, struct slice *state_after, struct error *err);

/* The bytes of each of @ids alone, in @pieces of as many places: what it adds to a text, and of a
 * control or unknown piece its name. They are not always whole code points. Errors as above. Any
 * thread. */
enum status tokenizer_decode_pieces(const struct tokenizer_vocab *vocab, const uint32_t *ids,
                                    size_t count, struct arena *arena, struct slice *pieces,
                                    struct error *err);

/* Whether @state, which a call has put out, holds no bytes back. Any thread. */
bool tokenizer_decode_is_whole(struct slice state);

#endif

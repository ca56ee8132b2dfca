/* Text to ids.
 *
 * Text is a row of spans, each trusted (it comes from a chat template) or not (it comes from a
 * caller or a record). Control pieces are made only where their whole text is trusted, so that
 * nobody ends a turn by writing its end mark. User-defined pieces are matched everywhere, as the
 * references do. Between them the spans count as one text: merges cross their borders. */
#ifndef TOKENIZER_ENCODE_H
#define TOKENIZER_ENCODE_H

#include "base/arena.h"
#include "tokenizer_vocab.h"

/* A text is the rendering of one record at most. */
#define TOKENIZER_TEXT_BYTES_MAX (16u << 20)

struct tokenizer_span {
    struct slice text;
    bool is_trusted;
};

struct tokenizer_ids {
    uint32_t *ids;
    size_t count;
};

/* Vocabularies with a normal form (Qwen: NFC) encode the text in that form: decoding gives it back,
 * and not the text where that was in another. Bytes that are no UTF-8 are encoded as bytes. Of
 * byte-level vocabularies some have no piece for rare bytes (StarCoder) and no unknown piece in
 * their model: such bytes are left out, as the reference does.
 *
 * @ids come from @arena. @has_bos: the beginning-of-text piece comes first (where the vocabulary
 * names one), and of a WordPiece vocabulary SEP last. INVALID_ARGUMENT for a text over
 * TOKENIZER_TEXT_BYTES_MAX or with a character that a SentencePiece vocabulary cannot write,
 * RESOURCE_EXHAUSTED. Any thread. */
enum status tokenizer_encode_spans(const struct tokenizer_vocab *vocab,
                                   const struct tokenizer_span *spans, size_t spans_count,
                                   bool has_bos, struct arena *arena, struct tokenizer_ids *ids,
                                   struct error *err);

/* One span. */
enum status tokenizer_encode(const struct tokenizer_vocab *vocab, struct slice text,
                             bool is_trusted, bool has_bos, struct arena *arena,
                             struct tokenizer_ids *ids, struct error *err);

/* How many ids @text has as text that is not trusted, without a beginning-of-text piece. No ids are
 * made. */
enum status tokenizer_encode_count(const struct tokenizer_vocab *vocab, struct slice text,
                                   size_t *count, struct error *err);

/* The same up to @limit: of a longer text only as much is looked at as is needed to know that, and
 * *count is a number over @limit. */
enum status tokenizer_encode_count_to(const struct tokenizer_vocab *vocab, struct slice text,
                                      size_t limit, size_t *count, struct error *err);

#endif

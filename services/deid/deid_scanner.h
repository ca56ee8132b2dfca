/* What the finders of one text share: where they look, where they put what they find, and the small
 * questions that all of them ask of the words around. */
#ifndef DEID_SCANNER_H
#define DEID_SCANNER_H

#include "deid_cue.h"
#include "deid_scan.h"

struct deid_scanner {
    const struct deid_rules *rules;
    const struct deid_tokens *tokens;
    struct deid_spans *spans;
    unsigned age_min; /* ages under it stay */
};

static inline struct slice deid_scanner_word(const struct deid_scanner *scanner, unsigned index)
{
    return index < scanner->tokens->count ? deid_token_text(scanner->tokens, index)
                                          : slice_of(NULL, 0);
}

static inline char deid_scanner_byte(const struct deid_scanner *scanner, size_t at)
{
    return at < scanner->tokens->text.size ? scanner->tokens->text.data[at] : 0;
}

/* The cue at token @index, or NULL. */
static inline const struct deid_cue *deid_scanner_cue(const struct deid_scanner *scanner,
                                                      unsigned index)
{
    return index < scanner->tokens->count
               ? deid_cue_find(&scanner->rules->cues, deid_token_text(scanner->tokens, index))
               : NULL;
}

static inline bool deid_scanner_is_cue(const struct deid_scanner *scanner, unsigned index,
                                       enum deid_cue_kind kind)
{
    const struct deid_cue *cue = deid_scanner_cue(scanner, index);

    return cue != NULL && cue->kind == kind;
}

/* Whether @word is one of @words (ended by NULL), in any case. */
bool deid_scanner_is_one_of(struct slice word, const char *const *words);

/* The first token that begins at or after @end; @index is one before it. */
unsigned deid_scanner_token_at(const struct deid_scanner *scanner, unsigned index, size_t end);

/* The word that begins right at @end or after one blank or dash; empty when none does. */
struct slice deid_scanner_word_after(const struct deid_scanner *scanner, size_t end);

/* Whether a unit of measure or what is counted follows the number that ends at @end: "mg", "%",
 * "days", "nodes". */
bool deid_scanner_is_measured(const struct deid_scanner *scanner, size_t end);

void deid_scanner_add(struct deid_scanner *scanner, size_t start, size_t end, enum deid_class class,
                      enum deid_form form, float score);

#endif

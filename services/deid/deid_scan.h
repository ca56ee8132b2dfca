/* The scan: everything in a text that looks like an identifier, by its own shape or by the words
 * beside it. One pass over the words; where a word or number can begin one of the patterns, the
 * compiled set is asked there. */
#ifndef DEID_SCAN_H
#define DEID_SCAN_H

#include "deid_cue.h"
#include "deid_lexicon.h"
#include "deid_normal.h"
#include "deid_pattern.h"
#include "deid_span.h"
#include "deid_token.h"

/* Whether what deid_wide.h finds goes as well. */
enum deid_classes {
    DEID_CLASSES_AUTO, /* from a text that belongs to no record and has no medicine in it: there, it
                        * is nothing that anybody needs to read */
    DEID_CLASSES_EIGHTEEN, /* never */
    DEID_CLASSES_WIDE,     /* always */
};

/* What every scan reads and none changes: word lists and compiled patterns. Any thread once made.
 */
struct deid_rules {
    struct deid_lexicon lexicon;
    struct deid_patterns patterns;
    struct deid_cues cues;
    struct arena arena;
    enum deid_classes classes; /* set after init */
};

/* INTERNAL for a pattern that does not compile: our own mistake, reported at start. */
enum status deid_rules_init(struct deid_rules *rules, struct error *err);
void deid_rules_close(struct deid_rules *rules);

/* Add what is found in @tokens to @spans, with offsets into the folded text; they may overlap. */
enum status deid_scan(const struct deid_rules *rules, const struct deid_tokens *tokens,
                      struct deid_spans *spans, struct error *err);

#endif

/* A grammar of texts: rules that expand into made-up clinical prose in which every name, place and
 * organisation is marked. See grammar/README.md for how rules are written. */
#ifndef TAGGER_GRAMMAR_H
#define TAGGER_GRAMMAR_H

#include "tagger_chance.h"
#include "tagger_example.h"
#include "tagger_leaves.h"

struct tagger_grammar {
    struct arena arena;
    struct tagger_rule *rules;
    unsigned rules_count, rules_capacity;
};

enum status tagger_grammar_init(struct tagger_grammar *grammar, struct error *err);
void tagger_grammar_close(struct tagger_grammar *grammar);

/* Add the rules of one file. INVALID_ARGUMENT names the line that cannot be read. */
enum status tagger_grammar_read(struct tagger_grammar *grammar, struct slice file,
                                struct error *err);

/* INVALID_ARGUMENT when a rule uses one that there is not. */
enum status tagger_grammar_check(const struct tagger_grammar *grammar, struct error *err);

/* Expand the rule @start; bytes and marks are in @arena. */
enum status tagger_grammar_make(const struct tagger_grammar *grammar,
                                const struct tagger_leaves *leaves, const char *start,
                                struct tagger_chance *chance, struct arena *arena,
                                struct tagger_text *text, struct error *err);

#endif

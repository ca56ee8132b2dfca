/* How much a word of a text is like a name by itself, and the few things about its place in the
 * text that every finder of names and places asks. */
#ifndef DEID_LIKE_H
#define DEID_LIKE_H

#include "deid_hint.h"
#include "deid_token.h"

enum deid_like {
    DEID_LIKE_NEVER,   /* function words, months, labels, numbers */
    DEID_LIKE_WORD,    /* a word of English or of medicine */
    DEID_LIKE_EITHER,  /* Grant, Young: a word and a name */
    DEID_LIKE_UNKNOWN, /* in no list */
    DEID_LIKE_NAME,    /* hardly anything but a name */
};

/* The shape of a word as a reader sees it: words with accents or in other scripts have one too
 * (capital, where a script has no case). */
enum deid_shape deid_like_shape(const struct deid_tokens *tokens, unsigned index);

/* Whether it begins with a capital, whatever follows. */
bool deid_like_capital(const struct deid_tokens *tokens, unsigned index);

const struct deid_facts *deid_like_facts(const struct deid_tokens *tokens, unsigned index);

enum deid_like deid_like_at(const struct deid_tokens *tokens, unsigned index);

/* Whether the text between token @index and the next is @string. */
bool deid_like_gap(const struct deid_tokens *tokens, unsigned index, const char *string);

/* Whether token @index begins a sentence, a line or an item of a list, where a capital says
 * nothing. */
bool deid_like_starts(const struct deid_tokens *tokens, unsigned index);

/* Whether token @index is in the name of a disease, sign, test or device: "Foley catheter",
 * "Parkinson's", "Chaddock reflex", "a Babinski". */
bool deid_like_eponym(const struct deid_tokens *tokens, unsigned index);

/* The same by what follows alone: "Chaddock reflex". */
bool deid_like_before_thing(const struct deid_tokens *tokens, unsigned index);

/* Whether token @index, in no list, stands where medicines and products stand: before a dose,
 * after "started" or "switched to". */
bool deid_like_product(const struct deid_tokens *tokens, unsigned index);

#endif

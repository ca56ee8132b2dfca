/* How much a word of a text is like a name by itself, and the few things about its place in the
 * text that every finder of names and places asks. */
#ifndef DEID_LIKE_H
#define DEID_LIKE_H

#include <string.h>

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
static inline bool deid_like_capital(const struct deid_tokens *tokens, unsigned index)
{
    enum deid_shape shape = tokens->items[index].shape;

    if (shape == DEID_SHAPE_OTHER)
        shape = deid_like_shape(tokens, index);
    return shape == DEID_SHAPE_CAPITAL || shape == DEID_SHAPE_UPPER || shape == DEID_SHAPE_INITIAL
           || shape == DEID_SHAPE_DIGITAL;
}

static inline const struct deid_facts *deid_like_facts(const struct deid_tokens *tokens,
                                                       unsigned index)
{
    return tokens->items[index].facts;
}

/* See each word once, so that the finders need not ask the lists again: fills tokens->hints and
 * tokens->likes from @arena. False when it has no room. */
bool deid_like_read(struct deid_tokens *tokens, struct arena *arena);

/* Whether the text has next to no medicine in it. */
bool deid_like_is_plain(const struct deid_tokens *tokens);

enum deid_like deid_like_of(const struct deid_tokens *tokens, unsigned index);

/* The same as deid_like_read left it; NEVER past the end of @tokens. */
static inline enum deid_like deid_like_at(const struct deid_tokens *tokens, unsigned index)
{
    if (index >= tokens->count)
        return DEID_LIKE_NEVER;
    return tokens->likes != NULL ? (enum deid_like)tokens->likes[index]
                                 : deid_like_of(tokens, index);
}

/* Whether the text between token @index and the next is @string. */
static inline bool deid_like_gap(const struct deid_tokens *tokens, unsigned index,
                                 const char *string)
{
    size_t size = strlen(string), start;

    if (index + 1 >= tokens->count)
        return false;
    start = tokens->items[index].end;
    return tokens->items[index + 1].start - start == size
           && memcmp(tokens->text.data + start, string, size) == 0;
}

/* Whether token @index begins a sentence, a line or an item of a list, where a capital says
 * nothing. */
bool deid_like_starts(const struct deid_tokens *tokens, unsigned index);

/* Whether token @index is in the name of a disease, sign, test or device: "Foley catheter",
 * "Parkinson's", "Chaddock reflex", "a Babinski". */
bool deid_like_eponym(const struct deid_tokens *tokens, unsigned index);

/* The same by what follows alone: "Chaddock reflex". */
bool deid_like_before_thing(const struct deid_tokens *tokens, unsigned index);

/* Whether [@first, @end) is what a thing is called and hardly anybody: "Krukenberg",
 * "Mallory-Weiss", "Miller Fisher". */
bool deid_like_is_eponymous(const struct deid_tokens *tokens, unsigned first, unsigned end);

/* Whether [@first, @end), one word or several with hyphens, stands behind an article as things do:
 * "a Coude", "the Jackson-Pratt", but not "the Smith family". */
bool deid_like_is_articled(const struct deid_tokens *tokens, unsigned first, unsigned end);

/* Whether it is a word of those who treat or of what they write about. */
bool deid_like_is_clinical(struct slice word);

/* Whether token @index, in no list, stands where medicines and products stand: before a dose,
 * after "started" or "switched to". */
bool deid_like_product(const struct deid_tokens *tokens, unsigned index);

#endif

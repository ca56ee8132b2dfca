/* The tagger: a small linear model that says which words are part of the name of a person, a place
 * or an organisation, from the words around them, their shape and what the lists say of them. It is
 * for what no rule decides: names that are words, words that no list has.
 *
 * It reads tokens, so it knows nothing of offsets; the weights are linked in and read where they
 * lie (made by tools/deid/deid-tagger, see docs/deidentification.md). Best path by Viterbi; beside
 * it the margin of each token, for callers who would rather have one word too many than one too
 * few. */
#ifndef DEID_TAGGER_H
#define DEID_TAGGER_H

#include "deid_token.h"

enum deid_tag {
    DEID_TAG_OUTSIDE,
    DEID_TAG_NAME_BEGIN,
    DEID_TAG_NAME_INSIDE,
    DEID_TAG_PLACE_BEGIN, /* town, street with its number, address up to the postal code, country */
    DEID_TAG_PLACE_INSIDE,
    DEID_TAG_HOUSE_BEGIN, /* place of care, company, school, society */
    DEID_TAG_HOUSE_INSIDE,
};

#define DEID_TAG_COUNT 7

/* The file of weights: magic, log2 of the number of features, steps, weights. */
#define DEID_TAGGER_MAGIC 0x31677464u

/* Margins are in sixteenths of a nat: 16 is e to one for an identifier, -32 e squared against. */
#define DEID_TAGGER_UNIT 16

struct deid_tagged {
    uint8_t tag;    /* on the best path */
    uint8_t likely; /* the best tag for this token but OUTSIDE, whatever the best path says */
    int16_t margin; /* the best path through @likely less the best path through OUTSIDE: above 0
                     * where the token is part of an identifier */
};

struct deid_tagger {
    const int8_t (*weights)[8]; /* [features][tags] */
    unsigned bits;              /* log2 of the number of features */
    int16_t steps[8][8];        /* from one tag to the next: [from][to] */
    int16_t back[8][8];         /* the same, [to][from] */
};

/* The weights linked in. INTERNAL when they are not what the engine was built for. */
enum status deid_tagger_init(struct deid_tagger *tagger, struct error *err);

/* The same, opened once in this process; any thread. */
const struct deid_tagger *deid_tagger_ours(void);

/* Weights in memory, borrowed, aligned to 8 bytes. INVALID_ARGUMENT for what is not whole. */
enum status deid_tagger_open(struct deid_tagger *tagger, struct slice packed, struct error *err);

/* Tag tokens [@first, @end): @tagged[0] is of token @first. Tokens around the range are looked at
 * but not tagged. Costs a third of a microsecond a token or so: give it the sentences or lines that
 * have something to decide in them, each whole. No allocation, 64 KiB of stack; any thread. */
void deid_tagger_run(const struct deid_tagger *tagger, const struct deid_tokens *tokens,
                     unsigned first, unsigned end, struct deid_tagged *tagged);

struct deid_view;

#define DEID_TAGGER_CHUNK 384 /* tokens tagged at a time; a longer range is cut */

/* The same from views that the caller made (deid_tagger_view.h): @views is of the first of @count
 * tokens, at most DEID_TAGGER_CHUNK. */
void deid_tagger_tag(const struct deid_tagger *tagger, const struct deid_view *views,
                     unsigned count, struct deid_tagged *tagged);

/* Where a range of tokens that may be longer than DEID_TAGGER_CHUNK is best cut first: after a line
 * or a sentence; @end where it is no longer. */
unsigned deid_tagger_chunk(const struct deid_tokens *tokens, unsigned first, unsigned end);

static inline bool deid_tag_is_begin(unsigned tag)
{
    return tag & 1;
}

#endif

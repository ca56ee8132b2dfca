/* What an answer is worth beside the right one.
 *
 * An answer is read as claims: the words up to a run of citations "[3][7]" are a claim that these
 * prove. What a citation names is a resource, so numbers of lines do not matter. */
#ifndef CONSILIUM_EVAL_SCORE_H
#define CONSILIUM_EVAL_SCORE_H

#include <stdbool.h>

#include "base/arena.h"
#include "consilium_eval_read.h"

#define EVAL_CITED_MAX 256

/* A fact that the answer cites: the resources whose value or date its line tells. */
struct eval_cited {
    uint32_t id;
    struct slice *references;
    size_t references_count;
};

struct eval_answer {
    struct slice text;
    const struct eval_cited *cited; /* of an id that is not here the resource is unknown */
    size_t cited_count;
};

struct eval_verdict {
    bool
        is_exact; /* the claims of the right answer, their words and their evidence, in any order */
    bool is_equivalent;              /* the same, but a claim may say more than is asked */
    bool has_words;                  /* the words of the right answer, whatever is cited */
    bool has_numbers, numbers_right; /* the right answer has numbers (dates are such); all of them,
                                        and no others, are in the answer */
    size_t cited, cited_right;       /* distinct citations, those that are evidence */
    size_t to_cite, to_cite_found;   /* distinct evidence, what of it was cited */
    bool is_declined, is_to_decline;
};

/* RESOURCE_EXHAUSTED: no room in @arena. Any thread. */
enum status eval_score(const struct eval_question *question, const struct eval_answer *answer,
                       struct arena *arena, struct eval_verdict *verdict, struct error *err);

/* ---- sums ---- */

/* @part of @whole, and the bounds of its 95 % interval (Wilson's), all 0 to 1. */
struct eval_rate {
    size_t part, whole;
    double value, low, high;
};

enum eval_measure {
    EVAL_EXACT,
    EVAL_EQUIVALENT,
    EVAL_WORDS,
    EVAL_NUMERIC,
    EVAL_CITATION_PRECISION,
    EVAL_CITATION_RECALL,
    EVAL_ABSTENTION_PRECISION, /* of what was declined, what had to be */
    EVAL_ABSTENTION_RECALL,    /* of what had to be declined, what was */
    EVAL_DECLINED_WRONGLY,     /* of what can be answered, what was declined: less is better */
    EVAL_MEASURES,
};

extern const char *const eval_measure_names[EVAL_MEASURES]; /* "exact", "citation_precision", … */
extern const char *const eval_measure_titles[EVAL_MEASURES]; /* for people */

struct eval_tally {
    size_t answers;
    size_t parts[EVAL_MEASURES], wholes[EVAL_MEASURES];
};

void eval_tally_add(struct eval_tally *tally, const struct eval_verdict *verdict);

struct eval_rate eval_rate_of(const struct eval_tally *tally, enum eval_measure measure);

#endif

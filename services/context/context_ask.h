/* What a question asks about, and which courses of a record bear on it.
 *
 * A course bears on a question (it is evidence, not only context) when it is what the question
 * names, in whatever words: the things that are asked about, or else the kind of fact, or else the
 * words that are left when everything that any question may say is taken away. Standing context,
 * what such a question needs, and what is recent are not evidence. Nothing bears on a question
 * about what the record does not hold. */
#ifndef CONTEXT_ASK_H
#define CONTEXT_ASK_H

#include "context_course.h"
#include "context_time.h"

#define ASK_WORDS_MAX 32

struct ask_question {
    struct slice text;
    struct things things;  /* that are named; of a brand of several, its parts */
    struct things above;   /* what those are, too */
    struct things places;  /* of the body, where something else is named with them */
    struct things treated; /* conditions whose treatment is asked about */
    struct things beside;  /* that only tell why it is asked (context_clause.h) */
    bool has_things, has_places, has_treated;
    bool is_family;                /* what relatives have is asked about */
    bool needs_words;              /* the things are wide, and words that are left say which */
    uint32_t kinds;                /* bit n is enum fact_kind n */
    uint32_t words[ASK_WORDS_MAX]; /* hashes (word_hash) of words that say more than that something
                                      is asked */
    uint32_t words_count;
};

/* Read @text, which must outlive @question. Any thread. */
void ask_read(struct slice text, struct ask_question *question);

/* Whether a word (word_hash) is one that any question may have. */
bool ask_is_common(uint32_t word);

/* Whether @course bears on @question. @period: see context_time.h. */
bool ask_bears(const struct ask_question *question, const struct record *record,
               const struct course *course, const struct period *period);

/* Add to @concepts what the names of the things mean, those beside the question with them. */
void ask_concepts(const struct ask_question *question, struct concepts *concepts);

#endif

/* How much each course has to do with a question. */
#ifndef CONTEXT_RANK_H
#define CONTEXT_RANK_H

#include "context_note.h"

/* What speaks for a course. Each can be left out, to see what it adds (docs/context.md). */
enum rank_signal {
    RANK_THINGS,   /* it bears on the question (context_ask.h) */
    RANK_WORDS,    /* its name shares words with the question, rare ones more */
    RANK_CONCEPTS, /* it is what the question names, in whatever words */
    RANK_NEEDS,    /* what is asked about needs it: tests, medications, what speaks against them */
    RANK_KIND,     /* the question names its kind: "medications", "visits" */
    RANK_STANDING, /* who, active problems, current medications, allergies */
    RANK_LIMITS,   /* what changes every decision: hospice, pregnancy, dialysis, frailty */
    RANK_VISITS,   /* encounters tie facts together */
    RANK_UNNAMED,  /* nothing says what its code means: it cannot be ruled out */
    RANK_RECENCY,  /* it is new */
    RANK_TIME,     /* it has to do with the time that the question names */
    RANK_NOTES,    /* the text of a note of it has words of the question, or names what it asks
                      about */
    RANK_NEAR, /* a model that embeds finds its name near the question; only where one is used */
    RANK_SPELLING, /* a word of the question that nothing knows is the name that it is a slip from
                    */
    RANK_SIGNALS,
};

extern const char *const rank_signal_names[RANK_SIGNALS];

struct ranked {
    uint32_t course;
    float score;
    float asked; /* of the score, what the question's own signals are */
    bool bears;  /* on the question: evidence, not only context */
};

struct ranking {
    struct ranked *items; /* every course, best first */
    struct note_words note_words;
    const float *note_scores; /* of each fact of the record; NULL: no note has such a word */
};

/* A name of the record and how near the question it is, 0 to 1, as a model says that embeds both.
 */
struct rank_near {
    struct slice name;
    float near;
};

struct rank_nearness {
    const struct rank_near *items;
    size_t count;
};

/* @ranking is in @arena; NULL: no room. @near may be NULL: no such model is used. @period: that the
 * question asks about; @without: bits of signals to leave out. */
struct ranking *context_rank(const struct record *record, const struct courses *courses,
                             struct slice question, const struct rank_nearness *near,
                             const struct period *period, uint32_t without, struct arena *arena);

#endif

/* A text on its way through a grammar. All ways in which what has come can be read are followed at
 * once: an item is a state of a rule together with the frame that this taking of the rule belongs
 * to, and a frame knows which items wait for its rule to end. Takings of a rule that begin at one
 * byte share a frame, so that ambiguity, recursion from the left and from the right cost no more
 * than the number of frames (Earley's method on a stack of graphs).
 *
 * Bytes are tried on top of those that are settled, and given back. A run that only samples begins
 * at some state in a taking of which nothing is known: what goes on after its rule has ended is
 * what may follow anywhere in the grammar, and such an item is not sure.
 *
 * One thread. */
#ifndef INFERENCE_GRAMMAR_RUN_H
#define INFERENCE_GRAMMAR_RUN_H

#include "grammar_compile.h"

/* A grammar that can read one text in so many ways at a time is refused at that byte. */
#define GRAMMAR_ITEMS_MAX 2048
/* Takings of rules in one text: a text of some hundred kilobytes. */
#define GRAMMAR_FRAMES_MAX (1u << 18)
#define GRAMMAR_TRIED_MAX 260

#define GRAMMAR_FRAME_ANY 0x80000000u /* + a rule: a taking of which nothing is known */

struct grammar_item {
    uint32_t state, frame;
    uint32_t count; /* in a counted rule: how often what it repeats has been taken */
};

struct grammar_waiter {
    struct grammar_item item; /* what goes on when the frame's rule has ended */
    uint32_t next;
};

struct grammar_frame {
    uint64_t set; /* the set in which it began */
    uint32_t waiters;
    uint32_t taken; /* in a sample: the least count that its first item's rule must allow for it */
    bool is_sure;
};

/* The items after a byte. */
struct grammar_set {
    uint64_t number;
    uint32_t items_start, items_count, frames_count, waiters_count;
    bool is_complete; /* the text may end here */
    bool is_unknown;  /* a sample: more may follow than is followed */
    bool is_doubtful; /* a sample: a frame's taken is too large */
};

struct grammar_run {
    const struct grammar_machine *machine;
    struct grammar_item *items;
    struct grammar_frame *frames;
    struct grammar_waiter *waiters;
    uint32_t items_capacity, frames_capacity, waiters_capacity;
    struct grammar_set sets[GRAMMAR_TRIED_MAX];
    uint32_t depth;              /* of the last set; 0: the settled one */
    uint64_t number;             /* of the last set ever made */
    struct grammar_begun *begun; /* [rules × 2] the frame of a rule that has begun in a set */
    struct grammar_known *known; /* items of the set, where there are many */
    uint64_t steps, steps_max;   /* 0: no bound */
    bool is_sample;
    bool is_full; /* memory or a limit: nothing more is taken */
};

/* At the beginning of a text. RESOURCE_EXHAUSTED. */
enum status grammar_run_init(struct grammar_run *run, const struct grammar_machine *machine,
                             struct error *err);

/* A sample from @state on: its first item is sure, with a count of 0. */
void grammar_run_sample(struct grammar_run *run, uint32_t state);

/* The same place in the same text; what was only tried is not in it. RESOURCE_EXHAUSTED. */
enum status grammar_run_copy(struct grammar_run *run, const struct grammar_run *from,
                             struct error *err);
void grammar_run_close(struct grammar_run *run);

/* Try one more byte, or false, and nothing has changed. */
bool grammar_run_try(struct grammar_run *run, uint8_t byte);

/* From now on so many steps (of some nanoseconds) may be taken before the run is full. */
static inline void grammar_run_bound(struct grammar_run *run, uint64_t steps)
{
    run->steps_max = run->steps + steps;
}

/* Give back what was tried but for the first @depth bytes. */
static inline void grammar_run_back(struct grammar_run *run, uint32_t depth)
{
    run->depth = depth;
}

/* What was tried has happened. */
void grammar_run_settle(struct grammar_run *run);

static inline const struct grammar_set *grammar_run_set(const struct grammar_run *run)
{
    return &run->sets[run->depth];
}

static inline bool grammar_run_is_sure(const struct grammar_run *run,
                                       const struct grammar_item *item)
{
    return (item->frame & GRAMMAR_FRAME_ANY) == 0 && run->frames[item->frame].is_sure;
}

/* In a sample: how often the first item's rule has taken what it repeats, for @item to be there. */
uint32_t grammar_run_taken(const struct grammar_run *run, const struct grammar_item *item);

#endif

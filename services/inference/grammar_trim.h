/* A draft of the machine, as grammar_compile.c finds it, and what is done to it at the end: which
 * states can be finished, which rules may be empty, and the machine without the rest. Only
 * grammar_compile.c includes this. */
#ifndef INFERENCE_GRAMMAR_TRIM_H
#define INFERENCE_GRAMMAR_TRIM_H

#include "grammar_compile.h"

struct draft_call {
    uint32_t state, rule, to;
};

struct grammar_draft {
    struct arena *arena;
    uint8_t classes[256], lows[256]; /* of a byte; the first byte of a class */
    uint32_t classes_count, states_count, states_capacity, rules_count, calls_count, calls_capacity;
    uint16_t *moves;                    /* [states_capacity × classes_count] */
    uint8_t *flags;                     /* [states_capacity] */
    uint16_t *rules_of;                 /* [states_capacity] */
    uint32_t *calls_start;              /* [GRAMMAR_STATES_MAX + 2] */
    struct draft_call *calls;           /* by state */
    struct grammar_machine_rule *rules; /* [GRAMMAR_RULES_MAX] */
};

/* Classes are the stretches of bytes that no range of @grammar divides. */
bool draft_init(struct grammar_draft *draft, const struct grammar *grammar, struct arena *arena);
bool draft_put_state(struct grammar_draft *draft, uint32_t rule);
bool draft_put_call(struct grammar_draft *draft, uint32_t state, uint32_t rule, uint32_t to);

/* The calls that are put from now on are those of @state. */
void draft_end_calls(struct grammar_draft *draft, uint32_t state);

/* INVALID_ARGUMENT, RESOURCE_EXHAUSTED. */
enum status grammar_trim(struct grammar_draft *draft, struct arena *scratch, struct arena *arena,
                         struct grammar_machine *machine, struct error *err);

#endif

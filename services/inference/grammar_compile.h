/* From a grammar to what runs: for each rule a deterministic automaton over classes of bytes, whose
 * states may also call rules. States that lead nowhere are gone, so a text that is accepted up to
 * some byte can always be finished. Never changes; any thread reads. */
#ifndef INFERENCE_GRAMMAR_COMPILE_H
#define INFERENCE_GRAMMAR_COMPILE_H

#include "grammar.h"

#define GRAMMAR_STATES_MAX 32767
#define GRAMMAR_NO_MOVE UINT16_MAX

enum grammar_state_flag {
    GRAMMAR_STATE_FINAL = 1,   /* the rule may end here */
    GRAMMAR_STATE_COUNTED = 2, /* the only state of a rule that repeats another */
    GRAMMAR_STATE_PLAIN = 4,   /* neither final nor calling anything */
    GRAMMAR_STATE_LAST = 8,    /* final, and nothing goes on */
};

struct grammar_call {
    uint16_t rule, to;
};

struct grammar_machine_rule {
    uint16_t start;
    bool is_nullable;
    uint32_t min, max;    /* of a counted one */
    uint32_t sites_start; /* in sites, up to those of the next rule */
};

struct grammar_machine {
    uint8_t classes[256]; /* of a byte */
    uint32_t classes_count, states_count, rules_count;
    uint16_t *moves;       /* [states_count × classes_count] */
    uint8_t *flags;        /* [states_count] */
    uint16_t *state_rules; /* [states_count] the rule that a state is of */
    uint32_t *calls_start; /* [states_count + 1] */
    struct grammar_call *calls;
    struct grammar_machine_rule *rules; /* [rules_count + 1]; the first is the root */
    uint16_t *sites;                    /* where a call of a rule leads to, rule by rule */
};

/* @scratch is used up. The machine is in @arena. INVALID_ARGUMENT: no text can be made by @root or
 * by a rule (named) that it needs. RESOURCE_EXHAUSTED: too many states. */
enum status grammar_compile(const struct grammar *grammar, uint32_t root, struct arena *scratch,
                            struct arena *arena, struct grammar_machine *machine,
                            struct error *err);

static inline uint16_t grammar_move(const struct grammar_machine *machine, uint32_t state,
                                    uint8_t byte)
{
    return machine->moves[(size_t)state * machine->classes_count + machine->classes[byte]];
}

#endif

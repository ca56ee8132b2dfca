/* A machine: a call that waits on others. An enum of states, a table of allowed moves, one step
 * function with one switch. A callback stores its result and calls step; all decisions are in the
 * switch. */
#ifndef BASE_MACHINE_H
#define BASE_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#define MACHINE_STATES_MAX 32

struct machine_state {
    const char *name;
    uint32_t next; /* bit n: may move to state n */
    bool is_final;
};

struct machine {
    const struct machine_state *states;
    unsigned state;
};

#define MACHINE_TO(state) (1u << (state))

/* Begin in state 0 of @states, which outlives the machine. */
void machine_init(struct machine *machine, const struct machine_state *states);

/* CHECKs that the table allows the move. */
void machine_move(struct machine *machine, unsigned state);

static inline unsigned machine_state(const struct machine *machine)
{
    return machine->state;
}

const char *machine_state_name(const struct machine *machine);

bool machine_is_final(const struct machine *machine);

#endif

#include "base/machine.h"

#include "base/check.h"

void machine_init(struct machine *machine, const struct machine_state *states)
{
    machine->states = states;
    machine->state = 0;
}

void machine_move(struct machine *machine, unsigned state)
{
    CHECK(state < MACHINE_STATES_MAX);
    CHECK(machine->states[machine->state].next & MACHINE_TO(state));
    machine->state = state;
}

const char *machine_state_name(const struct machine *machine)
{
    return machine->states[machine->state].name;
}

bool machine_is_final(const struct machine *machine)
{
    return machine->states[machine->state].is_final;
}

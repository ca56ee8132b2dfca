#include "base/fault.h"

#ifdef CONSILIUM_FAULTS

static _Thread_local int fail_at = -1;
static _Thread_local int seen;

void fault_after(int count)
{
    fail_at = count;
    seen = 0;
}

int fault_count(void)
{
    return seen;
}

bool fault_is_due(void)
{
    return seen++ == fail_at;
}

#else

/* ISO C forbids an empty translation unit. */
typedef int fault_is_compiled_away;

#endif

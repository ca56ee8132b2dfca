/* Make an allocation fail on purpose, so that tests can fail each one in turn:
 *
 *     fault_after(-1); scenario(); total = fault_count();
 *     for (i = 0; i < total; i++) { fault_after(i); assert_failed_cleanly(scenario()); }
 *
 * Counted per thread. Release builds compile it away. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

#ifdef CONSILIUM_FAULTS
/* Let @count allocations through and fail the next one; -1: fail none. Restarts the count. */
void fault_after(int count);

/* Allocations seen since fault_after. */
int fault_count(void);

/* Asked by each allocator before it allocates. */
bool fault_is_due(void);
#else
static inline bool fault_is_due(void)
{
    return false;
}
#endif

#endif

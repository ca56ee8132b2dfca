/* What a run is to do: the mix of kinds, the steps, and when the next call of an open loop is due.
 */
#ifndef LOAD_SCHEDULE_H
#define LOAD_SCHEDULE_H

#include "load_run.h"

/* "ask=8,put=1" into run->mix. INVALID_ARGUMENT. */
enum status load_schedule_mix(struct load_run *run, const char *text, struct error *err);

/* "50,100,200" calls a second, or clients where @is_closed, into run->steps. INVALID_ARGUMENT. */
enum status load_schedule_steps(struct load_run *run, const char *text, bool is_closed,
                                struct error *err);

/* Until the next arrival of a Poisson process of @rate a second. */
uint64_t load_schedule_gap_ns(struct chance *chance, double rate);

#endif

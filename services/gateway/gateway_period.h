/* A time that a question names by its year or month, from day to day.
 *
 *     What happened in 2019?              What happened between 2019-01-01 and 2019-12-31?
 *     Why was she admitted in May 2020?   Why was she admitted between 2020-05-01 and 2020-05-31?
 *     Any falls since 2018?               Any falls since 2018-01-01?
 *
 * De-identification moves days, and leaves a year alone as it is: of a record whose days have moved
 * the question would ask about another time. */
#ifndef GATEWAY_PERIOD_H
#define GATEWAY_PERIOD_H

#include "base/arena.h"
#include "base/slice.h"

/* @question with such times written out, in @arena; as it was where it has none, or no room. Any
 * thread. */
struct slice period_spell_out(struct slice question, struct arena *arena);

#endif

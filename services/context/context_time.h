/* The time that a question asks about. */
#ifndef CONTEXT_TIME_H
#define CONTEXT_TIME_H

#include "fhir/fhir_date.h"

/* From @from up to, and without, @to: seconds since 1970. Nothing asked: is_asked is false. */
struct period {
    bool is_asked;
    int64_t from, to;
};

/* "in 2019", "in March 2019", "since 2018", "before 2017-05-01", "as of 2019-03-04", "between 2015
 * and 2018", "last year", "in the past 6 months", "over the last five years". What is relative
 * counts back from @now, the end of the record. Any thread. */
struct period period_find(struct slice question, int64_t now);

#endif

/* Bundles of one patient as one record, kept in memory for the next question: reading is what takes
 * time, asking is not. */
#ifndef CONSILIUM_CONTEXT_RECORD_H
#define CONSILIUM_CONTEXT_RECORD_H

#include "context_course.h"

/* A request names at most so many bundles. */
#define CONTEXT_BUNDLES_MAX 256

struct context_records; /* what is kept: the last few records, and the last few bundles */

struct context_record {
    struct record record;
    struct courses courses;
};

struct context_records *context_records_create(void);
void context_records_destroy(struct context_records *records);

/* The record of the bundles at @paths, valid until the next call. A file that has changed since is
 * read again. NOT_FOUND, INVALID_ARGUMENT, RESOURCE_EXHAUSTED. */
enum status context_records_find(struct context_records *records, const char *const *paths,
                                 size_t count, const struct context_record **record,
                                 struct error *err);

#endif

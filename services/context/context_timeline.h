/* Every fact of a record, oldest first, in pages. */
#ifndef CONTEXT_TIMELINE_H
#define CONTEXT_TIMELINE_H

#include "context_record.h"

#define TIMELINE_PAGE_DEFAULT 500
#define TIMELINE_PAGE_MAX 5000

struct timeline_query {
    struct slice from, to;   /* ISO dates, inclusive and exclusive; empty: open */
    uint32_t kinds;          /* bit n is enum fact_kind n; 0: all */
    uint32_t page_size;      /* 0: TIMELINE_PAGE_DEFAULT */
    struct slice page_token; /* empty: the first page */
};

struct timeline {
    const struct fact **facts;
    size_t count;
    const char *next_page_token; /* ""; or where the next page begins */
};

/* INVALID_ARGUMENT: a date that is none, a page token that is not ours. A fact without a date comes
 * first, and only where @from is open. Everything is in @arena and borrows from @record. */
enum status context_timeline(const struct record *record, const struct timeline_query *query,
                             struct arena *arena, struct timeline *timeline, struct error *err);

/* Where in @count items a page begins. A token is a number; items keep their places, so one that
 * was handed out before a Put may show an item again or miss a new one, and never fails.
 * INVALID_ARGUMENT: not one of ours. */
enum status page_token_read(struct slice token, size_t count, size_t *start, struct error *err);

#endif

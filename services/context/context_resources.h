/* A record's resources as they were put, redacted: what is kept beside the facts for who wants FHIR
 * back ($everything). They are merged by the rules of facts (context_merge.h): one resource of a
 * name, the newest version, and what was deleted is remembered and not told. Any thread. */
#ifndef CONTEXT_RESOURCES_H
#define CONTEXT_RESOURCES_H

#include "base/arena.h"
#include "base/error.h"
#include "fhir/fhir_date.h"

/* Of all resources of a record: a bundle may have RECORD_BYTES_MAX, and a record is several. */
#define RESOURCES_BYTES_MAX (128 * MIB)

struct resource {
    struct slice reference;   /* "Observation/o17" */
    struct slice version;     /* meta.versionId */
    struct fhir_date updated; /* meta.lastUpdated; decoded it has no day, only the moment */
    bool is_void;             /* it was never true, or is taken back */
    struct slice entry;       /* the bundle's entry, JSON; empty: deleted */
};

struct resources {
    struct resource *items; /* in the order in which they came first */
    size_t count;
    bool is_partial; /* some that belong to the record are not here */
};

/* @merged is @old with @more, in @arena, and borrows from both. RESOURCE_EXHAUSTED. */
enum status resources_merge(const struct resources *old, const struct resources *more,
                            struct arena *arena, struct resources *merged, struct error *err);

/* To bytes in @arena. RESOURCE_EXHAUSTED: over RESOURCES_BYTES_MAX, or no room. */
enum status resources_encode(const struct resources *resources, struct arena *arena,
                             struct slice *bytes, struct error *err);

/* And back; @resources borrows from @bytes. DATA_LOSS: they are none. */
enum status resources_decode(struct slice bytes, struct arena *arena, struct resources *resources,
                             struct error *err);

#define RESOURCES_PAGE_DEFAULT 500
#define RESOURCES_PAGE_MAX 1000
/* A page of several resources ends before it is larger. */
#define RESOURCES_PAGE_BYTES (4 * MIB)

struct resources_query {
    uint32_t page_size;      /* 0: RESOURCES_PAGE_DEFAULT */
    struct slice page_token; /* empty: the first page */
    struct slice base;       /* "https://host/fhir", for entries without a fullUrl; empty: none */
    bool is_restored;        /* originals will be put back: no tag that says REDACTED */
};

struct resources_page {
    struct slice bundle;         /* a searchset as JSON */
    const char *next_page_token; /* "": this is the last */
    uint32_t count, total;
};

/* Everything in @arena. INVALID_ARGUMENT: a token that is not ours. DATA_LOSS: an entry that is no
 * JSON. RESOURCE_EXHAUSTED. */
enum status resources_page(const struct resources *resources, const struct resources_query *query,
                           struct arena *arena, struct resources_page *page, struct error *err);

#endif

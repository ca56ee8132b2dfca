/* A Bundle under a site's rules, part by part: what comes before its entries, each entry, what
 * comes after them. The labels that say what was done are the Bundle's meta, which so comes last.
 * Used by the deid_stream files alone. */
#ifndef DEID_STREAM_RULES_H
#define DEID_STREAM_RULES_H

#include "base/buffer.h"
#include "deid_rule_apply.h"

struct deid_stream;

struct deid_stream_rules {
    bool is_by_parts;      /* else a Bundle is held whole */
    struct error whole;    /* why */
    struct arena arena;    /* of what follows, of the Bundle at hand */
    struct buffer members; /* that wait, as they came: ,"type":"collection" */
    struct buffer meta;    /* the same */
    struct deid_rule_parts parts;
    bool has_entry; /* one is written */
};

void deid_stream_rules_init(struct deid_stream *stream);
void deid_stream_rules_close(struct deid_stream *stream);

/* As for a new document. */
void deid_stream_rules_reset(struct deid_stream *stream);

/* A member of a Bundle, its type as well, in the order of the document. */
enum status deid_stream_rules_member(struct deid_stream *stream, struct slice key,
                                     struct slice bytes, struct error *err);

/* The entry @json, which was learnt. */
enum status deid_stream_rules_entry(struct deid_stream *stream, struct json *json,
                                    struct error *err);

/* The Bundle is whole. FAILED_PRECONDITION where its id came after its entries and the rules ask
 * for it. */
enum status deid_stream_rules_end(struct deid_stream *stream, struct error *err);

#endif

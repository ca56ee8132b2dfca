/* A document of any size through the redactor in bounded memory: bytes are fed as they come, what
 * is ready is written as it is ready.
 *
 * A text is worked on in windows that overlap; a window is cut only between words, outside of every
 * span, at the end of a paragraph or line where there is one. A Bundle is worked on entry by entry,
 * NDJSON line by line. What grows with the document is the map alone. Under rules (deid_rule.h) a
 * Bundle's meta comes last, and a Bundle is held whole where a rule looks at several entries at a
 * time.
 *
 * Nothing of a piece that cannot be parsed is written, and a stream that has failed writes no more:
 * a caller who gets an error throws away what was written. One thread at a time. */
#ifndef DEID_STREAM_H
#define DEID_STREAM_H

#include "deid_redact.h"

enum deid_stream_kind {
    DEID_STREAM_TEXT,   /* UTF-8 */
    DEID_STREAM_FHIR,   /* one resource or Bundle, written as compact JSON */
    DEID_STREAM_NDJSON, /* a resource or Bundle a line; so written */
};

/* Take @output, which holds until it returns. An error that it returns ends the stream. */
typedef enum status (*deid_stream_write_cb)(void *data, struct slice output, struct error *err);

/* Take a span that was replaced: bytes of the whole input. */
struct deid_stream_span {
    uint64_t start, end;
    enum deid_class class;
    float score;
    struct slice surrogate; /* holds until the callback returns */
    bool is_general;        /* it does not come back */
};
typedef void (*deid_stream_span_cb)(void *data, const struct deid_stream_span *span);

struct deid_stream_options {
    enum deid_stream_kind kind;
    const struct deid_policy *policy; /* NULL: the default (deid_policy.h) */
    deid_stream_write_cb write;
    deid_stream_span_cb span; /* text only; NULL: not wanted */
    void *data;               /* of both */
    bool has_many;            /* FHIR of several patients: one map and one shift of dates for all */
    size_t window_bytes;      /* of a text; 0: DEID_STREAM_WINDOW_BYTES */
    size_t piece_bytes_max;   /* of one resource; 0: DEID_STREAM_PIECE_BYTES_MAX */
};

#define DEID_STREAM_WINDOW_BYTES ((size_t)256 << 10)
#define DEID_STREAM_WINDOW_BYTES_MIN ((size_t)16 << 10)
#define DEID_STREAM_PIECE_BYTES_MAX ((size_t)64 << 20)

struct deid_stream;

/* A stream over an opened map; @rules and @map outlive it. The map takes what is found and is
 * sealed by the caller at the end. NULL when there is no room. */
struct deid_stream *deid_stream_create(const struct deid_rules *rules, struct deid_map *map,
                                       const struct deid_stream_options *options,
                                       struct error *err);
void deid_stream_destroy(struct deid_stream *stream);

/* The first of two passes over FHIR, for who can read the input twice: who the patient is and which
 * ids there are is learnt, nothing is written. Where it is left out each entry is learnt just
 * before it is redacted, and a Patient after notes that were already written is
 * FAILED_PRECONDITION. Then deid_stream_learnt, once. */
enum status deid_stream_learn(struct deid_stream *stream, struct slice bytes, struct error *err);
enum status deid_stream_learnt(struct deid_stream *stream, struct error *err);

/* The next bytes. INVALID_ARGUMENT for what is no UTF-8, no JSON, no FHIR; RESOURCE_EXHAUSTED for a
 * resource over piece_bytes_max and for a window of text without a place to cut. */
enum status deid_stream_feed(struct deid_stream *stream, struct slice bytes, struct error *err);

/* There are no more: write the rest. INVALID_ARGUMENT for a document that is cut short. */
enum status deid_stream_finish(struct deid_stream *stream, struct error *err);

/* What was replaced, by class. */
const uint32_t *deid_stream_counts(const struct deid_stream *stream);

#endif

/* What the files of a stream share: deid_stream.c, which a caller speaks to, and deid_stream_text.c
 * and deid_stream_fhir.c, which do the work. Nobody else includes this. */
#ifndef DEID_STREAM_INNER_H
#define DEID_STREAM_INNER_H

#include "deid_fhir_learn.h"
#include "deid_fhir_memo.h"
#include "deid_stream.h"
#include "deid_stream_rules.h"
#include "deid_stream_split.h"

struct deid_stream {
    struct deid_stream_options options;
    struct deid_redactor redactor;
    struct arena known;  /* the identity */
    struct arena work;   /* of the piece or window at hand */
    struct error failed; /* the first error: the stream is over */

    char *window; /* text: window_bytes */
    size_t held, start;
    uint64_t base; /* of the window in the whole text */

    struct deid_stream_split split; /* FHIR */
    struct deid_stream_rules rules;
    struct deid_fhir_learner learner;
    struct deid_fhir_memo memo;
    bool is_learning, is_learnt, has_line;
    uint64_t entries, told; /* written; of them such as may name a patient */
    bool has_member, has_entry;
};

/* Write what is ready. */
enum status deid_stream_write(struct deid_stream *stream, struct slice bytes, struct error *err);

/* The identity takes in what the map has learnt. */
enum status deid_stream_identity(struct deid_stream *stream, struct error *err);

/* Nothing of the piece at hand is needed any more. */
void deid_stream_clear(struct deid_stream *stream);

enum status deid_stream_text_feed(struct deid_stream *stream, struct slice bytes,
                                  struct error *err);
enum status deid_stream_text_finish(struct deid_stream *stream, struct error *err);

/* To be learnt, or to be written. */
enum status deid_stream_fhir_feed(struct deid_stream *stream, struct slice bytes,
                                  struct error *err);
enum status deid_stream_fhir_finish(struct deid_stream *stream, struct error *err);

/* A piece of a document (deid_stream_piece_cb). */
enum status deid_stream_fhir_take(void *data, enum deid_stream_piece piece, struct slice key,
                                  struct slice bytes, struct error *err);

static inline bool deid_stream_has_rules(const struct deid_stream *stream)
{
    return stream->options.policy != NULL && stream->options.policy->fhir_rules != NULL;
}

#endif

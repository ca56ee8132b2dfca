/* What a caller speaks to: a text goes to deid_stream_text.c, FHIR to deid_stream_fhir.c. */
#include <stdlib.h>

#include "deid_stream_inner.h"

#define KNOWN_BYTES_MAX ((size_t)256 << 20)
#define PIECE_SHARE 24 /* what working on a piece takes, in its own size */

enum status deid_stream_identity(struct deid_stream *stream, struct error *err)
{
    enum status status = deid_redactor_learn(&stream->redactor, err);

    deid_fhir_memo_clear(&stream->memo);
    stream->learner.is_more_known = false;
    return status;
}

static void options_complete(struct deid_stream_options *options)
{
    if (options->window_bytes == 0)
        options->window_bytes = DEID_STREAM_WINDOW_BYTES;
    if (options->window_bytes < DEID_STREAM_WINDOW_BYTES_MIN)
        options->window_bytes = DEID_STREAM_WINDOW_BYTES_MIN;
    if (options->piece_bytes_max == 0)
        options->piece_bytes_max = DEID_STREAM_PIECE_BYTES_MAX;
}

static enum status stream_init(struct deid_stream *stream, const struct deid_rules *rules,
                               struct deid_map *map, struct error *err)
{
    size_t piece = stream->options.piece_bytes_max;
    enum status status;

    arena_init(&stream->known, KNOWN_BYTES_MAX);
    arena_init(&stream->work, PIECE_SHARE * piece);
    deid_fhir_memo_init(&stream->memo);
    deid_stream_split_init(&stream->split, piece, deid_stream_fhir_take, stream);
    deid_stream_rules_init(stream);
    stream->learner = (struct deid_fhir_learner){ .map = map,
                                                  .arena = &stream->work,
                                                  .has_many = stream->options.has_many };
    status = deid_redactor_init(&stream->redactor, rules, map, &stream->known, err);
    stream->redactor.arena = &stream->work;
    stream->redactor.keep_spans = stream->options.span != NULL;
    stream->redactor.policy = stream->options.policy;
    if (stream->options.policy != NULL)
        map->style = stream->options.policy->style;
    if (stream->options.kind == DEID_STREAM_TEXT)
        stream->window = malloc(stream->options.window_bytes);
    if (status == STATUS_OK && stream->options.kind == DEID_STREAM_TEXT && stream->window == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a window of %zu bytes",
                         stream->options.window_bytes);
    return status;
}

struct deid_stream *deid_stream_create(const struct deid_rules *rules, struct deid_map *map,
                                       const struct deid_stream_options *options, struct error *err)
{
    struct deid_stream *stream = calloc(1, sizeof(*stream));

    if (stream == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a stream");
        return NULL;
    }
    stream->options = *options;
    options_complete(&stream->options);
    if (stream_init(stream, rules, map, err) == STATUS_OK)
        return stream;
    deid_stream_destroy(stream);
    return NULL;
}

void deid_stream_destroy(struct deid_stream *stream)
{
    if (stream == NULL)
        return;
    deid_redactor_close(&stream->redactor);
    deid_stream_split_close(&stream->split);
    deid_stream_rules_close(stream);
    deid_fhir_memo_close(&stream->memo);
    arena_close(&stream->known);
    arena_close(&stream->work);
    free(stream->window);
    free(stream);
}

const uint32_t *deid_stream_counts(const struct deid_stream *stream)
{
    return stream->redactor.counts;
}

void deid_stream_clear(struct deid_stream *stream)
{
    stream->redactor.found = NULL;
    arena_reuse(&stream->work, PIECE_SHARE * stream->options.piece_bytes_max);
}

enum status deid_stream_write(struct deid_stream *stream, struct slice bytes, struct error *err)
{
    return bytes.size == 0 ? STATUS_OK : stream->options.write(stream->options.data, bytes, err);
}

/* The first error is the last word. */
static enum status settle(struct deid_stream *stream, enum status status, struct error *err)
{
    if (status == STATUS_OK)
        return STATUS_OK;
    if (stream->failed.status == STATUS_OK) {
        error_set(&stream->failed, status, "%s", err == NULL ? "" : err->text);
        return status;
    }
    return status;
}

static enum status refuse(const struct deid_stream *stream, struct error *err)
{
    return error_set(err, STATUS_FAILED_PRECONDITION, "the stream has failed before: %s",
                     status_name(stream->failed.status));
}

enum status deid_stream_learn(struct deid_stream *stream, struct slice bytes, struct error *err)
{
    if (stream->failed.status != STATUS_OK)
        return refuse(stream, err);
    if (stream->options.kind == DEID_STREAM_TEXT)
        return STATUS_OK;
    stream->is_learning = true;
    return settle(stream, deid_stream_fhir_feed(stream, bytes, err), err);
}

enum status deid_stream_learnt(struct deid_stream *stream, struct error *err)
{
    enum status status = STATUS_OK;

    if (stream->failed.status != STATUS_OK)
        return refuse(stream, err);
    if (stream->is_learning)
        status = deid_stream_fhir_finish(stream, err);
    stream->is_learning = false;
    stream->is_learnt = true;
    stream->entries = 0;
    if (status == STATUS_OK)
        status = deid_stream_identity(stream, err);
    return settle(stream, status, err);
}

enum status deid_stream_feed(struct deid_stream *stream, struct slice bytes, struct error *err)
{
    if (stream->failed.status != STATUS_OK)
        return refuse(stream, err);
    return settle(stream,
                  stream->options.kind == DEID_STREAM_TEXT
                      ? deid_stream_text_feed(stream, bytes, err)
                      : deid_stream_fhir_feed(stream, bytes, err),
                  err);
}

enum status deid_stream_finish(struct deid_stream *stream, struct error *err)
{
    if (stream->failed.status != STATUS_OK)
        return refuse(stream, err);
    return settle(stream,
                  stream->options.kind == DEID_STREAM_TEXT ? deid_stream_text_finish(stream, err)
                                                           : deid_stream_fhir_finish(stream, err),
                  err);
}

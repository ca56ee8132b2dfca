/* Text: [read before | to be written | read ahead], a window over the input that moves on by what
 * was written. FHIR: piece by piece (deid_stream_split.h), each parsed, learnt, walked and written.
 */
#include "deid_stream.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "deid_fhir_learn.h"
#include "deid_fhir_rules.h"
#include "deid_fhir_walk.h"
#include "deid_stream_split.h"

#define KNOWN_BYTES_MAX ((size_t)64 << 20)
#define CONTEXT_SHARE 32 /* of a window is read before, and as much ahead */
#define PIECE_SHARE 24   /* what working on a piece takes, in its own size */

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
    struct deid_fhir_learner learner;
    struct deid_fhir_memo memo;
    bool is_learning, is_learnt, has_line;
    uint64_t entries, told; /* written; of them such as may name a patient */
    bool has_member, has_entry;
};

static enum status take_piece(void *data, enum deid_stream_piece piece, struct slice key,
                              struct slice bytes, struct error *err);

/* The identity is made in an arena of its own: the other is emptied after each piece. */
static enum status identity_make(struct deid_stream *stream, struct error *err)
{
    enum status status;

    arena_reuse(&stream->known, KNOWN_BYTES_MAX);
    stream->redactor.arena = &stream->known;
    status = deid_redactor_learn(&stream->redactor, err);
    stream->redactor.arena = &stream->work;
    deid_fhir_memo_clear(&stream->memo);
    stream->learner.is_more_known = false;
    return status;
}

static bool has_rules(const struct deid_stream *stream)
{
    return stream->options.policy != NULL && stream->options.policy->fhir_rules != NULL;
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
    deid_stream_split_init(&stream->split, piece, take_piece, stream);
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
    if (has_rules(stream) && stream->options.kind == DEID_STREAM_FHIR)
        error_set(err, STATUS_FAILED_PRECONDITION,
                  "rules are for whole resources: lines, not a Bundle in pieces");
    else if (stream_init(stream, rules, map, err) == STATUS_OK)
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

static void work_clear(struct deid_stream *stream)
{
    stream->redactor.found = NULL;
    arena_reuse(&stream->work, PIECE_SHARE * stream->options.piece_bytes_max);
}

static enum status write_bytes(struct deid_stream *stream, struct slice bytes, struct error *err)
{
    return bytes.size == 0 ? STATUS_OK : stream->options.write(stream->options.data, bytes, err);
}

/* --- text --- */

/* They were found newest first. */
static void tell_spans(const struct deid_stream *stream, const struct deid_found *found)
{
    struct deid_stream_span span;
    const struct deid_found *older = NULL, *last = NULL;

    while (last != found) {
        for (older = found; older->next != last; older = older->next)
            ;
        span = (struct deid_stream_span){ stream->base + older->span.start,
                                          stream->base + older->span.end,
                                          older->span.class,
                                          older->span.score,
                                          older->surrogate,
                                          older->is_general };
        stream->options.span(stream->options.data, &span);
        last = older;
    }
}

/* What of the window stays to be read before what comes: from the start of a line or a word. */
static size_t context_start(const struct deid_stream *stream, size_t end)
{
    size_t wanted = stream->options.window_bytes / CONTEXT_SHARE;
    size_t at = end > wanted ? end - wanted : 0;
    struct slice text = slice_of(stream->window, end);
    size_t line = at + slice_find_byte(slice_cut(text, at, end), '\n') + 1;

    if (at == 0 || line < end)
        return at == 0 ? 0 : line;
    while (at < end && text.data[at] != ' ')
        at++;
    return at;
}

static enum status window_write(struct deid_stream *stream, bool is_last, struct error *err)
{
    struct slice text = slice_of(stream->window, stream->held), output;
    size_t ahead = stream->options.window_bytes / CONTEXT_SHARE, end, from;
    enum status status;

    if (!is_last)
        text.size = utf8_whole_prefix(text);
    status = deid_redact_window(&stream->redactor, text, stream->start, text.size / 2,
                                is_last ? text.size : text.size - ahead, &end, &output, err);
    if (status == STATUS_OK)
        status = write_bytes(stream, output, err);
    if (status != STATUS_OK)
        return status;
    if (stream->options.span != NULL)
        tell_spans(stream, stream->redactor.found);
    from = context_start(stream, end);
    memmove(stream->window, stream->window + from, stream->held - from);
    stream->held -= from;
    stream->start = end - from;
    stream->base += from;
    work_clear(stream);
    return STATUS_OK;
}

static enum status feed_text(struct deid_stream *stream, struct slice bytes, struct error *err)
{
    enum status status = STATUS_OK;

    while (status == STATUS_OK && bytes.size > 0) {
        size_t room = stream->options.window_bytes - stream->held;
        size_t size = bytes.size < room ? bytes.size : room;

        memcpy(stream->window + stream->held, bytes.data, size);
        stream->held += size;
        bytes = slice_cut(bytes, size, bytes.size);
        if (stream->held == stream->options.window_bytes)
            status = window_write(stream, false, err);
    }
    return status;
}

/* --- FHIR --- */

/* Who may come before the patient: they are not about anybody. */
static bool is_impersonal(struct slice type)
{
    static const char *const types[] = { "Organization",     "Location",          "Practitioner",
                                         "PractitionerRole", "HealthcareService", "Medication" };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (slice_is(type, types[i]))
            return true;
    return false;
}

/* Before the only pass over @resource: what it knows of people. */
static enum status learn_late(struct deid_stream *stream, const struct json *entry,
                              const struct json *resource, struct error *err)
{
    struct slice type = json_get_string(resource, "resourceType");
    enum status status;

    stream->learner.err = err;
    if (slice_is(type, "Patient") && stream->told > 0 && !stream->options.has_many)
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "the Patient comes after %llu resources that may tell of it: "
                         "the input must be read twice",
                         (unsigned long long)stream->told);
    status = entry == NULL ? deid_fhir_learn(&stream->learner, resource)
                           : deid_fhir_learn_entry(&stream->learner, entry);
    if (status == STATUS_OK && stream->learner.is_more_known)
        status = identity_make(stream, err);
    stream->told += resource != NULL && !is_impersonal(type) && !slice_is(type, "Patient")
                    && !slice_is(type, "Bundle");
    return status;
}

/* @source: what @json has views into. */
static enum status write_json(struct deid_stream *stream, const struct json *json,
                              struct slice source, struct error *err)
{
    struct buffer out;

    buffer_init(&out, &stream->work);
    buffer_reserve(&out, source.size + source.size / 16 + 256);
    json_write_from(json, source, &out);
    return out.is_full ? deid_fhir_no_room(err) : write_bytes(stream, buffer_slice(&out), err);
}

static enum status parse(struct deid_stream *stream, struct slice bytes, struct json **json,
                         struct error *err)
{
    enum status status = json_parse_view(bytes, &stream->work, json, err);

    return status == STATUS_OK || stream->entries == 0
               ? status
               : error_wrap(err, "after %llu entries", (unsigned long long)stream->entries);
}

/* The type where it is said first, as it nearly always is; else "". */
static struct slice type_said_first(struct slice bytes)
{
    static const struct slice start = SLICE("{\"resourceType\":\"");
    size_t from = start.size;

    if (!slice_starts_with(bytes, start))
        return SLICE("");
    return slice_cut(bytes, from, from + slice_find_byte(slice_cut(bytes, from, bytes.size), '"'));
}

static bool is_person(struct slice type)
{
    return slice_is(type, "Patient") || slice_is(type, "Practitioner")
           || slice_is(type, "RelatedPerson") || slice_is(type, "Person");
}

/* Whether @bytes can hold a person: what does not is passed over unread when people are learnt. A
 * type written with escapes is read. */
static bool may_hold_person(struct slice bytes)
{
    static const struct slice marks[] = { SLICE("\"Patient\""), SLICE("\"Practitioner\""),
                                          SLICE("\"RelatedPerson\""), SLICE("\"Person\""),
                                          SLICE("\\u") };
    struct slice type = type_said_first(bytes);

    if (type.size > 0 && !slice_is(type, "Bundle") && slice_find_byte(type, '\\') == type.size)
        return is_person(type);
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (memmem(bytes.data, bytes.size, marks[i].data, marks[i].size) != NULL)
            return true;
    return false;
}

/* The ids of what is passed over are given when they are met, under one letter and its references
 * alike. */
static enum status learn_piece(struct deid_stream *stream, enum deid_stream_piece piece,
                               struct slice bytes, struct error *err)
{
    struct json *json;
    enum status status;

    if ((piece != DEID_STREAM_PIECE_ENTRY && piece != DEID_STREAM_PIECE_WHOLE)
        || !may_hold_person(bytes))
        return STATUS_OK;
    status = parse(stream, bytes, &json, err);
    stream->learner.err = err;
    if (status == STATUS_OK)
        status = piece == DEID_STREAM_PIECE_ENTRY ? deid_fhir_learn_entry(&stream->learner, json)
                                                  : deid_fhir_learn(&stream->learner, json);
    stream->entries++;
    work_clear(stream);
    return status;
}

static enum status write_entry(struct deid_stream *stream, struct slice bytes, struct error *err)
{
    struct deid_fhir_walk walk;
    struct json *json;
    enum status status = parse(stream, bytes, &json, err);

    if (status == STATUS_OK && !stream->is_learnt)
        status = learn_late(stream, json, json_get(json, "resource"), err);
    if (status != STATUS_OK)
        return status;
    deid_fhir_walk_init(&walk, &stream->redactor, &stream->memo, err);
    status = deid_fhir_walk_entry(&walk, json);
    if (status == STATUS_OK && stream->has_entry)
        status = write_bytes(stream, SLICE(","), err);
    stream->has_entry = true;
    stream->entries++;
    return status == STATUS_OK ? write_json(stream, json, bytes, err) : status;
}

/* A resource, or a Bundle that did not say so first, or a line. */
static enum status write_whole(struct deid_stream *stream, struct slice bytes, struct error *err)
{
    struct deid_fhir_walk walk;
    struct json *json;
    enum status status = parse(stream, bytes, &json, err);

    if (status == STATUS_OK && !stream->is_learnt)
        status = learn_late(stream, NULL, json, err);
    if (status != STATUS_OK)
        return status;
    deid_fhir_walk_init(&walk, &stream->redactor, &stream->memo, err);
    stream->entries++;
    if (has_rules(stream)) {
        struct slice output = SLICE("");

        status = deid_fhir_rules_apply(&walk, json, &output);
        return status == STATUS_OK ? write_bytes(stream, output, err) : status;
    }
    status = deid_fhir_walk_resource(&walk, json);
    return status == STATUS_OK ? write_json(stream, json, bytes, err) : status;
}

/* {"resourceType":"Bundle", "key": value} as a Bundle; its last member is what is written. */
static enum status write_member(struct deid_stream *stream, struct slice key, struct slice bytes,
                                struct error *err)
{
    struct deid_fhir_walk walk;
    struct buffer document, out;
    struct json *json;
    const struct json *member;
    enum status status;
    bool is_type = slice_is(key, "resourceType");

    buffer_init(&document, &stream->work);
    buffer_put_string(&document, "{\"resourceType\":\"Bundle\"");
    if (!is_type) {
        buffer_put_string(&document, ",\"");
        buffer_put(&document, key);
        buffer_put_string(&document, "\":");
        buffer_put(&document, bytes);
    }
    buffer_put_byte(&document, '}');
    if (document.is_full)
        return deid_fhir_no_room(err);
    status = json_parse(buffer_slice(&document), &stream->work, &json, err);
    if (status != STATUS_OK)
        return status;
    deid_fhir_walk_init(&walk, &stream->redactor, &stream->memo, err);
    status = deid_fhir_walk_resource(&walk, json);
    member = is_type ? json->first : json->first->next;
    if (status != STATUS_OK || member == NULL)
        return status;
    buffer_init(&out, &stream->work);
    buffer_put_byte(&out, stream->has_member ? ',' : '{');
    stream->has_member = true;
    buffer_put_json(&out, member->key);
    buffer_put_byte(&out, ':');
    json_write(member, &out);
    return out.is_full ? deid_fhir_no_room(err) : write_bytes(stream, buffer_slice(&out), err);
}

static enum status write_piece(struct deid_stream *stream, enum deid_stream_piece piece,
                               struct slice key, struct slice bytes, struct error *err)
{
    switch (piece) {
    case DEID_STREAM_PIECE_WHOLE:
        return write_whole(stream, bytes, err);
    case DEID_STREAM_PIECE_MEMBER:
        return write_member(stream, key, bytes, err);
    case DEID_STREAM_PIECE_ENTRY:
        return write_entry(stream, bytes, err);
    case DEID_STREAM_PIECE_ENTRIES_START:
        return write_bytes(stream, SLICE(",\"entry\":["), err);
    case DEID_STREAM_PIECE_ENTRIES_END:
        return write_bytes(stream, SLICE("]"), err);
    case DEID_STREAM_PIECE_END:
        break;
    }
    return write_bytes(stream, SLICE("}"), err);
}

static enum status take_piece(void *data, enum deid_stream_piece piece, struct slice key,
                              struct slice bytes, struct error *err)
{
    struct deid_stream *stream = data;
    enum status status;

    if (stream->is_learning)
        return learn_piece(stream, piece, bytes, err);
    status = write_piece(stream, piece, key, bytes, err);
    work_clear(stream);
    return status;
}

static enum status finish_document(struct deid_stream *stream, struct error *err)
{
    enum status status = deid_stream_split_finish(&stream->split, err);

    deid_stream_split_reset(&stream->split);
    stream->has_member = stream->has_entry = stream->has_line = false;
    if (status == STATUS_OK && !stream->is_learning && stream->options.kind == DEID_STREAM_NDJSON)
        status = write_bytes(stream, SLICE("\n"), err);
    return status;
}

static bool is_blank(struct slice text)
{
    return slice_trim(text).size == 0;
}

/* Whether @line is all of a resource that is no Bundle, and says so first: nothing to take apart.
 */
static bool is_plain_resource(const struct deid_stream *stream, struct slice line)
{
    struct slice type = type_said_first(line);

    return type.size > 0 && !slice_is(type, "Bundle") && slice_find_byte(type, '\\') == type.size
           && line.size <= stream->options.piece_bytes_max;
}

static enum status write_line(struct deid_stream *stream, struct slice line, struct error *err)
{
    enum status status = take_piece(stream, DEID_STREAM_PIECE_WHOLE, SLICE(""), line, err);

    return status == STATUS_OK && !stream->is_learning ? write_bytes(stream, SLICE("\n"), err)
                                                       : status;
}

/* A line is a document; a newline cannot stand inside of a string. */
static enum status feed_lines(struct deid_stream *stream, struct slice bytes, struct error *err)
{
    enum status status = STATUS_OK;

    while (status == STATUS_OK && bytes.size > 0) {
        size_t end = slice_find_byte(bytes, '\n');
        struct slice line = slice_cut(bytes, 0, end);

        if (!stream->has_line && end < bytes.size && is_plain_resource(stream, line)) {
            status = write_line(stream, line, err);
        } else if (!is_blank(line)) {
            stream->has_line = true;
            status = deid_stream_split_feed(&stream->split, line, err);
        }
        if (status == STATUS_OK && end < bytes.size && stream->has_line)
            status = finish_document(stream, err);
        bytes = slice_cut(bytes, end + 1, bytes.size);
    }
    return status;
}

static enum status feed_fhir(struct deid_stream *stream, struct slice bytes, struct error *err)
{
    return stream->options.kind == DEID_STREAM_NDJSON
               ? feed_lines(stream, bytes, err)
               : deid_stream_split_feed(&stream->split, bytes, err);
}

static enum status finish_fhir(struct deid_stream *stream, struct error *err)
{
    if (stream->options.kind == DEID_STREAM_NDJSON && !stream->has_line)
        return STATUS_OK;
    return finish_document(stream, err);
}

/* --- both --- */

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
    return settle(stream, feed_fhir(stream, bytes, err), err);
}

enum status deid_stream_learnt(struct deid_stream *stream, struct error *err)
{
    enum status status = STATUS_OK;

    if (stream->failed.status != STATUS_OK)
        return refuse(stream, err);
    if (stream->is_learning)
        status = finish_fhir(stream, err);
    stream->is_learning = false;
    stream->is_learnt = true;
    stream->entries = 0;
    if (status == STATUS_OK)
        status = identity_make(stream, err);
    return settle(stream, status, err);
}

enum status deid_stream_feed(struct deid_stream *stream, struct slice bytes, struct error *err)
{
    if (stream->failed.status != STATUS_OK)
        return refuse(stream, err);
    return settle(stream,
                  stream->options.kind == DEID_STREAM_TEXT ? feed_text(stream, bytes, err)
                                                           : feed_fhir(stream, bytes, err),
                  err);
}

enum status deid_stream_finish(struct deid_stream *stream, struct error *err)
{
    if (stream->failed.status != STATUS_OK)
        return refuse(stream, err);
    return settle(stream,
                  stream->options.kind == DEID_STREAM_TEXT ? window_write(stream, true, err)
                                                           : finish_fhir(stream, err),
                  err);
}

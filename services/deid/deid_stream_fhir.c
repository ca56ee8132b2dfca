/* Piece by piece (deid_stream_split.h), each parsed, learnt, walked and written. */
#include "deid_fhir_rules.h"
#include "deid_fhir_walk.h"
#include "deid_stream_inner.h"

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
        status = deid_stream_identity(stream, err);
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
    return out.is_full ? deid_fhir_no_room(err)
                       : deid_stream_write(stream, buffer_slice(&out), err);
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

/* The type of an entry's resource where the entry says nothing else before but its fullUrl; else
 * "".
 */
static struct slice type_of_entry(struct slice bytes)
{
    static const struct slice url = SLICE("{\"fullUrl\":\""), key = SLICE("\"resource\":");
    size_t at = 1;

    if (slice_starts_with(bytes, url)) {
        at = url.size + slice_find_byte(slice_cut(bytes, url.size, bytes.size), '"') + 1;
        if (at >= bytes.size || bytes.data[at++] != ',')
            return SLICE("");
    }
    bytes = slice_cut(bytes, at, bytes.size);
    return slice_starts_with(bytes, key) ? type_said_first(slice_cut(bytes, key.size, bytes.size))
                                         : SLICE("");
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

    if (type.size == 0)
        type = type_of_entry(bytes);
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
    deid_stream_clear(stream);
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
    stream->entries++;
    if (deid_stream_has_rules(stream))
        return deid_stream_rules_entry(stream, json, err);
    deid_fhir_walk_init(&walk, &stream->redactor, &stream->memo, err);
    status = deid_fhir_walk_entry(&walk, json);
    if (status == STATUS_OK && stream->has_entry)
        status = deid_stream_write(stream, SLICE(","), err);
    stream->has_entry = true;
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
    if (deid_stream_has_rules(stream)) {
        struct slice output = SLICE("");

        status = deid_fhir_rules_apply(&walk, json, &output);
        return status == STATUS_OK ? deid_stream_write(stream, output, err) : status;
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
    return out.is_full ? deid_fhir_no_room(err)
                       : deid_stream_write(stream, buffer_slice(&out), err);
}

/* Of a Bundle without rules: what stands around its members and its entries. */
static enum status write_frame(struct deid_stream *stream, enum deid_stream_piece piece,
                               struct error *err)
{
    if (deid_stream_has_rules(stream))
        return piece == DEID_STREAM_PIECE_END ? deid_stream_rules_end(stream, err) : STATUS_OK;
    return deid_stream_write(stream,
                             piece == DEID_STREAM_PIECE_ENTRIES_START ? SLICE(",\"entry\":[")
                             : piece == DEID_STREAM_PIECE_ENTRIES_END ? SLICE("]")
                                                                      : SLICE("}"),
                             err);
}

static enum status write_piece(struct deid_stream *stream, enum deid_stream_piece piece,
                               struct slice key, struct slice bytes, struct error *err)
{
    switch (piece) {
    case DEID_STREAM_PIECE_WHOLE:
        return write_whole(stream, bytes, err);
    case DEID_STREAM_PIECE_MEMBER:
        return deid_stream_has_rules(stream) ? deid_stream_rules_member(stream, key, bytes, err)
                                             : write_member(stream, key, bytes, err);
    case DEID_STREAM_PIECE_ENTRY:
        return write_entry(stream, bytes, err);
    default:
        return write_frame(stream, piece, err);
    }
}

enum status deid_stream_fhir_take(void *data, enum deid_stream_piece piece, struct slice key,
                                  struct slice bytes, struct error *err)
{
    struct deid_stream *stream = data;
    enum status status;

    if (stream->is_learning)
        return learn_piece(stream, piece, bytes, err);
    status = write_piece(stream, piece, key, bytes, err);
    deid_stream_clear(stream);
    return status;
}

static enum status finish_document(struct deid_stream *stream, struct error *err)
{
    enum status status = deid_stream_split_finish(&stream->split, err);

    deid_stream_split_reset(&stream->split);
    deid_stream_rules_reset(stream);
    stream->has_member = stream->has_entry = stream->has_line = false;
    if (status == STATUS_OK && !stream->is_learning && stream->options.kind == DEID_STREAM_NDJSON)
        status = deid_stream_write(stream, SLICE("\n"), err);
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
    enum status status =
        deid_stream_fhir_take(stream, DEID_STREAM_PIECE_WHOLE, SLICE(""), line, err);

    return status == STATUS_OK && !stream->is_learning ? deid_stream_write(stream, SLICE("\n"), err)
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

enum status deid_stream_fhir_feed(struct deid_stream *stream, struct slice bytes, struct error *err)
{
    enum status status = stream->options.kind == DEID_STREAM_NDJSON
                             ? feed_lines(stream, bytes, err)
                             : deid_stream_split_feed(&stream->split, bytes, err);

    return status == STATUS_RESOURCE_EXHAUSTED && stream->split.keeps_whole
               ? error_wrap(err, "%s", stream->rules.whole.text)
               : status;
}

enum status deid_stream_fhir_finish(struct deid_stream *stream, struct error *err)
{
    if (stream->options.kind == DEID_STREAM_NDJSON && !stream->has_line)
        return STATUS_OK;
    return finish_document(stream, err);
}

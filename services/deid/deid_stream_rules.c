/* Each part becomes a Bundle of its own, is rewritten, and is written without what the parts around
 * it have written already. */
#include "deid_stream_rules.h"

#include "deid_fhir_rules.h"
#include "deid_stream_inner.h"

#define ARENA_SHARE 5 /* a member that grows by doubling, in the size of a piece */

static const struct slice opening = SLICE("{\"resourceType\":\"Bundle\"");
static const struct slice opening_entry = SLICE("{\"resourceType\":\"Bundle\",\"entry\":[");

static size_t arena_bytes(const struct deid_stream *stream)
{
    return ARENA_SHARE * stream->options.piece_bytes_max;
}

void deid_stream_rules_init(struct deid_stream *stream)
{
    struct deid_stream_rules *rules = &stream->rules;

    arena_init(&rules->arena, arena_bytes(stream));
    deid_stream_rules_reset(stream);
    if (!deid_stream_has_rules(stream))
        return;
    rules->is_by_parts =
        deid_rule_check_parts(stream->options.policy->fhir_rules, &rules->whole) == STATUS_OK;
    stream->split.keeps_whole = !rules->is_by_parts;
}

void deid_stream_rules_close(struct deid_stream *stream)
{
    arena_close(&stream->rules.arena);
}

void deid_stream_rules_reset(struct deid_stream *stream)
{
    struct deid_stream_rules *rules = &stream->rules;

    arena_reuse(&rules->arena, arena_bytes(stream));
    buffer_init(&rules->members, &rules->arena);
    buffer_init(&rules->meta, &rules->arena);
    rules->parts = (struct deid_rule_parts){ 0 };
    rules->has_entry = false;
}

static enum status apply(struct deid_stream *stream, const struct json *json, bool is_last,
                         struct slice *output, struct error *err)
{
    struct deid_fhir_walk walk;

    deid_fhir_walk_init(&walk, &stream->redactor, &stream->memo, err);
    return deid_fhir_rules_apply_part(&walk, json, &stream->rules.parts, is_last, output);
}

enum status deid_stream_rules_member(struct deid_stream *stream, struct slice key,
                                     struct slice bytes, struct error *err)
{
    struct deid_stream_rules *rules = &stream->rules;
    struct buffer *out = slice_is(key, "meta") ? &rules->meta : &rules->members;

    if (slice_is(key, "resourceType"))
        return STATUS_OK;
    buffer_put_string(out, ",\"");
    buffer_put(out, key);
    buffer_put_string(out, "\":");
    buffer_put(out, bytes);
    return out->is_full ? deid_fhir_no_room(err) : STATUS_OK;
}

/* The members that wait, as a Bundle. */
static enum status waiting_read(struct deid_stream *stream, bool is_last, struct json **json,
                                struct error *err)
{
    struct deid_stream_rules *rules = &stream->rules;
    struct buffer document;

    buffer_init(&document, &stream->work);
    buffer_put(&document, opening);
    buffer_put(&document, buffer_slice(&rules->members));
    if (is_last)
        buffer_put(&document, buffer_slice(&rules->meta));
    buffer_put_byte(&document, '}');
    rules->members.size = 0;
    return document.is_full ? deid_fhir_no_room(err)
                            : json_parse(buffer_slice(&document), &stream->work, json, err);
}

/* How far dates are moved may follow from the id, and must for all of them. */
static enum status id_late(const struct deid_stream *stream, const struct json *json,
                           struct error *err)
{
    return json_get(json, "id") != NULL && deid_rule_asks_id(stream->options.policy->fhir_rules)
               ? error_set(err, STATUS_FAILED_PRECONDITION,
                           "the Bundle's id comes after its entries, and the rules ask for it")
               : STATUS_OK;
}

static enum status id_learn(struct deid_stream *stream, const struct json *json, struct error *err)
{
    struct slice id = json_get_string(json, "id");

    if (id.data == NULL)
        return STATUS_OK;
    stream->rules.parts.id = arena_copy(&stream->rules.arena, id);
    return stream->rules.parts.id.data == NULL ? deid_fhir_no_room(err) : STATUS_OK;
}

/* What came before the entries. */
static enum status begin(struct deid_stream *stream, struct error *err)
{
    struct json *json;
    struct slice output;
    enum status status;

    if (stream->rules.parts.is_begun)
        return STATUS_OK;
    status = waiting_read(stream, false, &json, err);
    if (status == STATUS_OK)
        status = id_learn(stream, json, err);
    if (status == STATUS_OK)
        status = apply(stream, json, false, &output, err);
    return status == STATUS_OK
               ? deid_stream_write(stream, slice_cut(output, 0, output.size - 1), err)
               : status;
}

/* {"resourceType":"Bundle","entry":[@entry]} */
static enum status entry_apply(struct deid_stream *stream, struct json *entry, struct slice *output,
                               struct error *err)
{
    struct json entries = {
        .kind = JSON_KIND_ARRAY, .key = SLICE("entry"), .count = 1, .first = entry
    };
    struct json type = { .kind = JSON_KIND_STRING,
                         .key = SLICE("resourceType"),
                         .text = SLICE("Bundle"),
                         .next = &entries };
    struct json bundle = { .kind = JSON_KIND_OBJECT, .count = 2, .first = &type };
    enum status status = apply(stream, &bundle, false, output, err);

    /* An entry of which nothing is left goes, as it goes from a whole Bundle. */
    *output = status == STATUS_OK && slice_starts_with(*output, opening_entry)
                  ? slice_cut(*output, opening_entry.size, output->size - 2)
                  : SLICE("");
    return status;
}

enum status deid_stream_rules_entry(struct deid_stream *stream, struct json *json,
                                    struct error *err)
{
    struct deid_stream_rules *rules = &stream->rules;
    struct slice output;
    enum status status = begin(stream, err);

    if (status == STATUS_OK)
        status = entry_apply(stream, json, &output, err);
    if (status != STATUS_OK || output.size == 0)
        return status;
    status = deid_stream_write(stream, rules->has_entry ? SLICE(",") : SLICE(",\"entry\":["), err);
    rules->has_entry = true;
    return status == STATUS_OK ? deid_stream_write(stream, output, err) : status;
}

enum status deid_stream_rules_end(struct deid_stream *stream, struct error *err)
{
    struct json *json;
    struct slice output;
    enum status status = begin(stream, err);

    if (status == STATUS_OK && stream->rules.has_entry)
        status = deid_stream_write(stream, SLICE("]"), err);
    if (status == STATUS_OK)
        status = waiting_read(stream, true, &json, err);
    if (status == STATUS_OK)
        status = id_late(stream, json, err);
    if (status == STATUS_OK)
        status = apply(stream, json, true, &output, err);
    return status == STATUS_OK
               ? deid_stream_write(stream, slice_cut(output, opening.size, output.size), err)
               : status;
}

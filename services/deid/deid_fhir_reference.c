#include "deid_fhir_reference.h"

#include "deid_fhir_element.h"
#include "deid_fhir_value.h"
#include "deid_restore.h"

#define CONTAINED_LETTER 'c'
#define ANY_LETTER 0

/* An id that was met in a reference before its resource came keeps the letter it got then. */
static struct deid_id *id_of(struct deid_map *map, char letter, struct slice original)
{
    struct deid_id *id;

    if (letter == ANY_LETTER) {
        id = deid_map_find_id(map, original);
        return id != NULL ? id : deid_map_id(map, DEID_FHIR_ELEMENT_LETTER_UNKNOWN, original);
    }
    id = deid_map_find_id_as(map, letter, original);
    if (id == NULL && letter != CONTAINED_LETTER)
        id = deid_map_find_id_as(map, DEID_FHIR_ELEMENT_LETTER_UNKNOWN, original);
    return id != NULL ? id : deid_map_id(map, letter, original);
}

static enum status put_id(struct deid_fhir_walk *walk, struct buffer *out, char letter,
                          struct slice original)
{
    struct deid_id *id = id_of(walk->redactor->map, letter, original);

    if (id == NULL)
        return deid_fhir_no_room(walk->err);
    buffer_put_byte(out, id->letter);
    buffer_put_number(out, id->number);
    walk->redactor->counts[DEID_CLASS_OTHER]++;
    return out->is_full ? deid_fhir_no_room(walk->err) : STATUS_OK;
}

enum status deid_fhir_reference_put(struct deid_fhir_walk *walk, char letter, struct slice original,
                                    struct slice *surrogate)
{
    struct buffer out;
    enum status status;

    buffer_init(&out, walk->redactor->arena);
    status = put_id(walk, &out, letter, original);
    *surrogate = buffer_slice(&out);
    return status;
}

enum status deid_fhir_reference_id(struct deid_fhir_walk *walk, struct json *node,
                                   struct slice type, bool is_contained)
{
    return deid_fhir_reference_put(walk,
                                   is_contained ? CONTAINED_LETTER : deid_fhir_element_letter(type),
                                   node->text, &node->text);
}

static bool is_type_name(struct slice text)
{
    size_t i;

    if (text.size < 4 || text.data[0] < 'A' || text.data[0] > 'Z')
        return false;
    for (i = 1; i < text.size; i++)
        if ((text.data[i] | 32) < 'a' || (text.data[i] | 32) > 'z')
            return false;
    return true;
}

/* The name of a type is written as it stands: what only looks like one may be anybody's. */
static bool is_type(const struct deid_fhir_walk *walk, struct slice text)
{
    uint16_t type = deid_fhir_type_find(walk->types, text);

    return walk->types->types[type].is_resource
           || (is_type_name(text) && !deid_redact_knows(walk->redactor, text));
}

static size_t find_last(struct slice text, char byte, size_t end)
{
    while (end > 0 && text.data[end - 1] != byte)
        end--;
    return end; /* past it; 0: none */
}

/* "[base/]Type/id[/_history/n]". False when it is none. */
static bool split(const struct deid_fhir_walk *walk, struct slice text, size_t *type_at,
                  size_t *id_at, size_t *id_end)
{
    struct slice marker = SLICE("/_history/");
    const char *hit = memmem(text.data, text.size, marker.data, marker.size);

    *id_end = hit == NULL ? text.size : (size_t)(hit - text.data);
    *id_at = find_last(text, '/', *id_end);
    if (*id_at == 0 || *id_at == *id_end)
        return false;
    *type_at = find_last(text, '/', *id_at - 1);
    return is_type(walk, slice_cut(text, *type_at, *id_at - 1));
}

static enum status put_value(struct deid_fhir_walk *walk, enum deid_class class, struct slice value,
                             struct buffer *out)
{
    struct json node = { .kind = JSON_KIND_STRING, .text = value };
    enum status status = deid_fhir_value_replace(walk, &node, class);

    buffer_put(out, node.text);
    return status == STATUS_OK && out->is_full ? deid_fhir_no_room(walk->err) : status;
}

/* What is FHIR's own unless the patient is called so. */
static enum status put_plain(struct deid_fhir_walk *walk, struct slice text, struct buffer *out)
{
    struct slice output;
    bool is_restored;
    enum status status = deid_redact_code(walk->redactor, text, &output, &is_restored, walk->err);

    if (status == STATUS_OK && !is_restored)
        return put_value(walk, DEID_CLASS_OTHER, text, out);
    if (status == STATUS_OK)
        buffer_put(out, output);
    return status;
}

static enum status put_reference(struct deid_fhir_walk *walk, struct slice text, size_t type_at,
                                 size_t id_at, size_t id_end, struct buffer *out)
{
    enum status status = STATUS_OK;

    if (type_at > 0) {
        status = put_value(walk, DEID_CLASS_URL, slice_cut(text, 0, type_at - 1), out);
        buffer_put_byte(out, '/');
    }
    buffer_put(out, slice_cut(text, type_at, id_at));
    if (status == STATUS_OK)
        status = put_id(walk, out, deid_fhir_element_letter(slice_cut(text, type_at, id_at - 1)),
                        slice_cut(text, id_at, id_end));
    return status == STATUS_OK && id_end < text.size
               ? put_plain(walk, slice_cut(text, id_end, text.size), out)
               : status;
}

/* One "name=value" of a search. What only steers the answer ("_count") stays; the rest is
 * somebody's. */
static enum status put_parameter(struct deid_fhir_walk *walk, struct slice text, struct buffer *out)
{
    static const char *const plain[] = { "_count",   "_format", "_sort",     "_include",
                                         "_summary", "_total",  "_elements", "_revinclude",
                                         "_pretty",  "page",    "_offset" };
    size_t equals = slice_find_byte(text, '='), bar, type_at, id_at, id_end;
    struct slice name = slice_cut(text, 0, equals), value = slice_cut(text, equals + 1, text.size);
    enum status status = put_plain(walk, name, out);

    if (status != STATUS_OK || equals == text.size)
        return status;
    buffer_put_byte(out, '=');
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        if (slice_is(name, plain[i]))
            return put_plain(walk, value, out);
    if (value.size == 0)
        return STATUS_OK;
    if (split(walk, value, &type_at, &id_at, &id_end))
        return put_reference(walk, value, type_at, id_at, id_end, out);
    bar = find_last(value, '|', value.size);
    status = put_plain(walk, slice_cut(value, 0, bar), out);
    return bar == value.size || status != STATUS_OK
               ? status
               : put_value(walk, DEID_CLASS_OTHER, slice_cut(value, bar, value.size), out);
}

static enum status put_search(struct deid_fhir_walk *walk, struct slice text, struct buffer *out)
{
    enum status status = STATUS_OK;
    size_t at = 0;

    while (status == STATUS_OK && at < text.size) {
        size_t end = at + slice_find_byte(slice_cut(text, at, text.size), '&');

        status = put_parameter(walk, slice_cut(text, at, end), out);
        if (end < text.size)
            buffer_put_byte(out, '&');
        at = end + 1;
    }
    return status;
}

static bool has_way_back(const struct deid_redactor *redactor)
{
    return redactor->map->profile == DEID_PROFILE_LIMITED
           && redactor->map->style != DEID_STYLE_MASKS;
}

/* @node becomes what @out has. Each part of a search comes back by itself, but beside what follows
 * it the way back may see a date ("02/03/17|Id-1"), or no made-up name: then all is one value. */
static enum status take_parts(struct deid_fhir_walk *walk, struct json *node, bool is_search,
                              const struct buffer *out)
{
    struct deid_redactor *redactor = walk->redactor;
    struct slice parts = out->size == 0 ? SLICE("") : buffer_slice(out), back;
    enum status status;

    if (out->is_full)
        return deid_fhir_no_room(walk->err);
    if (is_search && has_way_back(redactor)) {
        status = deid_restore_text(redactor->map, parts, redactor->arena, &back, walk->err);
        if (status != STATUS_OK)
            return status;
        if (!slice_equal(back, node->text))
            return deid_fhir_value_replace(walk, node, DEID_CLASS_URL);
    }
    node->text = parts;
    return STATUS_OK;
}

enum status deid_fhir_reference_search(struct deid_fhir_walk *walk, struct json *node)
{
    struct buffer out;
    enum status status;

    buffer_init(&out, walk->redactor->arena);
    status = put_search(walk, node->text, &out);
    return status == STATUS_OK ? take_parts(walk, node, true, &out) : status;
}

/* "[base/]Type?search". The base goes as a whole. */
static enum status put_question(struct deid_fhir_walk *walk, struct slice text, size_t question,
                                struct buffer *out, bool *is_one)
{
    size_t type_at = find_last(text, '/', question);
    struct slice type = slice_cut(text, type_at, question);
    enum status status = STATUS_OK;

    *is_one = type.size == 0 || is_type(walk, type);
    if (!*is_one)
        return STATUS_OK;
    if (type_at > 0) {
        status = put_value(walk, DEID_CLASS_URL, slice_cut(text, 0, type_at - 1), out);
        buffer_put_byte(out, '/');
    }
    buffer_put(out, type);
    buffer_put_byte(out, '?');
    return status == STATUS_OK ? put_search(walk, slice_cut(text, question + 1, text.size), out)
                               : status;
}

static enum status put_any(struct deid_fhir_walk *walk, struct slice text, struct buffer *out,
                           bool *is_one)
{
    size_t question = slice_find_byte(text, '?'), type_at, id_at, id_end;

    *is_one = true;
    if (text.data[0] == '#') {
        buffer_put_byte(out, '#');
        return text.size == 1 ? STATUS_OK
                              : put_id(walk, out, CONTAINED_LETTER, slice_cut(text, 1, text.size));
    }
    if (slice_starts_with(text, SLICE("urn:uuid:"))) {
        buffer_put_string(out, "urn:uuid:");
        return put_id(walk, out, ANY_LETTER, slice_cut(text, 9, text.size));
    }
    if (question < text.size)
        return put_question(walk, text, question, out, is_one);
    if (split(walk, text, &type_at, &id_at, &id_end))
        return put_reference(walk, text, type_at, id_at, id_end, out);
    *is_one = false;
    return STATUS_OK;
}

enum status deid_fhir_reference_rewrite(struct deid_fhir_walk *walk, struct json *node,
                                        bool *is_one)
{
    struct slice text = node->text;
    struct buffer out;
    enum status status;

    *is_one = true;
    if (node->text.size == 0 || is_type(walk, node->text))
        return STATUS_OK;
    buffer_init(&out, walk->redactor->arena);
    status = put_any(walk, node->text, &out, is_one);
    return status == STATUS_OK && *is_one
               ? take_parts(walk, node, slice_find_byte(text, '?') < text.size, &out)
               : status;
}

enum status deid_fhir_reference_identifier(struct deid_fhir_walk *walk, struct json *node,
                                           const struct json *identifier)
{
    struct slice text = node->text;
    bool is_one;

    if (slice_starts_with(text, SLICE("urn:uuid:"))
        && deid_map_find_id(walk->redactor->map, slice_cut(text, 9, text.size)) != NULL)
        return deid_fhir_reference_rewrite(walk, node, &is_one);
    if (deid_map_find_id(walk->redactor->map, text) != NULL)
        return deid_fhir_reference_put(walk, ANY_LETTER, text, &node->text);
    return deid_fhir_value_replace(walk, node, deid_fhir_element_identifier_class(identifier));
}

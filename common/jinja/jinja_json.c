#include "jinja/jinja_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct reading {
    struct arena *arena;
    bool is_trusted, is_full;
    struct error *err;
    enum status status;
};

static struct jinja_value convert(struct reading *reading, const struct json *json);

static struct jinja_value convert_number(struct reading *reading, struct slice text)
{
    char digits[64];
    bool is_whole = true;
    long long integer;

    for (size_t i = 0; i < text.size; i++)
        is_whole = is_whole && strchr(".eE", text.data[i]) == NULL;
    snprintf(digits, sizeof(digits), "%.*s", SLICE_FORMAT(text));
    errno = 0;
    integer = strtoll(digits, NULL, 10);
    if (text.size >= sizeof(digits) || (is_whole && errno != 0))
        reading->status = error_set(reading->err, STATUS_INVALID_ARGUMENT,
                                    "JSON: a number of %zu digits", text.size);
    return is_whole ? jinja_int(integer) : jinja_float(strtod(digits, NULL));
}

static struct jinja_value convert_array(struct reading *reading, const struct json *json)
{
    struct jinja_value list = jinja_list_create(reading->arena);

    for (const struct json *item = json_first(json); item != NULL; item = item->next)
        if (!jinja_list_add(list.list, convert(reading, item), reading->arena))
            reading->is_full = true;
    reading->is_full |= list.list == NULL;
    return list;
}

/* The reader has refused a key that comes twice: none is looked for. */
static struct jinja_value convert_object(struct reading *reading, const struct json *json)
{
    struct jinja_value dict = jinja_dict_create(reading->arena);
    const struct json *item = json_first(json);
    struct jinja_pair *pairs = ARENA_ARRAY(reading->arena, struct jinja_pair, json->count);

    if (dict.dict == NULL || pairs == NULL) {
        reading->is_full = true;
        return jinja_none();
    }
    dict.dict->pairs = pairs;
    dict.dict->capacity = json->count;
    for (; item != NULL && dict.dict->count < json->count; item = item->next)
        pairs[dict.dict->count++] =
            (struct jinja_pair){ jinja_string(jinja_text_of(item->key, reading->is_trusted)),
                                 convert(reading, item) };
    return dict;
}

/* Recursion goes as deep as the tree: JSON_DEPTH_MAX. */
static struct jinja_value convert(struct reading *reading, const struct json *json)
{
    switch (json->kind) {
    case JSON_KIND_NULL:
        return jinja_none();
    case JSON_KIND_FALSE:
    case JSON_KIND_TRUE:
        return jinja_bool(json->kind == JSON_KIND_TRUE);
    case JSON_KIND_NUMBER:
        return convert_number(reading, json->text);
    case JSON_KIND_STRING:
        return jinja_string(jinja_text_of(json->text, reading->is_trusted));
    case JSON_KIND_ARRAY:
        return convert_array(reading, json);
    default:
        return convert_object(reading, json);
    }
}

enum status jinja_from_json(struct slice bytes, bool is_trusted, struct arena *arena,
                            struct jinja_value *value, struct error *err)
{
    struct reading reading = { .arena = arena, .is_trusted = is_trusted, .err = err };
    struct json *root;
    enum status status = json_parse(bytes, arena, &root, err);

    *value = jinja_none();
    if (status != STATUS_OK)
        return status;
    *value = convert(&reading, root);
    if (reading.is_full || reading.status != STATUS_OK)
        *value = jinja_none();
    if (reading.is_full)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "JSON: no room for its values");
    return reading.status;
}

#include "deid_fhir_restore.h"

#include "deid_fhir_element.h"
#include "deid_fhir_removed.h"
#include "deid_fhir_value.h"
#include "deid_restore.h"
#include "fhir/json.h"

static enum status no_room(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for a redacted resource");
}

static enum status restore_string(struct deid_map *map, struct json *node, struct slice key,
                                  bool is_text_data, struct arena *arena, struct error *err)
{
    struct deid_surrogate surrogate;
    struct slice inner;
    struct buffer tagged;
    enum status status;

    if (slice_is(key, "data") && is_text_data
        && deid_fhir_element_decode(node->text, arena, &inner) == STATUS_OK) {
        status = deid_restore_text(map, inner, arena, &inner, err);
        return status == STATUS_OK ? deid_fhir_element_encode(inner, arena, &node->text) : status;
    }
    /* A bare id, or one after '#', is read as it would be after its type. */
    if (node->text.size > 0 && node->text.size < 16) {
        size_t skip = node->text.data[0] == '#';
        buffer_init(&tagged, arena);
        buffer_put_string(&tagged, "urn:uuid:");
        buffer_put(&tagged, slice_cut(node->text, skip, node->text.size));
        if ((slice_is(key, "id") || slice_is(key, "reference") || slice_is(key, "value"))
            && deid_surrogate_read(buffer_slice(&tagged), 0, map, &surrogate) && surrogate.is_id
            && surrogate.end == tagged.size) {
            struct deid_id *id =
                deid_map_find_id_surrogate(map, surrogate.letter, surrogate.number);
            if (id == NULL)
                return STATUS_OK;
            buffer_init(&tagged, arena);
            if (skip)
                buffer_put_byte(&tagged, '#');
            buffer_put(&tagged, id->original);
            node->text = buffer_slice(&tagged);
            return tagged.is_full ? no_room(err) : STATUS_OK;
        }
    }
    status = deid_restore_text(map, node->text, arena, &node->text, err);
    if (status == STATUS_OK && node->text.size > 1
        && node->text.data[0] == DEID_FHIR_VALUE_NUMBER_MARK) {
        node->kind = JSON_KIND_NUMBER;
        node->text = slice_cut(node->text, 1, node->text.size);
    }
    return status;
}

/* A name that FHIR does not have was read as a text; FHIR's own have no dash. */
static enum status restore_key(struct deid_map *map, struct json *node, struct arena *arena,
                               struct error *err)
{
    return slice_find_byte(node->key, '-') == node->key.size
               ? STATUS_OK
               : deid_restore_text(map, node->key, arena, &node->key, err);
}

static enum status restore_node(struct deid_map *map, struct json *node, struct slice key,
                                bool is_text_data, struct arena *arena, struct error *err)
{
    struct json *item;
    enum status status = STATUS_OK;
    bool is_text = deid_fhir_element_is_text(json_get_string(node, "contentType"));

    if (node->kind == JSON_KIND_STRING)
        return restore_string(map, node, key, is_text_data, arena, err);
    for (item = node->first; status == STATUS_OK && item != NULL; item = item->next) {
        if (node->kind == JSON_KIND_OBJECT)
            status = restore_key(map, item, arena, err);
        if (status != STATUS_OK)
            return status;
        status = restore_node(map, item, node->kind == JSON_KIND_OBJECT ? item->key : key,
                              node->kind == JSON_KIND_OBJECT ? is_text : is_text_data, arena, err);
    }
    return status;
}

/* What was taken out of a resource, found by the name that it still has. */
struct missing {
    struct json *resource;
    struct deid_fhir_removal *removals;
    struct missing *next;
};

static enum status missing_find(struct deid_map *map, struct json *node, struct arena *arena,
                                struct missing **list, struct error *err)
{
    struct slice name = deid_fhir_removed_name(node, arena);
    struct missing *missing;
    struct json *child;
    enum status status = STATUS_OK;
    bool is_full = false;

    if (name.data == NULL)
        return no_room(err);
    if (name.size > 0) {
        missing = ARENA_NEW(arena, struct missing);
        if (missing == NULL)
            return no_room(err);
        *missing =
            (struct missing){ node, deid_fhir_removed_find(map, name, arena, &is_full), *list };
        if (is_full)
            return no_room(err);
        if (missing->removals != NULL)
            *list = missing;
    }
    for (child = node->first; status == STATUS_OK && child != NULL; child = child->next)
        if (child->first != NULL)
            status = missing_find(map, child, arena, list, err);
    return status;
}

static enum status missing_restore(const struct missing *missing, struct arena *arena,
                                   struct error *err)
{
    const struct deid_fhir_removal *removal;
    enum status status = STATUS_OK;

    for (; missing != NULL; missing = missing->next)
        for (removal = missing->removals; status == STATUS_OK && removal != NULL;
             removal = removal->next)
            status = deid_fhir_removed_restore(missing->resource, removal, arena, err);
    return status;
}

static bool has_removals(const struct deid_map *map)
{
    return map->counters[DEID_CLASS_NONE] > 0;
}

enum status deid_fhir_restore(struct deid_map *map, struct slice json, struct arena *arena,
                              struct slice *output, struct error *err)
{
    struct missing *missing = NULL;
    struct json *root;
    struct buffer out;
    enum status status = json_parse(json, arena, &root, err);

    if (status == STATUS_OK && deid_fhir_element_type(root).size == 0)
        status = error_set(err, STATUS_INVALID_ARGUMENT, "not a FHIR resource");
    if (status == STATUS_OK && has_removals(map))
        status = missing_find(map, root, arena, &missing, err);
    if (status == STATUS_OK)
        status = restore_node(map, root, SLICE(""), false, arena, err);
    if (status == STATUS_OK)
        status = missing_restore(missing, arena, err);
    if (status != STATUS_OK)
        return status;
    buffer_init(&out, arena);
    json_write(root, &out);
    *output = buffer_slice(&out);
    return out.is_full ? no_room(err) : STATUS_OK;
}

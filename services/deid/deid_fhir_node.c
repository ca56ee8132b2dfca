#include "deid_fhir_node.h"

struct reader {
    const struct deid_fhir_types *types;
    struct arena *arena;
    struct error *err;
    unsigned left_out;
};

void deid_node_add(struct deid_node *parent, struct deid_node *child)
{
    child->parent = parent;
    child->next = NULL;
    if (parent->last == NULL)
        parent->first = child;
    else
        parent->last->next = child;
    parent->last = child;
}

void deid_node_remove(struct deid_node *child)
{
    struct deid_node *parent = child->parent, *before = NULL, *item;

    for (item = parent->first; item != child; item = item->next)
        before = item;
    if (before == NULL)
        parent->first = child->next;
    else
        before->next = child->next;
    if (parent->last == child)
        parent->last = before;
    child->parent = NULL;
}

static enum status no_room(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the elements of a resource");
}

static enum status read_members(struct reader *reader, const struct json *json,
                                struct deid_node *owner);

static uint16_t resource_type(const struct deid_fhir_types *types, const struct json *json)
{
    uint16_t type = deid_fhir_type_find(types, json_get_string(json, "resourceType"));

    return types->types[type].is_resource ? type : DEID_FHIR_TYPE_UNKNOWN;
}

/* A value of @node->type. What has another shape than its type is left out. */
static enum status read_value(struct reader *reader, const struct json *json,
                              struct deid_node *node)
{
    const struct deid_fhir_type *type = &reader->types->types[node->type];

    if (json->kind == JSON_KIND_NULL)
        return STATUS_OK;
    if (type->is_primitive != (json->kind != JSON_KIND_OBJECT)) {
        reader->left_out++;
        return STATUS_OK;
    }
    if (type->is_primitive) {
        node->kind = json->kind;
        node->text = json->text;
        return STATUS_OK;
    }
    if (type->is_resource) {
        node->type = resource_type(reader->types, json);
        if (node->type == DEID_FHIR_TYPE_UNKNOWN)
            return error_set(reader->err, STATUS_INVALID_ARGUMENT,
                             "a resource of a type that FHIR does not have");
    }
    return read_members(reader, json, node);
}

static enum status read_one(struct reader *reader, const struct json *json, struct slice key,
                            bool is_list, struct deid_node *owner)
{
    struct slice name;
    uint16_t type = deid_fhir_type_member(reader->types, owner->type, key, &name);
    struct deid_node *node = ARENA_NEW(reader->arena, struct deid_node);

    if (node == NULL)
        return no_room(reader->err);
    *node = (struct deid_node){ .name = name, .key = key, .type = type, .is_list = is_list };
    deid_node_add(owner, node);
    return read_value(reader, json, node);
}

static enum status read_member(struct reader *reader, const struct json *member,
                               struct deid_node *owner)
{
    const struct json *item;
    struct slice name;
    enum status status = STATUS_OK;

    if (deid_fhir_type_member(reader->types, owner->type, member->key, &name)
        == DEID_FHIR_TYPE_UNKNOWN) {
        reader->left_out++;
        return STATUS_OK;
    }
    if (member->kind != JSON_KIND_ARRAY)
        return read_one(reader, member, member->key, false, owner);
    for (item = member->first; status == STATUS_OK && item != NULL; item = item->next)
        status = read_one(reader, item, member->key, true, owner);
    return status;
}

static struct deid_node *next_of(struct deid_node *from, struct slice key)
{
    while (from != NULL && !slice_equal(from->key, key))
        from = from->next;
    return from;
}

/* "_given": what hangs on the values of "given", one by one. */
static enum status read_beside(struct reader *reader, const struct json *member,
                               struct deid_node *owner)
{
    struct slice key = slice_cut(member->key, 1, member->key.size);
    bool is_list = member->kind == JSON_KIND_ARRAY;
    const struct json *item = is_list ? member->first : member;
    struct deid_node *node = next_of(owner->first, key);
    enum status status = STATUS_OK;
    struct slice name;
    uint16_t type = deid_fhir_type_member(reader->types, owner->type, key, &name);

    if (!reader->types->types[type].is_primitive) {
        reader->left_out++;
        return STATUS_OK;
    }
    while (status == STATUS_OK && item != NULL) {
        if (node == NULL) {
            node = ARENA_NEW(reader->arena, struct deid_node);
            if (node == NULL)
                return no_room(reader->err);
            *node =
                (struct deid_node){ .name = name, .key = key, .type = type, .is_list = is_list };
            deid_node_add(owner, node);
        }
        if (item->kind == JSON_KIND_OBJECT)
            status = read_members(reader, item, node);
        node = next_of(node->next, key);
        item = is_list ? item->next : NULL;
    }
    return status;
}

static enum status read_members(struct reader *reader, const struct json *json,
                                struct deid_node *owner)
{
    const struct json *member;
    enum status status = STATUS_OK;

    for (member = json->first; status == STATUS_OK && member != NULL; member = member->next)
        if (!slice_starts_with(member->key, SLICE("_"))
            && !(slice_is(member->key, "resourceType")
                 && reader->types->types[owner->type].is_resource))
            status = read_member(reader, member, owner);
    for (member = json->first; status == STATUS_OK && member != NULL; member = member->next)
        if (slice_starts_with(member->key, SLICE("_")))
            status = read_beside(reader, member, owner);
    return status;
}

enum status deid_node_read_as(const struct deid_fhir_types *types, const struct json *json,
                              uint16_t type, struct arena *arena, struct deid_node **node,
                              struct error *err)
{
    struct reader reader = { types, arena, err, 0 };

    *node = ARENA_NEW(arena, struct deid_node);
    if (*node == NULL)
        return no_room(err);
    **node = (struct deid_node){ .type = type };
    return read_value(&reader, json, *node);
}

enum status deid_node_read(const struct deid_fhir_types *types, const struct json *json,
                           struct arena *arena, struct deid_node **node, unsigned *left_out,
                           struct error *err)
{
    struct reader reader = { types, arena, err, 0 };
    enum status status;

    *node = ARENA_NEW(arena, struct deid_node);
    if (*node == NULL)
        return no_room(err);
    **node = (struct deid_node){ .type = resource_type(types, json) };
    if (json->kind != JSON_KIND_OBJECT || (*node)->type == DEID_FHIR_TYPE_UNKNOWN)
        return error_set(err, STATUS_INVALID_ARGUMENT,
                         "not a resource of a type that FHIR R4 or STU3 has");
    status = read_members(&reader, json, *node);
    *left_out = reader.left_out;
    return status;
}

static void put_value(const struct deid_node *node, struct buffer *out)
{
    struct json value = { .kind = node->kind, .text = node->text };

    json_write(&value, out);
}

static void put_members(const struct deid_fhir_types *types, const struct deid_node *node,
                        struct buffer *out, bool is_first);

static void put_object(const struct deid_fhir_types *types, const struct deid_node *node,
                       struct buffer *out)
{
    buffer_put_byte(out, '{');
    if (deid_node_is_resource(types, node)) {
        buffer_put_string(out, "\"resourceType\":");
        buffer_put_json(out, types->types[node->type].name);
    }
    put_members(types, node, out, !deid_node_is_resource(types, node));
    buffer_put_byte(out, '}');
}

/* What a member of JSON says of an element: its value, or for "_given" what hangs on it. */
static bool part_is_empty(const struct deid_fhir_types *types, const struct deid_node *node,
                          bool is_beside)
{
    if (types->types[node->type].is_primitive && !is_beside)
        return node->kind == JSON_KIND_NULL;
    return node->first == NULL && !deid_node_is_resource(types, node);
}

static void put_part(const struct deid_fhir_types *types, const struct deid_node *node,
                     bool is_beside, struct buffer *out)
{
    if (part_is_empty(types, node, is_beside))
        buffer_put_string(out, "null");
    else if (types->types[node->type].is_primitive && !is_beside)
        put_value(node, out);
    else
        put_object(types, node, out);
}

/* All elements of the name of @first as one member. False when there is nothing to write. */
static bool put_member(const struct deid_fhir_types *types, const struct deid_node *first,
                       bool is_beside, bool has_comma, struct buffer *out)
{
    const struct deid_node *item;
    bool is_empty = true, is_list = first->is_list;

    for (item = first; item != NULL; item = item->next)
        if (slice_equal(item->key, first->key)) {
            is_empty &= part_is_empty(types, item, is_beside);
            is_list |= item != first;
        }
    if (is_empty)
        return false;
    if (has_comma)
        buffer_put_byte(out, ',');
    buffer_put_string(out, is_beside ? "\"_" : "\"");
    buffer_put(out, first->key);
    buffer_put_string(out, is_list ? "\":[" : "\":");
    for (item = first; item != NULL; item = item->next)
        if (slice_equal(item->key, first->key)) {
            if (item != first)
                buffer_put_byte(out, ',');
            put_part(types, item, is_beside, out);
        }
    if (is_list)
        buffer_put_byte(out, ']');
    return true;
}

static bool is_first_of_key(const struct deid_node *node)
{
    return next_of(node->parent->first, node->key) == node;
}

static void put_members(const struct deid_fhir_types *types, const struct deid_node *node,
                        struct buffer *out, bool is_first)
{
    const struct deid_node *item;

    for (item = node->first; item != NULL; item = item->next) {
        if (!is_first_of_key(item))
            continue;
        if (put_member(types, item, false, !is_first, out))
            is_first = false;
        if (types->types[item->type].is_primitive && put_member(types, item, true, !is_first, out))
            is_first = false;
    }
}

void deid_node_write(const struct deid_fhir_types *types, const struct deid_node *node,
                     struct buffer *out)
{
    put_object(types, node, out);
}

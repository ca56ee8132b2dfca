/* Down the tree by types: the row of a member says what its value is and what is done with it; what
 * has no row is unknown to FHIR. */
#include "deid_fhir_walk.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "deid_fhir_element.h"
#include "deid_fhir_reference.h"
#include "deid_fhir_value.h"

#define AGE_MAX 89
#define SECONDS_A_YEAR 31556952

/* One member, or one of a list: what its row says. */
struct step {
    struct slice key;
    uint16_t type; /* of the value; DEID_FHIR_TYPE_UNKNOWN: FHIR has no such element */
    enum deid_action action;
};

void deid_fhir_walk_init(struct deid_fhir_walk *walk, struct deid_redactor *redactor,
                         struct deid_fhir_memo *memo, struct error *err)
{
    *walk = (struct deid_fhir_walk){
        .redactor = redactor,
        .memo = memo,
        .types = deid_fhir_types_shared(),
        .err = err,
        .removes_unknown = redactor->map->profile == DEID_PROFILE_SAFE_HARBOR,
        .birth_year_min = 1970 + (int)(time(NULL) / SECONDS_A_YEAR) - AGE_MAX,
    };
}

static size_t path_push(struct deid_fhir_walk *walk, struct slice key)
{
    size_t before = walk->path_size;
    size_t size = key.size + 1 < DEID_FHIR_PATH_BYTES_MAX - before ? key.size : 0;

    if (walk->redactor->keep_spans && size > 0) {
        if (before > 0)
            walk->path[walk->path_size++] = '.';
        memcpy(walk->path + walk->path_size, key.data, size);
        walk->path_size += size;
    }
    return before;
}

/* A geolocation tells the house. */
static bool is_location_extension(const struct json *item)
{
    struct slice url = json_get_string(item, "url");

    return slice_ends_with(url, SLICE("geolocation")) || slice_ends_with(url, SLICE("latitude"))
           || slice_ends_with(url, SLICE("longitude"));
}

/* Of what FHIR does not have everything is read as text, but for what the record resolves by. */
static enum deid_action unknown_action(const struct deid_fhir_place *place, struct slice key)
{
    if (slice_is(key, "id") && deid_fhir_element_type(place->object).size > 0)
        return DEID_ACTION_ID;
    return slice_is(key, "reference") ? DEID_ACTION_LINK : DEID_ACTION_TEXT;
}

static struct step step_of(const struct deid_fhir_walk *walk, const struct deid_fhir_place *place,
                           struct slice key)
{
    const struct deid_fhir_element *element;
    struct step step = { key, DEID_FHIR_TYPE_UNKNOWN, DEID_ACTION_TEXT };

    if (place->owner == DEID_FHIR_TYPE_UNKNOWN) {
        step.action = unknown_action(place, key);
        return step;
    }
    if (key.size > 1 && key.data[0] == '_') { /* what hangs on a value */
        if (deid_fhir_type_element(walk->types, place->owner, slice_cut(key, 1, key.size)) != NULL)
            step.type = walk->types->type_element;
        return step;
    }
    element = deid_fhir_type_element(walk->types, place->owner, key);
    if (element == NULL)
        return step;
    step.type = element->type;
    step.action = (enum deid_action)element->action;
    return step;
}

static enum status walk_node(struct deid_fhir_walk *walk, struct json *node,
                             const struct step *step, const struct deid_fhir_place *place,
                             bool *is_removed);

/* A name that FHIR does not have may be anybody's: it is read as a text. One that is changed has a
 * dash, by which the way back knows it (deid_fhir_restore.c): as a code where the text has none. */
static enum status rewrite_key(struct deid_fhir_walk *walk, struct json *node)
{
    struct deid_map *map = walk->redactor->map;
    struct json key = { .kind = JSON_KIND_STRING, .text = node->key };
    enum deid_style style = map->style;
    enum status status = deid_fhir_value_text(walk, &key, false);

    if (status == STATUS_OK && style != DEID_STYLE_MASKS && !slice_equal(key.text, node->key)
        && slice_find_byte(key.text, '-') == key.text.size) {
        key.text = node->key;
        map->style = DEID_STYLE_CODES;
        status = deid_fhir_value_replace(walk, &key, DEID_CLASS_OTHER);
        map->style = style;
    }
    node->key = key.text;
    return status;
}

static enum status walk_member(struct deid_fhir_walk *walk, struct json *item,
                               const struct deid_fhir_place *place, bool *is_removed)
{
    struct step step;
    size_t path;
    enum status status = STATUS_OK;

    if (slice_is(item->key, "resourceType")
        && (place->owner == DEID_FHIR_TYPE_UNKNOWN || walk->types->types[place->owner].is_resource))
        return STATUS_OK;
    step = step_of(walk, place, item->key);
    if (step.type == DEID_FHIR_TYPE_UNKNOWN && walk->removes_unknown) {
        *is_removed = true;
        return STATUS_OK;
    }
    path = path_push(walk, item->key);
    if (step.type == DEID_FHIR_TYPE_UNKNOWN)
        status = rewrite_key(walk, item);
    if (status == STATUS_OK)
        status = walk_node(walk, item, &step, place, is_removed);
    walk->path_size = path;
    return status;
}

/* Take *@link out of @parent, of which it is the one at @index. */
static enum status unlink_item(struct deid_fhir_walk *walk, struct json *parent, struct json **link,
                               unsigned index)
{
    struct json *item = *link;

    if (walk->redactor->map->profile == DEID_PROFILE_LIMITED && walk->resource != NULL
        && !deid_fhir_removed_note(walk->resource, parent, item, index, walk->redactor->arena,
                                   &walk->removals))
        return deid_fhir_no_room(walk->err);
    *link = item->next;
    parent->count--;
    return STATUS_OK;
}

/* @step NULL: @node is an object, and each member has its own. */
static enum status walk_children(struct deid_fhir_walk *walk, struct json *node,
                                 const struct step *step, const struct deid_fhir_place *place)
{
    struct json **link = &node->first, *item;
    unsigned index = 0;
    enum status status = STATUS_OK;

    while (status == STATUS_OK && (item = *link) != NULL) {
        bool is_removed = false;

        status = step == NULL ? walk_member(walk, item, place, &is_removed)
                              : walk_node(walk, item, step, place, &is_removed);
        if (status == STATUS_OK && is_removed) {
            status = unlink_item(walk, node, link, index);
        } else {
            link = &item->next;
            index++;
        }
    }
    return status;
}

/* What a resource says that it is; its name must be one of a type, since it is written as it
 * stands. */
static enum status resource_type(struct deid_fhir_walk *walk, const struct json *node,
                                 uint16_t *type)
{
    struct slice name = deid_fhir_element_type(node);

    for (size_t i = 0; i < name.size; i++)
        if ((name.data[i] | 32) < 'a' || (name.data[i] | 32) > 'z')
            return error_set(walk->err, STATUS_INVALID_ARGUMENT,
                             "a resourceType that is no name of a type");
    if (name.size == 0)
        return error_set(walk->err, STATUS_INVALID_ARGUMENT, "a resource without a resourceType");
    *type = deid_fhir_type_find(walk->types, name);
    if (walk->types->types[*type].is_resource)
        return STATUS_OK;
    *type = DEID_FHIR_TYPE_UNKNOWN;
    return deid_redact_knows(walk->redactor, name) ? error_set(
               walk->err, STATUS_INVALID_ARGUMENT, "a resourceType that FHIR does not have")
                                                   : STATUS_OK;
}

/* What was taken out of @resource goes into the map under its redacted name. */
static enum status removals_put(struct deid_fhir_walk *walk, const struct json *resource)
{
    struct arena *arena = walk->redactor->arena;
    struct slice name;

    if (walk->removals == NULL)
        return STATUS_OK;
    name = deid_fhir_removed_name(resource, arena);
    if (name.data == NULL
        || (name.size > 0
            && !deid_fhir_removed_put(walk->redactor->map, name, arena, walk->removals)))
        return deid_fhir_no_room(walk->err);
    return STATUS_OK;
}

static enum status walk_own_resource(struct deid_fhir_walk *walk, struct json *node,
                                     const struct deid_fhir_place *place)
{
    const struct json *outer = walk->resource;
    struct deid_fhir_removal *removals = walk->removals;
    enum status status;

    walk->resource = node;
    walk->removals = NULL;
    status = walk_children(walk, node, NULL, place);
    if (status == STATUS_OK)
        status = removals_put(walk, node);
    walk->resource = outer;
    walk->removals = removals;
    return status;
}

static enum status walk_resource(struct deid_fhir_walk *walk, struct json *node,
                                 struct deid_fhir_place *place)
{
    enum status status = resource_type(walk, node, &place->owner);

    walk->path_size = 0;
    path_push(walk, deid_fhir_element_type(node));
    if (status != STATUS_OK)
        return status;
    return place->is_contained ? walk_children(walk, node, NULL, place)
                               : walk_own_resource(walk, node, place);
}

/* The words of a name are its person's, though others are called so too: who that is is asked
 * before the first of them is replaced. */
static enum status walk_name(struct deid_fhir_walk *walk, struct json *node,
                             const struct deid_fhir_place *place)
{
    const struct deid_entry *entry;
    struct slice whole;
    bool was_somebodys = walk->is_somebodys;
    uint32_t whose = walk->whose;
    enum status status;

    if (!deid_fhir_element_whole_name(node, walk->redactor->arena, &whole))
        return deid_fhir_no_room(walk->err);
    entry = deid_map_find(walk->redactor->map, whole);
    walk->is_somebodys = entry != NULL && entry->class == DEID_CLASS_NAME;
    walk->whose = walk->is_somebodys ? entry->number : 0;
    status = walk_children(walk, node, NULL, place);
    walk->is_somebodys = was_somebodys;
    walk->whose = whose;
    return status;
}

static enum status walk_object(struct deid_fhir_walk *walk, struct json *node,
                               const struct step *step, bool *is_removed)
{
    struct deid_fhir_place place = { step->type, node, slice_is(step->key, "contained") };

    if (step->type == walk->types->type_extension && is_location_extension(node)) {
        *is_removed = true;
        return STATUS_OK;
    }
    if (walk->types->types[step->type].is_resource
        || (step->type == DEID_FHIR_TYPE_UNKNOWN && deid_fhir_element_type(node).size > 0))
        return walk_resource(walk, node, &place);
    return step->type == walk->types->type_human_name ? walk_name(walk, node, &place)
                                                      : walk_children(walk, node, NULL, &place);
}

/* The safe-harbor profile groups the ages over 89, which FHIR has as quantities of years. */
static bool is_old_age(const struct deid_fhir_walk *walk, const struct json *node,
                       const struct deid_fhir_place *place, struct slice key)
{
    char text[32] = { 0 };
    struct slice code = json_get_string(place->object, "code"),
                 unit = json_get_string(place->object, "unit");

    if (walk->redactor->map->profile != DEID_PROFILE_SAFE_HARBOR || !slice_is(key, "value")
        || !deid_fhir_type_is(walk->types, place->owner, walk->types->type_quantity)
        || !(slice_is(code, "a") || slice_starts_with(unit, SLICE("year"))
             || (code.size == 0 && place->owner != walk->types->type_quantity)))
        return false;
    memcpy(text, node->text.data, node->text.size < 31 ? node->text.size : 31);
    return strtod(text, NULL) > AGE_MAX;
}

static enum status walk_number(struct deid_fhir_walk *walk, struct json *node,
                               const struct step *step, const struct deid_fhir_place *place)
{
    if (is_old_age(walk, node, place, step->key)) {
        node->text = SLICE("90");
        walk->redactor->counts[DEID_CLASS_DATE]++;
        return STATUS_OK;
    }
    return deid_fhir_value_number(walk, node, step->type == DEID_FHIR_TYPE_UNKNOWN);
}

static enum status walk_node(struct deid_fhir_walk *walk, struct json *node,
                             const struct step *step, const struct deid_fhir_place *place,
                             bool *is_removed)
{
    static const struct step unknown = { .action = DEID_ACTION_TEXT };

    if (step->action == DEID_ACTION_REMOVE) {
        *is_removed = true;
        return STATUS_OK;
    }
    switch (node->kind) {
    case JSON_KIND_STRING:
        return deid_fhir_value_rewrite(walk, node, step->key, step->action, place, is_removed);
    case JSON_KIND_NUMBER:
        return walk_number(walk, node, step, place);
    case JSON_KIND_ARRAY:
        return walk_children(walk, node, step, place);
    case JSON_KIND_OBJECT:
        if (!walk->types->types[step->type].is_primitive)
            return walk_object(walk, node, step, is_removed);
        /* An object where a value belongs is no element that FHIR has. */
        *is_removed = walk->removes_unknown;
        return *is_removed ? STATUS_OK : walk_object(walk, node, &unknown, is_removed);
    default:
        return STATUS_OK;
    }
}

enum status deid_fhir_walk_resource(struct deid_fhir_walk *walk, struct json *root)
{
    struct step step = { SLICE(""), walk->types->type_resource, DEID_ACTION_TEXT };
    bool is_removed = false;

    return walk_object(walk, root, &step, &is_removed);
}

enum status deid_fhir_walk_entry(struct deid_fhir_walk *walk, struct json *entry)
{
    struct step step = { SLICE("entry"), deid_fhir_type_find(walk->types, SLICE("Bundle.entry")),
                         DEID_ACTION_TEXT };
    bool is_removed = false;

    return walk_object(walk, entry, &step, &is_removed);
}

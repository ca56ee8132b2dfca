#include "deid_fhir_rules.h"

#include <time.h>

#include "deid_fhir_value.h"

#define SECONDS_A_DAY 86400

/* The values beside @node, as the object that JSON had there: a telecom's system, an attachment's
 * type. */
static struct json *object_of(struct deid_fhir_walk *walk, const struct deid_node *node)
{
    struct json *object = ARENA_NEW(walk->redactor->arena, struct json);
    const struct deid_node *child = node->parent == NULL ? NULL : node->parent->first;

    if (object == NULL)
        return NULL;
    object->kind = JSON_KIND_OBJECT;
    for (; child != NULL; child = child->next) {
        struct json *member;

        if (child->kind != JSON_KIND_STRING)
            continue;
        member = ARENA_NEW(walk->redactor->arena, struct json);
        if (member == NULL)
            return NULL;
        *member = (struct json){
            .kind = JSON_KIND_STRING, .key = child->key, .text = child->text, .next = object->first
        };
        object->first = member;
        object->count++;
    }
    return object;
}

static enum deid_action action_of(const struct deid_fhir_walk *walk, const struct deid_node *node)
{
    const struct deid_fhir_element *element =
        node->parent == NULL ? NULL
                             : deid_fhir_type_element(walk->types, node->parent->type, node->key);

    return element == NULL ? DEID_ACTION_TEXT : (enum deid_action)element->action;
}

static bool is_removed_above(const struct deid_fhir_walk *walk, const struct deid_node *node)
{
    for (; node != NULL && node->parent != NULL; node = node->parent)
        if (action_of(walk, node) == DEID_ACTION_REMOVE)
            return true;
    return false;
}

/* One value as the profile has it. */
static enum status profile_apply(void *data, struct deid_node *node, struct error *err)
{
    struct deid_fhir_walk *walk = data;
    struct json value = { .kind = node->kind, .key = node->key, .text = node->text };
    struct deid_fhir_place place = { 0 };
    bool is_removed = is_removed_above(walk, node);
    enum status status = STATUS_OK;

    if (node->kind == JSON_KIND_NULL)
        return STATUS_OK;
    walk->err = err;
    place.owner = node->parent == NULL ? DEID_FHIR_TYPE_UNKNOWN : node->parent->type;
    place.is_contained = node->parent != NULL && slice_is(node->parent->name, "contained");
    place.object = object_of(walk, node);
    if (place.object == NULL)
        return deid_fhir_no_room(err);
    if (!is_removed && node->kind == JSON_KIND_STRING)
        status = deid_fhir_value_rewrite(walk, &value, node->key, action_of(walk, node), &place,
                                         &is_removed);
    else if (!is_removed && node->kind == JSON_KIND_NUMBER)
        status = deid_fhir_value_number(walk, &value, false);
    node->kind = is_removed ? JSON_KIND_NULL : value.kind;
    node->text = is_removed ? SLICE("") : value.text;
    return status;
}

static struct deid_rule_context context_of(struct deid_fhir_walk *walk)
{
    return (struct deid_rule_context){
        .today = time(NULL) / SECONDS_A_DAY,
        .scope_name = SLICE(""),
        .patient_shift_days = &walk->redactor->map->shift_days,
        .profile = profile_apply,
        .data = walk,
    };
}

enum status deid_fhir_rules_apply(struct deid_fhir_walk *walk, const struct json *root,
                                  struct slice *output)
{
    struct deid_rule_context context = context_of(walk);

    return deid_rule_apply(walk->redactor->policy->fhir_rules, &context, root,
                           walk->redactor->arena, output, walk->err);
}

enum status deid_fhir_rules_apply_part(struct deid_fhir_walk *walk, const struct json *root,
                                       struct deid_rule_parts *parts, bool is_last,
                                       struct slice *output)
{
    struct deid_rule_context context = context_of(walk);

    return deid_rule_apply_part(walk->redactor->policy->fhir_rules, &context, root, parts, is_last,
                                walk->redactor->arena, output, walk->err);
}

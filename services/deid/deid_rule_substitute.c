/* An element takes the shape of its replacement: children of the same name take the values of the
 * replacement's one by one, what is over is removed, what is missing is added. What an earlier rule
 * has dealt with stays, and what holds such an element stays around it. */
#include "deid_rule_method.h"

static struct deid_node *copy(struct deid_rule_work *work, const struct deid_node *from)
{
    struct deid_node *node = ARENA_NEW(work->arena, struct deid_node);
    const struct deid_node *child;

    if (node == NULL)
        return NULL;
    *node = *from;
    node->parent = node->first = node->last = node->next = NULL;
    for (child = from->first; child != NULL; child = child->next) {
        struct deid_node *made = copy(work, child);

        if (made == NULL)
            return NULL;
        deid_node_add(node, made);
    }
    return node;
}

/* Mark what holds a visited element. */
static bool mark_kept(struct deid_node *node)
{
    struct deid_node *child;

    node->is_kept = node->is_visited;
    for (child = node->first; child != NULL; child = child->next)
        node->is_kept |= mark_kept(child);
    return node->is_kept;
}

static void mark_visited(struct deid_node *node)
{
    struct deid_node *child;

    for (child = node->first; child != NULL; child = child->next) {
        child->is_visited = true;
        mark_visited(child);
    }
}

static const struct deid_node *next_named(const struct deid_node *from, struct slice name)
{
    while (from != NULL && !slice_equal(from->name, name))
        from = from->next;
    return from;
}

/* @with NULL: nothing. */
static enum status put(struct deid_rule_work *work, struct deid_node *node,
                       const struct deid_node *with);

static enum status put_child(struct deid_rule_work *work, struct deid_node *child,
                             const struct deid_node **with)
{
    const struct deid_node *taken = *with;

    if (taken != NULL)
        *with = next_named(taken->next, taken->name);
    if (child->is_visited)
        return STATUS_OK;
    if (taken != NULL || child->is_kept)
        return put(work, child, taken);
    deid_node_remove(child);
    return STATUS_OK;
}

/* The children named @name, and those of @with. */
static enum status put_named(struct deid_rule_work *work, struct deid_node *node, struct slice name,
                             const struct deid_node *with)
{
    struct deid_node *child = node->first, *next;
    enum status status = STATUS_OK;

    for (; status == STATUS_OK && child != NULL; child = next) {
        next = child->next;
        if (slice_equal(child->name, name))
            status = put_child(work, child, &with);
    }
    for (; status == STATUS_OK && with != NULL; with = next_named(with->next, name)) {
        struct deid_node *made = copy(work, with);

        if (made == NULL)
            return error_set(work->err, STATUS_RESOURCE_EXHAUSTED, "no room for a replacement");
        deid_node_add(node, made);
    }
    return status;
}

static enum status put(struct deid_rule_work *work, struct deid_node *node,
                       const struct deid_node *with)
{
    const struct deid_node *item = with == NULL ? NULL : with->first;
    struct deid_node *child, *next;
    enum status status = STATUS_OK;

    if (node->is_visited)
        return STATUS_OK;
    for (child = node->first; status == STATUS_OK && child != NULL; child = next) {
        next = child->next;
        if (next_named(item, child->name) == NULL)
            status = put_child(work, child, &(const struct deid_node *){ NULL });
    }
    for (; status == STATUS_OK && item != NULL; item = item->next)
        if (next_named(with->first, item->name) == item)
            status = put_named(work, node, item->name, item);
    node->kind = with == NULL ? JSON_KIND_NULL : with->kind;
    node->text = with == NULL ? SLICE("") : with->text;
    return status;
}

enum status deid_rule_substitute(struct deid_rule_work *work, const struct deid_rule *rule,
                                 struct deid_node *node)
{
    static const struct json nothing = { .kind = JSON_KIND_OBJECT };
    bool is_primitive = work->set->types->types[node->type].is_primitive;
    const struct json *json = rule->replace_with;
    struct deid_node *with;
    enum status status;

    if (json->kind == JSON_KIND_NULL && !is_primitive)
        json = &nothing;
    if (is_primitive == (json->kind == JSON_KIND_OBJECT || json->kind == JSON_KIND_ARRAY))
        return error_set(work->err, STATUS_INVALID_ARGUMENT,
                         "a replacement of another shape than the element");
    status = deid_node_read_as(work->set->types, json, node->type, work->arena, &with, work->err);
    if (status != STATUS_OK)
        return status;
    mark_kept(node);
    status = put(work, node, with);
    mark_visited(node);
    work->done |= DEID_RULE_DONE_SUBSTITUTED;
    return status;
}

/* A resource, then the resources in it: of each the rules in their order, and of a rule every
 * element that its path names, with all that is under it. An element belongs to the first rule that
 * reaches it. At the end each resource says by labels what was done, and what has become empty
 * goes. */
#include "deid_rule_apply.h"

#include "deid_rule_method.h"

#define PROBE_BYTES ((size_t)1 << 20)

static const struct {
    unsigned done;
    const char *system, *code, *display;
} labels[] = {
    { DEID_RULE_DONE_REDACTED, "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
      "REDACTED", "redacted" },
    { DEID_RULE_DONE_ABSTRACTED, "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
      "ABSTRED", "abstracted" },
    { DEID_RULE_DONE_HASHED, "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
      "CRYTOHASH", "cryptographic hash function" },
    { DEID_RULE_DONE_MASKED, "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "MASKED",
      "masked" },
    { DEID_RULE_DONE_PERTURBED, NULL, "PERTURBED",
      "exact value is replaced with another exact value" },
    { DEID_RULE_DONE_SUBSTITUTED, NULL, "SUBSTITUTED",
      "exact value is replaced with a predefined value" },
    { DEID_RULE_DONE_GENERALIZED, NULL, "GENERALIZED",
      "exact value is replaced with a general value" },
};

static struct deid_node *find_child(const struct deid_node *node, const char *name)
{
    struct deid_node *child;

    for (child = node->first; child != NULL; child = child->next)
        if (slice_is(child->name, name))
            return child;
    return NULL;
}

static enum status rest_apply(struct deid_rule_work *work, struct deid_node *node);

/* One element under one method; what the method does to what is under it, too. */
static enum status method_apply(struct deid_rule_work *work, const struct deid_rule *rule,
                                struct deid_node *node)
{
    switch (rule->method) {
    case DEID_RULE_REDACT:
        return deid_rule_redact(work, node);
    case DEID_RULE_DATE_SHIFT:
        return deid_rule_date_shift(work, node);
    case DEID_RULE_CRYPTO_HASH:
        return deid_rule_crypto_hash(work, node);
    case DEID_RULE_ENCRYPT:
        return deid_rule_encrypt(work, node);
    case DEID_RULE_SUBSTITUTE:
        return deid_rule_substitute(work, rule, node);
    case DEID_RULE_PERTURB:
        return deid_rule_perturb(work, rule, node);
    case DEID_RULE_GENERALIZE:
        return deid_rule_generalize(work, rule, node);
    case DEID_RULE_PROFILE:
        return work->context->profile == NULL
                   ? STATUS_OK
                   : work->context->profile(work->context->data, node, work->err);
    case DEID_RULE_KEEP:
        break;
    }
    return STATUS_OK;
}

static enum status node_apply(struct deid_rule_work *work, const struct deid_rule *rule,
                              struct deid_node *node)
{
    struct deid_node *child, *next;
    enum status status;

    if (node->is_visited)
        return STATUS_OK;
    status = method_apply(work, rule, node);
    node->is_visited = true;
    for (child = node->first; status == STATUS_OK && child != NULL; child = next) {
        next = child->next;
        if (!deid_node_is_resource(work->set->types, child))
            status = node_apply(work, rule, child);
    }
    return status;
}

static enum status rule_apply(struct deid_rule_work *work, const struct deid_rule *rule,
                              struct deid_node *resource)
{
    struct deid_path_values values;
    enum status status;

    if (rule->type.size > 0
        && !slice_equal(rule->type, work->set->types->types[resource->type].name))
        return STATUS_OK;
    if (rule->is_whole)
        return node_apply(work, rule, resource);
    status =
        deid_path_evaluate(rule->path, work->set->types, resource, work->arena, &values, work->err);
    for (unsigned i = 0; status == STATUS_OK && i < values.count; i++)
        if (values.items[i].kind == DEID_PATH_NODE)
            status = node_apply(work, rule, values.items[i].node);
    return status;
}

static struct deid_node *text_node(struct deid_rule_work *work, const char *name, const char *type,
                                   const char *text)
{
    struct deid_node *node = ARENA_NEW(work->arena, struct deid_node);

    if (node != NULL)
        *node = (struct deid_node){ .name = slice_from(name),
                                    .key = slice_from(name),
                                    .type = deid_fhir_type_find(work->set->types, slice_from(type)),
                                    .kind = text == NULL ? JSON_KIND_NULL : JSON_KIND_STRING,
                                    .text = slice_from(text == NULL ? "" : text),
                                    .is_visited = true };
    return node;
}

static bool has_label(const struct deid_node *meta, const char *code)
{
    const struct deid_node *child, *own;

    for (child = meta->first; child != NULL; child = child->next) {
        own = slice_is(child->name, "security") ? find_child(child, "code") : NULL;
        if (own != NULL && slice_equal_fold(own->text, slice_from(code)))
            return true;
    }
    return false;
}

/* False: no room. */
static bool label_add(struct deid_rule_work *work, struct deid_node *meta, unsigned index)
{
    struct deid_node *label = text_node(work, "security", "Coding", NULL), *child;
    const char *const parts[][3] = { { "system", "uri", labels[index].system },
                                     { "code", "code", labels[index].code },
                                     { "display", "string", labels[index].display } };

    if (label == NULL)
        return false;
    label->is_list = true;
    for (unsigned i = 0; i < 3; i++) {
        if (parts[i][2] == NULL)
            continue;
        child = text_node(work, parts[i][0], parts[i][1], parts[i][2]);
        if (child == NULL)
            return false;
        deid_node_add(label, child);
    }
    deid_node_add(meta, label);
    return true;
}

static enum status labels_add(struct deid_rule_work *work, struct deid_node *resource,
                              unsigned done)
{
    struct deid_node *meta = find_child(resource, "meta");

    if (done == 0 || slice_is(resource->name, "contained"))
        return STATUS_OK;
    if (meta == NULL) {
        meta = text_node(work, "meta", "Meta", NULL);
        if (meta != NULL)
            deid_node_add(resource, meta);
    }
    for (unsigned i = 0; meta != NULL && i < sizeof(labels) / sizeof(labels[0]); i++)
        if ((done & labels[i].done) && !has_label(meta, labels[i].code)
            && !label_add(work, meta, i))
            meta = NULL;
    return meta == NULL ? error_set(work->err, STATUS_RESOURCE_EXHAUSTED, "no room for a label")
                        : STATUS_OK;
}

static enum status resource_apply(struct deid_rule_work *work, struct deid_node *resource);

/* The resources under @node. */
static enum status inner_apply(struct deid_rule_work *work, struct deid_node *node)
{
    struct deid_node *child;
    enum status status = STATUS_OK;

    for (child = node->first; status == STATUS_OK && child != NULL; child = child->next)
        status = deid_node_is_resource(work->set->types, child) ? resource_apply(work, child)
                                                                : inner_apply(work, child);
    return status;
}

static enum status resource_apply(struct deid_rule_work *work, struct deid_node *resource)
{
    unsigned outer = work->done, done;
    enum status status = STATUS_OK;

    work->done = 0;
    for (unsigned i = 0; status == STATUS_OK && i < work->set->count; i++)
        status = rule_apply(work, &work->set->rules[i], resource);
    if (status == STATUS_OK)
        status = inner_apply(work, resource);
    done = work->done;
    work->done |= outer;
    if (work->parts != NULL && resource->parent == NULL) {
        work->parts->done |= done;
        done = work->is_last ? work->parts->done : 0;
    }
    return status == STATUS_OK ? labels_add(work, resource, done) : status;
}

/* What no rule has reached goes through the profile. */
static enum status rest_apply(struct deid_rule_work *work, struct deid_node *node)
{
    struct deid_node *child, *next;
    enum status status = STATUS_OK;

    if (!node->is_visited && node->kind != JSON_KIND_NULL)
        status = work->context->profile(work->context->data, node, work->err);
    for (child = node->first; status == STATUS_OK && child != NULL; child = next) {
        next = child->next;
        status = rest_apply(work, child);
    }
    return status;
}

static void empty_remove(const struct deid_fhir_types *types, struct deid_node *node)
{
    struct deid_node *child, *next;

    for (child = node->first; child != NULL; child = next) {
        next = child->next;
        empty_remove(types, child);
        if (child->first == NULL && child->kind == JSON_KIND_NULL
            && !deid_node_is_resource(types, child))
            deid_node_remove(child);
    }
}

/* What is left of a resource that could not be processed: its type, and that it was redacted. */
static enum status empty_write(struct deid_rule_work *work, struct deid_node *root,
                               struct buffer *out)
{
    enum status status;

    root->first = root->last = NULL;
    error_clear(work->err);
    status = labels_add(work, root, DEID_RULE_DONE_REDACTED);
    deid_node_write(work->set->types, root, out);
    return status;
}

/* A part of a Bundle has that one's id while rules are at work: they ask for it. */
static enum status part_open(struct deid_rule_work *work, struct deid_node *root,
                             struct deid_node **id)
{
    *id = NULL;
    if (work->parts == NULL || !work->parts->is_begun || work->parts->id.data == NULL)
        return STATUS_OK;
    *id = text_node(work, "id", "id", "");
    if (*id == NULL)
        return error_set(work->err, STATUS_RESOURCE_EXHAUSTED, "no room for an id");
    (*id)->text = work->parts->id;
    (*id)->is_visited = false;
    deid_node_add(root, *id);
    return STATUS_OK;
}

static void part_close(struct deid_rule_work *work, struct deid_node *id)
{
    if (id != NULL)
        deid_node_remove(id);
    if (work->parts != NULL)
        work->parts->is_begun = true;
}

static enum status apply(struct deid_rule_work *work, const struct json *json, struct slice *output)
{
    const struct deid_rule_set *set = work->set;
    struct deid_node *root, *id;
    struct buffer out;
    unsigned left_out;
    enum status status = deid_node_read(set->types, json, work->arena, &root, &left_out, work->err);

    if (status != STATUS_OK)
        return status;
    buffer_init(&out, work->arena);
    status = part_open(work, root, &id);
    if (status == STATUS_OK)
        status = resource_apply(work, root);
    if (status == STATUS_OK && work->context->profile != NULL && !set->keeps_unmatched)
        status = rest_apply(work, root);
    if (status == STATUS_INVALID_ARGUMENT && set->skips_errors && work->parts == NULL) {
        status = empty_write(work, root, &out);
    } else if (status == STATUS_OK) {
        part_close(work, id);
        empty_remove(set->types, root);
        deid_node_write(set->types, root, &out);
    }
    *output = buffer_slice(&out);
    if (status == STATUS_OK && out.is_full)
        return error_set(work->err, STATUS_RESOURCE_EXHAUSTED, "no room for a resource");
    return status;
}

enum status deid_rule_apply(const struct deid_rule_set *set,
                            const struct deid_rule_context *context, const struct json *json,
                            struct arena *arena, struct slice *output, struct error *err)
{
    struct deid_rule_work work = { .set = set, .context = context, .arena = arena, .err = err };

    return apply(&work, json, output);
}

enum status deid_rule_apply_part(const struct deid_rule_set *set,
                                 const struct deid_rule_context *context, const struct json *json,
                                 struct deid_rule_parts *parts, bool is_last, struct arena *arena,
                                 struct slice *output, struct error *err)
{
    struct deid_rule_work work = { .set = set,
                                   .context = context,
                                   .arena = arena,
                                   .err = err,
                                   .parts = parts,
                                   .is_last = is_last };

    return apply(&work, json, output);
}

/* Whether @rule reaches the id of a Bundle. */
static bool reaches_id(const struct deid_rule_set *set, const struct deid_rule *rule)
{
    struct arena arena;
    struct deid_path_values values = { 0 };
    struct deid_node id = { .name = SLICE("id"),
                            .key = SLICE("id"),
                            .type = deid_fhir_type_find(set->types, SLICE("id")),
                            .kind = JSON_KIND_STRING,
                            .text = SLICE("1") };
    struct deid_node bundle = { .type = deid_fhir_type_find(set->types, SLICE("Bundle")) };
    bool reaches = rule->is_whole;

    arena_init(&arena, PROBE_BYTES);
    deid_node_add(&bundle, &id);
    if (!reaches)
        reaches =
            deid_path_evaluate(rule->path, set->types, &bundle, &arena, &values, NULL) != STATUS_OK;
    for (unsigned i = 0; i < values.count; i++)
        reaches |= values.items[i].kind == DEID_PATH_NODE
                   && (values.items[i].node == &id || values.items[i].node == &bundle);
    arena_close(&arena);
    return reaches;
}

static bool is_by_parts(const struct deid_rule_set *set, const struct deid_rule *rule)
{
    if (rule->type.size > 0 && !slice_is(rule->type, "Bundle"))
        return true;
    /* What an id is encrypted to is another thing each time, and dates would move by it. */
    if (rule->method == DEID_RULE_ENCRYPT && deid_rule_asks_id(set) && reaches_id(set, rule))
        return false;
    return rule->is_whole || deid_path_is_by_parts(rule->path, set->types);
}

enum status deid_rule_check_parts(const struct deid_rule_set *set, struct error *err)
{
    if (set->skips_errors)
        return error_set(err, STATUS_FAILED_PRECONDITION,
                         "processingErrors \"skip\" asks for a whole Bundle");
    for (unsigned i = 0; i < set->count; i++)
        if (!is_by_parts(set, &set->rules[i]))
            return error_set(err, STATUS_FAILED_PRECONDITION, "rule %u asks for a whole Bundle", i);
    return STATUS_OK;
}

bool deid_rule_asks_id(const struct deid_rule_set *set)
{
    if (set->has_fixed_shift || set->date_shift_scope == DEID_RULE_SCOPE_PATIENT)
        return false;
    for (unsigned i = 0; i < set->count; i++)
        if (set->rules[i].method == DEID_RULE_DATE_SHIFT)
            return true;
    return false;
}

/* The functions of FHIRPath that rule files use. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "deid_path_eval.h"

/* What is under @node, and not under a resource that it holds. */
static enum status add_descendants(struct deid_path_evaluation *evaluation, struct deid_node *node,
                                   struct deid_path_values *out)
{
    struct deid_node *child;
    enum status status = STATUS_OK;

    for (child = node->first; status == STATUS_OK && child != NULL; child = child->next) {
        status = deid_path_add_node(evaluation, out, child);
        if (status == STATUS_OK && !deid_node_is_resource(evaluation->types, child))
            status = add_descendants(evaluation, child, out);
    }
    return status;
}

static enum status call_nodes(struct deid_path_evaluation *evaluation, const struct deid_path *path,
                              const struct deid_path_values *input, struct deid_path_values *out)
{
    enum status status = STATUS_OK;

    for (unsigned i = 0; status == STATUS_OK && i < input->count; i++) {
        struct deid_node *child;

        if (input->items[i].kind != DEID_PATH_NODE)
            continue;
        if (path->function == DEID_FN_DESCENDANTS)
            status = add_descendants(evaluation, input->items[i].node, out);
        else
            for (child = input->items[i].node->first; status == STATUS_OK && child != NULL;
                 child = child->next)
                status = deid_path_add_node(evaluation, out, child);
    }
    return status;
}

static enum status one_text(struct deid_path_evaluation *evaluation, const struct deid_path *path,
                            const struct deid_path_values *focus, struct slice *text)
{
    struct deid_path_values values = { 0 };
    enum status status = deid_path_run(evaluation, path, focus, &values);

    *text = SLICE("");
    if (status != STATUS_OK)
        return status;
    if (values.count != 1)
        return error_set(evaluation->err, STATUS_INVALID_ARGUMENT, "an argument that is no text");
    values.items[0] = deid_path_value_plain(evaluation->types, &values.items[0]);
    *text = values.items[0].text;
    return STATUS_OK;
}

/* The type by the name that FHIR gives it: a group of elements has none of its own. */
static struct slice type_said(const struct deid_fhir_types *types, uint16_t type)
{
    while (slice_find_byte(types->types[type].name, '.') < types->types[type].name.size)
        type = types->types[type].base;
    return types->types[type].name;
}

/* nodesByType('date'), nodesByName('x'): the exact type, anywhere under the resource. */
static enum status call_nodes_by(struct deid_path_evaluation *evaluation,
                                 const struct deid_path *path, const struct deid_path_values *input,
                                 struct deid_path_values *out)
{
    struct deid_path_values all = { 0 };
    struct slice wanted;
    enum status status = one_text(evaluation, path->arguments[0], input, &wanted);

    for (unsigned i = 0; status == STATUS_OK && i < input->count; i++)
        if (input->items[i].kind == DEID_PATH_NODE) {
            if (input->items[i].node->parent != NULL)
                status = deid_path_add_node(evaluation, &all, input->items[i].node);
            if (status == STATUS_OK)
                status = add_descendants(evaluation, input->items[i].node, &all);
        }
    for (unsigned i = 0; status == STATUS_OK && i < all.count; i++) {
        const struct deid_node *node = all.items[i].node;
        struct slice own = path->function == DEID_FN_NODES_BY_TYPE
                               ? type_said(evaluation->types, node->type)
                               : node->name;

        if (slice_equal(own, wanted))
            status = deid_path_add(evaluation, out, all.items[i]);
    }
    return status;
}

bool deid_path_is_true(const struct deid_fhir_types *types, const struct deid_path_values *values)
{
    struct deid_path_value plain;

    if (values->count != 1)
        return false;
    plain = deid_path_value_plain(types, &values->items[0]);
    return plain.kind != DEID_PATH_BOOLEAN || plain.boolean;
}

static enum status holds_for(struct deid_path_evaluation *evaluation, const struct deid_path *path,
                             const struct deid_path_value *value, bool *holds)
{
    struct deid_path_values one = { 0 }, result = { 0 };
    enum status status = deid_path_add(evaluation, &one, *value);

    if (status == STATUS_OK)
        status = deid_path_run(evaluation, path, &one, &result);
    *holds = status == STATUS_OK && deid_path_is_true(evaluation->types, &result);
    return status;
}

/* where, exists(x), all, any, and select: the argument is evaluated for each. */
static enum status call_each(struct deid_path_evaluation *evaluation, const struct deid_path *path,
                             const struct deid_path_values *input, struct deid_path_values *out)
{
    bool all = true, any = false;
    enum status status = STATUS_OK;

    for (unsigned i = 0; status == STATUS_OK && i < input->count; i++) {
        struct deid_path_values one = { 0 };
        bool holds = false;

        if (path->function == DEID_FN_SELECT) {
            status = deid_path_add(evaluation, &one, input->items[i]);
            if (status == STATUS_OK)
                status = deid_path_run(evaluation, path->arguments[0], &one, out);
            continue;
        }
        status = holds_for(evaluation, path->arguments[0], &input->items[i], &holds);
        all &= holds;
        any |= holds;
        if (status == STATUS_OK && holds && path->function == DEID_FN_WHERE)
            status = deid_path_add(evaluation, out, input->items[i]);
    }
    if (status != STATUS_OK || path->function == DEID_FN_WHERE || path->function == DEID_FN_SELECT)
        return status;
    return deid_path_add_boolean(evaluation, out, path->function == DEID_FN_ALL ? all : any);
}

enum status deid_path_one_number(struct deid_path_evaluation *evaluation,
                                 const struct deid_path *path, const struct deid_path_values *focus,
                                 long *number)
{
    struct deid_path_values values = { 0 };
    struct deid_path_value plain;
    enum status status = deid_path_run(evaluation, path, focus, &values);

    if (status != STATUS_OK)
        return status;
    if (values.count == 1) {
        plain = deid_path_value_plain(evaluation->types, &values.items[0]);
        *number = (long)plain.number;
        if (plain.kind == DEID_PATH_NUMBER && plain.number >= -1e9 && plain.number <= 1e9)
            return STATUS_OK;
    }
    return error_set(evaluation->err, STATUS_INVALID_ARGUMENT, "an argument that is no number");
}

enum status deid_path_add_range(struct deid_path_evaluation *evaluation,
                                const struct deid_path_values *input, long from, long to,
                                struct deid_path_values *out)
{
    enum status status = STATUS_OK;

    for (long i = from < 0 ? 0 : from; status == STATUS_OK && i < to && i < (long)input->count; i++)
        status = deid_path_add(evaluation, out, input->items[i]);
    return status;
}

static enum status call_subset(struct deid_path_evaluation *evaluation,
                               const struct deid_path *path, const struct deid_path_values *input,
                               struct deid_path_values *out)
{
    long number = 0, count = (long)input->count;
    enum status status = STATUS_OK;

    switch (path->function) {
    case DEID_FN_FIRST:
        return deid_path_add_range(evaluation, input, 0, 1, out);
    case DEID_FN_LAST:
        return deid_path_add_range(evaluation, input, count - 1, count, out);
    case DEID_FN_TAIL:
        return deid_path_add_range(evaluation, input, 1, count, out);
    default:
        status = deid_path_one_number(evaluation, path->arguments[0], input, &number);
        if (status != STATUS_OK)
            return status;
        return path->function == DEID_FN_SKIP
                   ? deid_path_add_range(evaluation, input, number, count, out)
                   : deid_path_add_range(evaluation, input, 0, number, out);
    }
}

/* The argument is a type by its name: ofType(Quantity). */
enum status deid_path_call_type(struct deid_path_evaluation *evaluation,
                                const struct deid_path *path, struct slice name, bool is_test,
                                const struct deid_path_values *input, struct deid_path_values *out)
{
    enum status status = STATUS_OK;

    (void)path;
    for (unsigned i = 0; status == STATUS_OK && i < input->count; i++) {
        bool is = deid_path_type_is(evaluation, &input->items[i], name);

        if (is_test)
            status = deid_path_add_boolean(evaluation, out, is);
        else if (is)
            status = deid_path_add(evaluation, out, input->items[i]);
    }
    return status;
}

static enum status call_extension(struct deid_path_evaluation *evaluation,
                                  const struct deid_path *path,
                                  const struct deid_path_values *input,
                                  struct deid_path_values *out)
{
    struct slice wanted;
    enum status status = one_text(evaluation, path->arguments[0], input, &wanted);

    for (unsigned i = 0; status == STATUS_OK && i < input->count; i++) {
        struct deid_node *child, *url;

        if (input->items[i].kind != DEID_PATH_NODE)
            continue;
        for (child = input->items[i].node->first; status == STATUS_OK && child != NULL;
             child = child->next)
            for (url = slice_is(child->name, "extension") ? child->first : NULL;
                 status == STATUS_OK && url != NULL; url = url->next)
                if (slice_is(url->name, "url") && slice_equal(url->text, wanted))
                    status = deid_path_add_node(evaluation, out, child);
    }
    return status;
}

static enum status call_iif(struct deid_path_evaluation *evaluation, const struct deid_path *path,
                            const struct deid_path_values *input, struct deid_path_values *out)
{
    struct deid_path_values test = { 0 };
    enum status status = deid_path_run(evaluation, path->arguments[0], input, &test);

    if (status != STATUS_OK)
        return status;
    if (deid_path_is_true(evaluation->types, &test))
        return deid_path_run(evaluation, path->arguments[1], input, out);
    return path->arguments_count < 3 ? STATUS_OK
                                     : deid_path_run(evaluation, path->arguments[2], input, out);
}

static size_t find(struct slice text, struct slice part)
{
    const char *hit =
        part.size == 0 ? text.data : memmem(text.data, text.size, part.data, part.size);

    return hit == NULL ? text.size + 1 : (size_t)(hit - text.data);
}

static enum status text_replace(struct deid_path_evaluation *evaluation, struct slice text,
                                struct slice what, struct slice with, struct deid_path_values *out)
{
    struct buffer result;
    size_t at = 0, hit;

    buffer_init(&result, evaluation->arena);
    buffer_reserve(&result, text.size + 1);
    while (what.size > 0 && (hit = find(slice_cut(text, at, text.size), what)) <= text.size - at) {
        buffer_put(&result, slice_cut(text, at, at + hit));
        buffer_put(&result, with);
        at += hit + what.size;
    }
    buffer_put(&result, slice_cut(text, at, text.size));
    return result.is_full ? deid_path_no_room(evaluation)
                          : deid_path_add_text(evaluation, out, buffer_slice(&result));
}

static enum status text_cased(struct deid_path_evaluation *evaluation, struct slice text,
                              bool is_upper, struct deid_path_values *out)
{
    struct slice copy = arena_copy(evaluation->arena, text);
    char *bytes = (char *)copy.data;

    if (bytes == NULL)
        return deid_path_no_room(evaluation);
    for (size_t i = 0; i < copy.size; i++)
        if (is_upper ? bytes[i] >= 'a' && bytes[i] <= 'z' : bytes[i] >= 'A' && bytes[i] <= 'Z')
            bytes[i] ^= 32;
    return deid_path_add_text(evaluation, out, copy);
}

static enum status text_substring(struct deid_path_evaluation *evaluation,
                                  const struct deid_path *path,
                                  const struct deid_path_values *input, struct slice text,
                                  struct deid_path_values *out)
{
    long from = 0, count = (long)text.size;
    enum status status = deid_path_one_number(evaluation, path->arguments[0], input, &from);

    if (status == STATUS_OK && path->arguments_count == 2)
        status = deid_path_one_number(evaluation, path->arguments[1], input, &count);
    if (status != STATUS_OK || from < 0 || from >= (long)text.size)
        return status;
    count = count < 0 ? 0 : count > (long)text.size ? (long)text.size : count;
    return deid_path_add_text(evaluation, out,
                              slice_cut(text, (size_t)from, (size_t)(from + count)));
}

/* The functions of one text. */
static enum status call_text(struct deid_path_evaluation *evaluation, const struct deid_path *path,
                             const struct deid_path_values *input, struct deid_path_values *out)
{
    struct deid_path_value value;
    struct slice text, first = SLICE(""), second = SLICE("");
    enum status status = STATUS_OK;

    if (input->count == 0)
        return STATUS_OK;
    if (input->count > 1)
        return error_set(evaluation->err, STATUS_INVALID_ARGUMENT,
                         "a function of one text over %u values", input->count);
    value = deid_path_value_plain(evaluation->types, &input->items[0]);
    text = value.text;
    if (path->arguments_count > 0 && path->function != DEID_FN_SUBSTRING)
        status = one_text(evaluation, path->arguments[0], input, &first);
    if (status == STATUS_OK && path->arguments_count > 1 && path->function != DEID_FN_SUBSTRING)
        status = one_text(evaluation, path->arguments[1], input, &second);
    if (status != STATUS_OK)
        return status;
    switch (path->function) {
    case DEID_FN_STARTS_WITH:
        return deid_path_add_boolean(evaluation, out, slice_starts_with(text, first));
    case DEID_FN_ENDS_WITH:
        return deid_path_add_boolean(evaluation, out, slice_ends_with(text, first));
    case DEID_FN_CONTAINS:
        return deid_path_add_boolean(evaluation, out, find(text, first) <= text.size);
    case DEID_FN_INDEX_OF:
        return deid_path_add_number(
            evaluation, out, find(text, first) <= text.size ? (double)find(text, first) : -1);
    case DEID_FN_SUBSTRING:
        return text_substring(evaluation, path, input, text, out);
    case DEID_FN_REPLACE:
        return text_replace(evaluation, text, first, second, out);
    case DEID_FN_LENGTH:
        return deid_path_add_number(evaluation, out, (double)text.size);
    case DEID_FN_UPPER:
    case DEID_FN_LOWER:
        return text_cased(evaluation, text, path->function == DEID_FN_UPPER, out);
    case DEID_FN_TO_STRING:
        return deid_path_add_text(
            evaluation, out,
            value.kind == DEID_PATH_BOOLEAN ? slice_from(value.boolean ? "true" : "false") : text);
    default:
        value = deid_path_value_number(&value);
        return value.kind == DEID_PATH_NUMBER ? deid_path_add(evaluation, out, value) : STATUS_OK;
    }
}

static enum status call_not(struct deid_path_evaluation *evaluation,
                            const struct deid_path_values *input, struct deid_path_values *out)
{
    return input->count == 0 ? STATUS_OK
                             : deid_path_add_boolean(evaluation, out,
                                                     !deid_path_is_true(evaluation->types, input));
}

enum status deid_path_call(struct deid_path_evaluation *evaluation, const struct deid_path *path,
                           const struct deid_path_values *focus, struct deid_path_values *out)
{
    struct deid_path_values input = *focus;
    enum status status = STATUS_OK;

    if (path->left != NULL) {
        input = (struct deid_path_values){ 0 };
        status = deid_path_run(evaluation, path->left, focus, &input);
    }
    if (status != STATUS_OK)
        return status;
    switch (path->function) {
    case DEID_FN_EXISTS:
    case DEID_FN_ANY:
        return path->arguments_count == 0 ? deid_path_add_boolean(evaluation, out, input.count > 0)
                                          : call_each(evaluation, path, &input, out);
    case DEID_FN_EMPTY:
        return deid_path_add_boolean(evaluation, out, input.count == 0);
    case DEID_FN_NOT:
        return call_not(evaluation, &input, out);
    case DEID_FN_WHERE:
    case DEID_FN_SELECT:
    case DEID_FN_ALL:
        return call_each(evaluation, path, &input, out);
    case DEID_FN_COUNT:
        return deid_path_add_number(evaluation, out, input.count);
    case DEID_FN_FIRST:
    case DEID_FN_LAST:
    case DEID_FN_TAIL:
    case DEID_FN_SKIP:
    case DEID_FN_TAKE:
        return call_subset(evaluation, path, &input, out);
    case DEID_FN_OF_TYPE:
    case DEID_FN_IS:
        return deid_path_call_type(evaluation, path, path->arguments[0]->text,
                                   path->function == DEID_FN_IS, &input, out);
    case DEID_FN_CHILDREN:
    case DEID_FN_DESCENDANTS:
        return call_nodes(evaluation, path, &input, out);
    case DEID_FN_NODES_BY_TYPE:
    case DEID_FN_NODES_BY_NAME:
        return call_nodes_by(evaluation, path, &input, out);
    case DEID_FN_EXTENSION:
        return call_extension(evaluation, path, &input, out);
    case DEID_FN_HAS_VALUE:
        return deid_path_add_boolean(evaluation, out,
                                     input.count == 1 && input.items[0].kind == DEID_PATH_NODE
                                         && input.items[0].node->kind != JSON_KIND_NULL);
    case DEID_FN_IIF:
        return call_iif(evaluation, path, &input, out);
    default:
        return call_text(evaluation, path, &input, out);
    }
}

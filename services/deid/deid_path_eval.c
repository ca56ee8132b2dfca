/* Every expression gives a collection; one value is a collection of one, nothing is an empty one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "deid_path_compare.h"
#include "deid_path_tree.h"

struct evaluation {
    const struct deid_fhir_types *types;
    struct arena *arena;
    struct error *err;
    unsigned steps; /* nodes and values looked at */
};

static enum status evaluate(struct evaluation *evaluation, const struct deid_path *path,
                            const struct deid_path_values *focus, struct deid_path_values *out);

static enum status no_room(struct evaluation *evaluation)
{
    return error_set(evaluation->err, STATUS_RESOURCE_EXHAUSTED, "no room to evaluate a path");
}

static enum status add(struct evaluation *evaluation, struct deid_path_values *values,
                       struct deid_path_value value)
{
    if (++evaluation->steps > DEID_PATH_VALUES_MAX)
        return no_room(evaluation);
    if (values->count == values->capacity) {
        unsigned capacity = values->capacity == 0 ? 4 : values->capacity * 2;
        struct deid_path_value *items = arena_alloc(evaluation->arena, capacity * sizeof(*items));

        if (items == NULL)
            return no_room(evaluation);
        if (values->count > 0)
            memcpy(items, values->items, values->count * sizeof(*items));
        values->items = items;
        values->capacity = capacity;
    }
    values->items[values->count++] = value;
    return STATUS_OK;
}

static enum status add_node(struct evaluation *evaluation, struct deid_path_values *values,
                            struct deid_node *node)
{
    return add(evaluation, values,
               (struct deid_path_value){ .kind = DEID_PATH_NODE, .node = node });
}

static enum status add_boolean(struct evaluation *evaluation, struct deid_path_values *values,
                               bool boolean)
{
    return add(evaluation, values,
               (struct deid_path_value){ .kind = DEID_PATH_BOOLEAN, .boolean = boolean });
}

static enum status add_number(struct evaluation *evaluation, struct deid_path_values *values,
                              double number)
{
    char *text = arena_format(evaluation->arena, "%.15g", number);

    if (text == NULL)
        return no_room(evaluation);
    return add(evaluation, values,
               (struct deid_path_value){
                   .kind = DEID_PATH_NUMBER, .number = number, .text = slice_from(text) });
}

static enum status add_text(struct evaluation *evaluation, struct deid_path_values *values,
                            struct slice text)
{
    return add(evaluation, values,
               (struct deid_path_value){ .kind = DEID_PATH_STRING, .text = text });
}

static bool type_is(struct evaluation *evaluation, const struct deid_path_value *value,
                    struct slice name)
{
    static const char *const kinds[] = { "", "String", "Decimal", "Boolean", "Date" };
    uint16_t type = deid_fhir_type_find(evaluation->types, name);

    if (value->kind != DEID_PATH_NODE)
        return slice_is(name, kinds[value->kind]);
    return deid_fhir_type_is(evaluation->types, value->node->type, type);
}

/* The children of that name; at the start of a path also the node itself by its type. */
static enum status evaluate_member(struct evaluation *evaluation, const struct deid_path *path,
                                   const struct deid_path_values *focus,
                                   struct deid_path_values *out)
{
    enum status status = STATUS_OK;

    for (unsigned i = 0; status == STATUS_OK && i < focus->count; i++) {
        struct deid_node *child;

        if (focus->items[i].kind != DEID_PATH_NODE)
            continue;
        if (path->left == NULL && type_is(evaluation, &focus->items[i], path->text)) {
            status = add_node(evaluation, out, focus->items[i].node);
            continue;
        }
        for (child = focus->items[i].node->first; status == STATUS_OK && child != NULL;
             child = child->next)
            if (slice_equal(child->name, path->text))
                status = add_node(evaluation, out, child);
    }
    return status;
}

/* What is under @node, and not under a resource that it holds. */
static enum status add_descendants(struct evaluation *evaluation, struct deid_node *node,
                                   struct deid_path_values *out)
{
    struct deid_node *child;
    enum status status = STATUS_OK;

    for (child = node->first; status == STATUS_OK && child != NULL; child = child->next) {
        status = add_node(evaluation, out, child);
        if (status == STATUS_OK && !deid_node_is_resource(evaluation->types, child))
            status = add_descendants(evaluation, child, out);
    }
    return status;
}

static enum status call_nodes(struct evaluation *evaluation, const struct deid_path *path,
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
                status = add_node(evaluation, out, child);
    }
    return status;
}

static enum status one_text(struct evaluation *evaluation, const struct deid_path *path,
                            const struct deid_path_values *focus, struct slice *text)
{
    struct deid_path_values values = { 0 };
    enum status status = evaluate(evaluation, path, focus, &values);

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
static enum status call_nodes_by(struct evaluation *evaluation, const struct deid_path *path,
                                 const struct deid_path_values *input, struct deid_path_values *out)
{
    struct deid_path_values all = { 0 };
    struct slice wanted;
    enum status status = one_text(evaluation, path->arguments[0], input, &wanted);

    for (unsigned i = 0; status == STATUS_OK && i < input->count; i++)
        if (input->items[i].kind == DEID_PATH_NODE) {
            if (input->items[i].node->parent != NULL)
                status = add_node(evaluation, &all, input->items[i].node);
            if (status == STATUS_OK)
                status = add_descendants(evaluation, input->items[i].node, &all);
        }
    for (unsigned i = 0; status == STATUS_OK && i < all.count; i++) {
        const struct deid_node *node = all.items[i].node;
        struct slice own = path->function == DEID_FN_NODES_BY_TYPE
                               ? type_said(evaluation->types, node->type)
                               : node->name;

        if (slice_equal(own, wanted))
            status = add(evaluation, out, all.items[i]);
    }
    return status;
}

static bool is_one_true(const struct deid_fhir_types *types, const struct deid_path_values *values)
{
    struct deid_path_value plain;

    if (values->count != 1)
        return false;
    plain = deid_path_value_plain(types, &values->items[0]);
    return plain.kind != DEID_PATH_BOOLEAN || plain.boolean;
}

static enum status holds_for(struct evaluation *evaluation, const struct deid_path *path,
                             const struct deid_path_value *value, bool *holds)
{
    struct deid_path_values one = { 0 }, result = { 0 };
    enum status status = add(evaluation, &one, *value);

    if (status == STATUS_OK)
        status = evaluate(evaluation, path, &one, &result);
    *holds = status == STATUS_OK && is_one_true(evaluation->types, &result);
    return status;
}

/* where, exists(x), all, any, and select: the argument is evaluated for each. */
static enum status call_each(struct evaluation *evaluation, const struct deid_path *path,
                             const struct deid_path_values *input, struct deid_path_values *out)
{
    bool all = true, any = false;
    enum status status = STATUS_OK;

    for (unsigned i = 0; status == STATUS_OK && i < input->count; i++) {
        struct deid_path_values one = { 0 };
        bool holds = false;

        if (path->function == DEID_FN_SELECT) {
            status = add(evaluation, &one, input->items[i]);
            if (status == STATUS_OK)
                status = evaluate(evaluation, path->arguments[0], &one, out);
            continue;
        }
        status = holds_for(evaluation, path->arguments[0], &input->items[i], &holds);
        all &= holds;
        any |= holds;
        if (status == STATUS_OK && holds && path->function == DEID_FN_WHERE)
            status = add(evaluation, out, input->items[i]);
    }
    if (status != STATUS_OK || path->function == DEID_FN_WHERE || path->function == DEID_FN_SELECT)
        return status;
    return add_boolean(evaluation, out, path->function == DEID_FN_ALL ? all : any);
}

static enum status one_number(struct evaluation *evaluation, const struct deid_path *path,
                              const struct deid_path_values *focus, long *number)
{
    struct deid_path_values values = { 0 };
    struct deid_path_value plain;
    enum status status = evaluate(evaluation, path, focus, &values);

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

static enum status add_range(struct evaluation *evaluation, const struct deid_path_values *input,
                             long from, long to, struct deid_path_values *out)
{
    enum status status = STATUS_OK;

    for (long i = from < 0 ? 0 : from; status == STATUS_OK && i < to && i < (long)input->count; i++)
        status = add(evaluation, out, input->items[i]);
    return status;
}

static enum status call_subset(struct evaluation *evaluation, const struct deid_path *path,
                               const struct deid_path_values *input, struct deid_path_values *out)
{
    long number = 0, count = (long)input->count;
    enum status status = STATUS_OK;

    switch (path->function) {
    case DEID_FN_FIRST:
        return add_range(evaluation, input, 0, 1, out);
    case DEID_FN_LAST:
        return add_range(evaluation, input, count - 1, count, out);
    case DEID_FN_TAIL:
        return add_range(evaluation, input, 1, count, out);
    default:
        status = one_number(evaluation, path->arguments[0], input, &number);
        if (status != STATUS_OK)
            return status;
        return path->function == DEID_FN_SKIP ? add_range(evaluation, input, number, count, out)
                                              : add_range(evaluation, input, 0, number, out);
    }
}

/* The argument is a type by its name: ofType(Quantity). */
static enum status call_type(struct evaluation *evaluation, const struct deid_path *path,
                             struct slice name, bool is_test, const struct deid_path_values *input,
                             struct deid_path_values *out)
{
    enum status status = STATUS_OK;

    (void)path;
    for (unsigned i = 0; status == STATUS_OK && i < input->count; i++) {
        bool is = type_is(evaluation, &input->items[i], name);

        if (is_test)
            status = add_boolean(evaluation, out, is);
        else if (is)
            status = add(evaluation, out, input->items[i]);
    }
    return status;
}

static enum status call_extension(struct evaluation *evaluation, const struct deid_path *path,
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
                    status = add_node(evaluation, out, child);
    }
    return status;
}

static enum status call_iif(struct evaluation *evaluation, const struct deid_path *path,
                            const struct deid_path_values *input, struct deid_path_values *out)
{
    struct deid_path_values test = { 0 };
    enum status status = evaluate(evaluation, path->arguments[0], input, &test);

    if (status != STATUS_OK)
        return status;
    if (is_one_true(evaluation->types, &test))
        return evaluate(evaluation, path->arguments[1], input, out);
    return path->arguments_count < 3 ? STATUS_OK
                                     : evaluate(evaluation, path->arguments[2], input, out);
}

static size_t find(struct slice text, struct slice part)
{
    const char *hit =
        part.size == 0 ? text.data : memmem(text.data, text.size, part.data, part.size);

    return hit == NULL ? text.size + 1 : (size_t)(hit - text.data);
}

static enum status text_replace(struct evaluation *evaluation, struct slice text, struct slice what,
                                struct slice with, struct deid_path_values *out)
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
    return result.is_full ? no_room(evaluation) : add_text(evaluation, out, buffer_slice(&result));
}

static enum status text_cased(struct evaluation *evaluation, struct slice text, bool is_upper,
                              struct deid_path_values *out)
{
    struct slice copy = arena_copy(evaluation->arena, text);
    char *bytes = (char *)copy.data;

    if (bytes == NULL)
        return no_room(evaluation);
    for (size_t i = 0; i < copy.size; i++)
        if (is_upper ? bytes[i] >= 'a' && bytes[i] <= 'z' : bytes[i] >= 'A' && bytes[i] <= 'Z')
            bytes[i] ^= 32;
    return add_text(evaluation, out, copy);
}

static enum status text_substring(struct evaluation *evaluation, const struct deid_path *path,
                                  const struct deid_path_values *input, struct slice text,
                                  struct deid_path_values *out)
{
    long from = 0, count = (long)text.size;
    enum status status = one_number(evaluation, path->arguments[0], input, &from);

    if (status == STATUS_OK && path->arguments_count == 2)
        status = one_number(evaluation, path->arguments[1], input, &count);
    if (status != STATUS_OK || from < 0 || from >= (long)text.size)
        return status;
    count = count < 0 ? 0 : count;
    return add_text(evaluation, out, slice_cut(text, (size_t)from, (size_t)(from + count)));
}

/* The functions of one text. */
static enum status call_text(struct evaluation *evaluation, const struct deid_path *path,
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
        return add_boolean(evaluation, out, slice_starts_with(text, first));
    case DEID_FN_ENDS_WITH:
        return add_boolean(evaluation, out, slice_ends_with(text, first));
    case DEID_FN_CONTAINS:
        return add_boolean(evaluation, out, find(text, first) <= text.size);
    case DEID_FN_INDEX_OF:
        return add_number(evaluation, out,
                          find(text, first) <= text.size ? (double)find(text, first) : -1);
    case DEID_FN_SUBSTRING:
        return text_substring(evaluation, path, input, text, out);
    case DEID_FN_REPLACE:
        return text_replace(evaluation, text, first, second, out);
    case DEID_FN_LENGTH:
        return add_number(evaluation, out, (double)text.size);
    case DEID_FN_UPPER:
    case DEID_FN_LOWER:
        return text_cased(evaluation, text, path->function == DEID_FN_UPPER, out);
    case DEID_FN_TO_STRING:
        return add_text(
            evaluation, out,
            value.kind == DEID_PATH_BOOLEAN ? slice_from(value.boolean ? "true" : "false") : text);
    default:
        value = deid_path_value_number(&value);
        return value.kind == DEID_PATH_NUMBER ? add(evaluation, out, value) : STATUS_OK;
    }
}

static enum status call_not(struct evaluation *evaluation, const struct deid_path_values *input,
                            struct deid_path_values *out)
{
    return input->count == 0 ? STATUS_OK
                             : add_boolean(evaluation, out, !is_one_true(evaluation->types, input));
}

static enum status evaluate_call(struct evaluation *evaluation, const struct deid_path *path,
                                 const struct deid_path_values *focus, struct deid_path_values *out)
{
    struct deid_path_values input = *focus;
    enum status status = STATUS_OK;

    if (path->left != NULL) {
        input = (struct deid_path_values){ 0 };
        status = evaluate(evaluation, path->left, focus, &input);
    }
    if (status != STATUS_OK)
        return status;
    switch (path->function) {
    case DEID_FN_EXISTS:
    case DEID_FN_ANY:
        return path->arguments_count == 0 ? add_boolean(evaluation, out, input.count > 0)
                                          : call_each(evaluation, path, &input, out);
    case DEID_FN_EMPTY:
        return add_boolean(evaluation, out, input.count == 0);
    case DEID_FN_NOT:
        return call_not(evaluation, &input, out);
    case DEID_FN_WHERE:
    case DEID_FN_SELECT:
    case DEID_FN_ALL:
        return call_each(evaluation, path, &input, out);
    case DEID_FN_COUNT:
        return add_number(evaluation, out, input.count);
    case DEID_FN_FIRST:
    case DEID_FN_LAST:
    case DEID_FN_TAIL:
    case DEID_FN_SKIP:
    case DEID_FN_TAKE:
        return call_subset(evaluation, path, &input, out);
    case DEID_FN_OF_TYPE:
    case DEID_FN_IS:
        return call_type(evaluation, path, path->arguments[0]->text, path->function == DEID_FN_IS,
                         &input, out);
    case DEID_FN_CHILDREN:
    case DEID_FN_DESCENDANTS:
        return call_nodes(evaluation, path, &input, out);
    case DEID_FN_NODES_BY_TYPE:
    case DEID_FN_NODES_BY_NAME:
        return call_nodes_by(evaluation, path, &input, out);
    case DEID_FN_EXTENSION:
        return call_extension(evaluation, path, &input, out);
    case DEID_FN_HAS_VALUE:
        return add_boolean(evaluation, out,
                           input.count == 1 && input.items[0].kind == DEID_PATH_NODE
                               && input.items[0].node->kind != JSON_KIND_NULL);
    case DEID_FN_IIF:
        return call_iif(evaluation, path, &input, out);
    default:
        return call_text(evaluation, path, &input, out);
    }
}

/* Three-valued: 1, 0, and -1 for nothing. */
static int truth(const struct deid_fhir_types *types, const struct deid_path_values *values)
{
    return values->count == 0 ? -1 : is_one_true(types, values);
}

static enum status evaluate_logic(struct evaluation *evaluation, enum deid_path_op op,
                                  const struct deid_path_values *left,
                                  const struct deid_path_values *right,
                                  struct deid_path_values *out)
{
    int a = truth(evaluation->types, left), b = truth(evaluation->types, right), result = -1;

    if (op == DEID_OP_AND)
        result = a == 0 || b == 0 ? 0 : a == 1 && b == 1 ? 1 : -1;
    else if (op == DEID_OP_OR)
        result = a == 1 || b == 1 ? 1 : a == 0 && b == 0 ? 0 : -1;
    else if (op == DEID_OP_XOR)
        result = a < 0 || b < 0 ? -1 : a != b;
    else
        result = a == 0 || b == 1 ? 1 : a == 1 && b == 0 ? 0 : -1;
    return result < 0 ? STATUS_OK : add_boolean(evaluation, out, result);
}

static enum status evaluate_in(struct evaluation *evaluation, const struct deid_path_values *item,
                               const struct deid_path_values *list, struct deid_path_values *out)
{
    if (item->count == 0)
        return STATUS_OK;
    for (unsigned i = 0; i < list->count; i++)
        if (deid_path_value_equal(evaluation->types, &item->items[0], &list->items[i]))
            return add_boolean(evaluation, out, true);
    return add_boolean(evaluation, out, false);
}

static enum status evaluate_equal(struct evaluation *evaluation,
                                  const struct deid_path_values *left,
                                  const struct deid_path_values *right, bool is_not,
                                  struct deid_path_values *out)
{
    bool is_equal = left->count == right->count;

    if (left->count == 0 || right->count == 0)
        return STATUS_OK;
    for (unsigned i = 0; is_equal && i < left->count; i++)
        is_equal = deid_path_value_equal(evaluation->types, &left->items[i], &right->items[i]);
    return add_boolean(evaluation, out, is_equal != is_not);
}

static enum status evaluate_order(struct evaluation *evaluation, enum deid_path_op op,
                                  const struct deid_path_values *left,
                                  const struct deid_path_values *right,
                                  struct deid_path_values *out)
{
    int order = 0;
    bool is_known = false;
    enum status status;

    if (left->count == 0 || right->count == 0)
        return STATUS_OK;
    status = deid_path_value_order(evaluation->types, &left->items[0], &right->items[0], &order,
                                   &is_known, evaluation->err);
    if (status != STATUS_OK || !is_known)
        return status;
    return add_boolean(evaluation, out,
                       op == DEID_OP_LESS         ? order < 0
                       : op == DEID_OP_LESS_EQUAL ? order <= 0
                       : op == DEID_OP_GREATER    ? order > 0
                                                  : order >= 0);
}

static enum status evaluate_sum(struct evaluation *evaluation, enum deid_path_op op,
                                const struct deid_path_values *left,
                                const struct deid_path_values *right, struct deid_path_values *out)
{
    struct deid_path_value a = { 0 }, b = { 0 };
    struct buffer text;

    if (op != DEID_OP_JOIN && (left->count == 0 || right->count == 0))
        return STATUS_OK;
    if (left->count > 0)
        a = deid_path_value_plain(evaluation->types, &left->items[0]);
    if (right->count > 0)
        b = deid_path_value_plain(evaluation->types, &right->items[0]);
    if (op != DEID_OP_JOIN && a.kind == DEID_PATH_NUMBER && b.kind == DEID_PATH_NUMBER) {
        if (op == DEID_OP_DIVIDE && b.number == 0)
            return STATUS_OK;
        return add_number(evaluation, out,
                          op == DEID_OP_PLUS    ? a.number + b.number
                          : op == DEID_OP_MINUS ? a.number - b.number
                          : op == DEID_OP_TIMES ? a.number * b.number
                                                : a.number / b.number);
    }
    if (op != DEID_OP_PLUS && op != DEID_OP_JOIN)
        return error_set(evaluation->err, STATUS_INVALID_ARGUMENT, "arithmetic with a text");
    buffer_init(&text, evaluation->arena);
    buffer_reserve(&text, a.text.size + b.text.size + 1);
    buffer_put(&text, a.text);
    buffer_put(&text, b.text);
    return text.is_full ? no_room(evaluation) : add_text(evaluation, out, buffer_slice(&text));
}

static enum status evaluate_union(struct evaluation *evaluation,
                                  const struct deid_path_values *left,
                                  const struct deid_path_values *right,
                                  struct deid_path_values *out)
{
    const struct deid_path_values *const sides[] = { left, right };
    enum status status = STATUS_OK;

    for (unsigned side = 0; side < 2; side++)
        for (unsigned i = 0; status == STATUS_OK && i < sides[side]->count; i++)
            status = add(evaluation, out, sides[side]->items[i]);
    return status;
}

static enum status evaluate_binary(struct evaluation *evaluation, const struct deid_path *path,
                                   const struct deid_path_values *focus,
                                   struct deid_path_values *out)
{
    struct deid_path_values left = { 0 }, right = { 0 };
    enum status status = evaluate(evaluation, path->left, focus, &left);

    if (status == STATUS_OK && path->right != NULL)
        status = evaluate(evaluation, path->right, focus, &right);
    if (status != STATUS_OK)
        return status;
    switch (path->op) {
    case DEID_OP_IMPLIES:
    case DEID_OP_OR:
    case DEID_OP_XOR:
    case DEID_OP_AND:
        return evaluate_logic(evaluation, path->op, &left, &right, out);
    case DEID_OP_IN:
        return evaluate_in(evaluation, &left, &right, out);
    case DEID_OP_CONTAINS:
        return evaluate_in(evaluation, &right, &left, out);
    case DEID_OP_EQUAL:
    case DEID_OP_ALIKE:
        return evaluate_equal(evaluation, &left, &right, false, out);
    case DEID_OP_NOT_EQUAL:
    case DEID_OP_NOT_ALIKE:
        return evaluate_equal(evaluation, &left, &right, true, out);
    case DEID_OP_UNION:
        return evaluate_union(evaluation, &left, &right, out);
    case DEID_OP_IS:
    case DEID_OP_AS:
        return call_type(evaluation, path, path->text, path->op == DEID_OP_IS, &left, out);
    case DEID_OP_LESS:
    case DEID_OP_LESS_EQUAL:
    case DEID_OP_GREATER:
    case DEID_OP_GREATER_EQUAL:
        return evaluate_order(evaluation, path->op, &left, &right, out);
    default:
        return evaluate_sum(evaluation, path->op, &left, &right, out);
    }
}

static enum status evaluate_index(struct evaluation *evaluation, const struct deid_path *path,
                                  const struct deid_path_values *focus,
                                  struct deid_path_values *out)
{
    struct deid_path_values input = { 0 };
    long index = 0;
    enum status status = evaluate(evaluation, path->left, focus, &input);

    if (status == STATUS_OK)
        status = one_number(evaluation, path->right, focus, &index);
    return status != STATUS_OK || index < 0 ? status
                                            : add_range(evaluation, &input, index, index + 1, out);
}

static enum status evaluate(struct evaluation *evaluation, const struct deid_path *path,
                            const struct deid_path_values *focus, struct deid_path_values *out)
{
    struct deid_path_values input = { 0 };
    enum status status;

    switch (path->op) {
    case DEID_OP_THIS:
        return add_range(evaluation, focus, 0, (long)focus->count, out);
    case DEID_OP_EMPTY:
        return STATUS_OK;
    case DEID_OP_LITERAL:
        return add(evaluation, out, path->value);
    case DEID_OP_MEMBER:
        if (path->left == NULL)
            return evaluate_member(evaluation, path, focus, out);
        status = evaluate(evaluation, path->left, focus, &input);
        return status == STATUS_OK ? evaluate_member(evaluation, path, &input, out) : status;
    case DEID_OP_CALL:
        return evaluate_call(evaluation, path, focus, out);
    case DEID_OP_INDEX:
        return evaluate_index(evaluation, path, focus, out);
    default:
        return evaluate_binary(evaluation, path, focus, out);
    }
}

enum status deid_path_evaluate(const struct deid_path *path, const struct deid_fhir_types *types,
                               struct deid_node *focus, struct arena *arena,
                               struct deid_path_values *values, struct error *err)
{
    struct evaluation evaluation = { types, arena, err, 0 };
    struct deid_path_values start = { 0 };
    enum status status = add_node(&evaluation, &start, focus);

    *values = (struct deid_path_values){ .arena = arena };
    return status == STATUS_OK ? evaluate(&evaluation, path, &start, values) : status;
}

enum status deid_path_holds(const struct deid_path *path, const struct deid_fhir_types *types,
                            struct deid_node *focus, struct arena *arena, bool *holds,
                            struct error *err)
{
    struct deid_path_values values;
    enum status status = deid_path_evaluate(path, types, focus, arena, &values, err);

    *holds = status == STATUS_OK && is_one_true(types, &values);
    return status;
}

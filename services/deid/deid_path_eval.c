#include "deid_path_eval.h"

enum status deid_path_no_room(struct deid_path_evaluation *evaluation)
{
    return error_set(evaluation->err, STATUS_RESOURCE_EXHAUSTED, "no room to evaluate a path");
}

enum status deid_path_add(struct deid_path_evaluation *evaluation, struct deid_path_values *values,
                          struct deid_path_value value)
{
    if (++evaluation->steps > DEID_PATH_VALUES_MAX)
        return deid_path_no_room(evaluation);
    if (values->count == values->capacity) {
        unsigned capacity = values->capacity == 0 ? 4 : values->capacity * 2;
        struct deid_path_value *items = arena_alloc(evaluation->arena, capacity * sizeof(*items));

        if (items == NULL)
            return deid_path_no_room(evaluation);
        if (values->count > 0)
            memcpy(items, values->items, values->count * sizeof(*items));
        values->items = items;
        values->capacity = capacity;
    }
    values->items[values->count++] = value;
    return STATUS_OK;
}

enum status deid_path_add_node(struct deid_path_evaluation *evaluation,
                               struct deid_path_values *values, struct deid_node *node)
{
    return deid_path_add(evaluation, values,
                         (struct deid_path_value){ .kind = DEID_PATH_NODE, .node = node });
}

enum status deid_path_add_boolean(struct deid_path_evaluation *evaluation,
                                  struct deid_path_values *values, bool boolean)
{
    return deid_path_add(evaluation, values,
                         (struct deid_path_value){ .kind = DEID_PATH_BOOLEAN, .boolean = boolean });
}

enum status deid_path_add_number(struct deid_path_evaluation *evaluation,
                                 struct deid_path_values *values, double number)
{
    char *text = arena_format(evaluation->arena, "%.15g", number);

    if (text == NULL)
        return deid_path_no_room(evaluation);
    return deid_path_add(evaluation, values,
                         (struct deid_path_value){ .kind = DEID_PATH_NUMBER,
                                                   .number = number,
                                                   .text = slice_from(text) });
}

enum status deid_path_add_text(struct deid_path_evaluation *evaluation,
                               struct deid_path_values *values, struct slice text)
{
    return deid_path_add(evaluation, values,
                         (struct deid_path_value){ .kind = DEID_PATH_STRING, .text = text });
}

bool deid_path_type_is(struct deid_path_evaluation *evaluation, const struct deid_path_value *value,
                       struct slice name)
{
    static const char *const kinds[] = { "", "String", "Decimal", "Boolean", "Date" };
    uint16_t type = deid_fhir_type_find(evaluation->types, name);

    if (value->kind != DEID_PATH_NODE)
        return slice_is(name, kinds[value->kind]);
    return deid_fhir_type_is(evaluation->types, value->node->type, type);
}

/* The children of that name; at the start of a path also the node itself by its type. */
static enum status evaluate_member(struct deid_path_evaluation *evaluation,
                                   const struct deid_path *path,
                                   const struct deid_path_values *focus,
                                   struct deid_path_values *out)
{
    enum status status = STATUS_OK;

    for (unsigned i = 0; status == STATUS_OK && i < focus->count; i++) {
        struct deid_node *child;

        if (focus->items[i].kind != DEID_PATH_NODE)
            continue;
        if (path->left == NULL && deid_path_type_is(evaluation, &focus->items[i], path->text)) {
            status = deid_path_add_node(evaluation, out, focus->items[i].node);
            continue;
        }
        for (child = focus->items[i].node->first; status == STATUS_OK && child != NULL;
             child = child->next)
            if (slice_equal(child->name, path->text))
                status = deid_path_add_node(evaluation, out, child);
    }
    return status;
}

/* Three-valued: 1, 0, and -1 for nothing. */
static int truth(const struct deid_fhir_types *types, const struct deid_path_values *values)
{
    return values->count == 0 ? -1 : deid_path_is_true(types, values);
}

static enum status evaluate_logic(struct deid_path_evaluation *evaluation, enum deid_path_op op,
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
    return result < 0 ? STATUS_OK : deid_path_add_boolean(evaluation, out, result);
}

static enum status evaluate_in(struct deid_path_evaluation *evaluation,
                               const struct deid_path_values *item,
                               const struct deid_path_values *list, struct deid_path_values *out)
{
    if (item->count == 0)
        return STATUS_OK;
    for (unsigned i = 0; i < list->count; i++)
        if (deid_path_value_equal(evaluation->types, &item->items[0], &list->items[i]))
            return deid_path_add_boolean(evaluation, out, true);
    return deid_path_add_boolean(evaluation, out, false);
}

static enum status evaluate_equal(struct deid_path_evaluation *evaluation,
                                  const struct deid_path_values *left,
                                  const struct deid_path_values *right, bool is_not,
                                  struct deid_path_values *out)
{
    bool is_equal = left->count == right->count;

    if (left->count == 0 || right->count == 0)
        return STATUS_OK;
    for (unsigned i = 0; is_equal && i < left->count; i++)
        is_equal = deid_path_value_equal(evaluation->types, &left->items[i], &right->items[i]);
    return deid_path_add_boolean(evaluation, out, is_equal != is_not);
}

static enum status evaluate_order(struct deid_path_evaluation *evaluation, enum deid_path_op op,
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
    return deid_path_add_boolean(evaluation, out,
                                 op == DEID_OP_LESS         ? order < 0
                                 : op == DEID_OP_LESS_EQUAL ? order <= 0
                                 : op == DEID_OP_GREATER    ? order > 0
                                                            : order >= 0);
}

static enum status evaluate_sum(struct deid_path_evaluation *evaluation, enum deid_path_op op,
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
        return deid_path_add_number(evaluation, out,
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
    return text.is_full ? deid_path_no_room(evaluation)
                        : deid_path_add_text(evaluation, out, buffer_slice(&text));
}

static enum status evaluate_union(struct deid_path_evaluation *evaluation,
                                  const struct deid_path_values *left,
                                  const struct deid_path_values *right,
                                  struct deid_path_values *out)
{
    const struct deid_path_values *const sides[] = { left, right };
    enum status status = STATUS_OK;

    for (unsigned side = 0; side < 2; side++)
        for (unsigned i = 0; status == STATUS_OK && i < sides[side]->count; i++)
            status = deid_path_add(evaluation, out, sides[side]->items[i]);
    return status;
}

static enum status evaluate_binary(struct deid_path_evaluation *evaluation,
                                   const struct deid_path *path,
                                   const struct deid_path_values *focus,
                                   struct deid_path_values *out)
{
    struct deid_path_values left = { 0 }, right = { 0 };
    enum status status = deid_path_run(evaluation, path->left, focus, &left);

    if (status == STATUS_OK && path->right != NULL)
        status = deid_path_run(evaluation, path->right, focus, &right);
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
        return deid_path_call_type(evaluation, path, path->text, path->op == DEID_OP_IS, &left,
                                   out);
    case DEID_OP_LESS:
    case DEID_OP_LESS_EQUAL:
    case DEID_OP_GREATER:
    case DEID_OP_GREATER_EQUAL:
        return evaluate_order(evaluation, path->op, &left, &right, out);
    default:
        return evaluate_sum(evaluation, path->op, &left, &right, out);
    }
}

static enum status evaluate_index(struct deid_path_evaluation *evaluation,
                                  const struct deid_path *path,
                                  const struct deid_path_values *focus,
                                  struct deid_path_values *out)
{
    struct deid_path_values input = { 0 };
    long index = 0;
    enum status status = deid_path_run(evaluation, path->left, focus, &input);

    if (status == STATUS_OK)
        status = deid_path_one_number(evaluation, path->right, focus, &index);
    return status != STATUS_OK || index < 0
               ? status
               : deid_path_add_range(evaluation, &input, index, index + 1, out);
}

enum status deid_path_run(struct deid_path_evaluation *evaluation, const struct deid_path *path,
                          const struct deid_path_values *focus, struct deid_path_values *out)
{
    struct deid_path_values input = { 0 };
    enum status status;

    switch (path->op) {
    case DEID_OP_THIS:
        return deid_path_add_range(evaluation, focus, 0, (long)focus->count, out);
    case DEID_OP_EMPTY:
        return STATUS_OK;
    case DEID_OP_LITERAL:
        return deid_path_add(evaluation, out, path->value);
    case DEID_OP_MEMBER:
        if (path->left == NULL)
            return evaluate_member(evaluation, path, focus, out);
        status = deid_path_run(evaluation, path->left, focus, &input);
        return status == STATUS_OK ? evaluate_member(evaluation, path, &input, out) : status;
    case DEID_OP_CALL:
        return deid_path_call(evaluation, path, focus, out);
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
    struct deid_path_evaluation evaluation = { types, arena, err, 0 };
    struct deid_path_values start = { 0 };
    enum status status = deid_path_add_node(&evaluation, &start, focus);

    *values = (struct deid_path_values){ .arena = arena };
    return status == STATUS_OK ? deid_path_run(&evaluation, path, &start, values) : status;
}

enum status deid_path_holds(const struct deid_path *path, const struct deid_fhir_types *types,
                            struct deid_node *focus, struct arena *arena, bool *holds,
                            struct error *err)
{
    struct deid_path_values values;
    enum status status = deid_path_evaluate(path, types, focus, arena, &values, err);

    *holds = status == STATUS_OK && deid_path_is_true(types, &values);
    return status;
}

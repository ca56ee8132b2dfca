/* Expressions. */
#include "base/check.h"
#include "jinja/jinja_run.h"

static struct jinja_value eval_name(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_binding *binding = jinja_scope_find(run->scope, node->name);
    struct jinja_value value = jinja_undefined();

    if (binding != NULL)
        return binding->value;
    if (jinja_is_function(node->name, &value.name))
        value.kind = JINJA_KIND_FUNCTION;
    else
        value.name = arena_string(run->arena, slice_cut(node->name, 0, 40));
    return value;
}

static struct jinja_value eval_list(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_value list = jinja_make_list(run);

    list.is_tuple = node->kind == JINJA_NODE_TUPLE;
    for (const struct jinja_node *item = node->items; item != NULL; item = item->next)
        jinja_add(run, list, jinja_eval(run, item));
    return list;
}

static struct jinja_value eval_dict(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_value dict = jinja_dict_create(run->arena), key;

    if (dict.dict == NULL)
        return jinja_fail_memory(run);
    for (const struct jinja_node *pair = node->items; pair != NULL; pair = pair->next) {
        key = jinja_eval(run, pair->a);
        if (key.kind == JINJA_KIND_LIST || key.kind == JINJA_KIND_DICT)
            return jinja_fail(run, STATUS_FAILED_PRECONDITION, "a %s as the key of a dict",
                              jinja_kind_name(key));
        if (!jinja_dict_set(dict.dict, key, jinja_eval(run, pair->b), run->arena))
            return jinja_fail_memory(run);
    }
    return dict;
}

static struct jinja_value eval_sign(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_value value = jinja_eval(run, node->a);
    int64_t negative;

    if (jinja_has_failed(run))
        return value;
    if (!jinja_is_number(value))
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "the sign of a %s",
                          jinja_kind_name(value));
    if (value.kind == JINJA_KIND_BOOL)
        value = jinja_int(value.truth);
    if (node->kind == JINJA_NODE_PLUS)
        return value;
    if (value.kind == JINJA_KIND_FLOAT)
        return jinja_float(-value.real);
    if (__builtin_sub_overflow((int64_t)0, value.integer, &negative))
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "an integer of over 64 bits");
    return jinja_int(negative);
}

static struct jinja_value eval_compare(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_value left = jinja_eval(run, node->a), right;

    for (const struct jinja_node *item = node->items; item != NULL; item = item->next) {
        right = jinja_eval(run, item->a);
        if (jinja_has_failed(run) || !jinja_holds(run, item->op, left, right))
            return jinja_bool(false);
        left = right;
    }
    return jinja_bool(true);
}

static struct jinja_value loop_attribute(struct jinja_run *run, const struct jinja_loop *loop,
                                         struct slice name)
{
    size_t count = loop->items->count, index = loop->index;

    if (slice_is(name, "index"))
        return jinja_int((int64_t)index + 1);
    if (slice_is(name, "index0"))
        return jinja_int((int64_t)index);
    if (slice_is(name, "first"))
        return jinja_bool(index == 0);
    if (slice_is(name, "last"))
        return jinja_bool(index + 1 == count);
    if (slice_is(name, "length"))
        return jinja_int((int64_t)count);
    if (slice_is(name, "revindex"))
        return jinja_int((int64_t)(count - index));
    if (slice_is(name, "revindex0"))
        return jinja_int((int64_t)(count - index) - 1);
    if (slice_is(name, "depth"))
        return jinja_int(loop->depth);
    if (slice_is(name, "depth0"))
        return jinja_int((int64_t)loop->depth - 1);
    if (slice_is(name, "previtem"))
        return index == 0 ? jinja_undefined() : loop->items->items[index - 1];
    if (slice_is(name, "nextitem"))
        return index + 1 == count ? jinja_undefined() : loop->items->items[index + 1];
    return jinja_fail(run, STATUS_UNIMPLEMENTED, "loop.%.*s is not supported",
                      SLICE_FORMAT(slice_cut(name, 0, 40)));
}

static struct jinja_value make_method(struct jinja_run *run, struct jinja_value self,
                                      struct slice name)
{
    struct jinja_method *method = ARENA_NEW(run->arena, struct jinja_method);

    if (method == NULL)
        return jinja_fail_memory(run);
    *method = (struct jinja_method){ self, name };
    return (struct jinja_value){ .kind = JINJA_KIND_METHOD, .method = method };
}

static struct jinja_value fail_undefined(struct jinja_run *run, struct jinja_value of)
{
    if (of.name != NULL)
        return jinja_fail(run, STATUS_FAILED_PRECONDITION, "'%s' is undefined", of.name);
    return jinja_fail(run, STATUS_FAILED_PRECONDITION, "something of an undefined value");
}

static struct jinja_value find_name(const struct jinja_dict *dict, struct slice name)
{
    const struct jinja_value *found = jinja_dict_find_name(dict, name);

    return found == NULL ? jinja_undefined() : *found;
}

/* Python's getattr first, then the item of that name. */
struct jinja_value jinja_attribute(struct jinja_run *run, struct jinja_value of, struct slice name)
{
    if (jinja_has_failed(run))
        return jinja_undefined();
    if (of.kind == JINJA_KIND_UNDEFINED)
        return fail_undefined(run, of);
    if (jinja_has_method(of, name))
        return make_method(run, of, name);
    if (of.kind == JINJA_KIND_LOOP)
        return loop_attribute(run, of.loop, name);
    if (of.kind != JINJA_KIND_DICT && of.kind != JINJA_KIND_NAMESPACE)
        return jinja_undefined();
    jinja_step(run, of.dict->count * 16);
    return find_name(of.dict, name);
}

static bool as_index(struct jinja_value key, size_t count, size_t *index)
{
    int64_t at = key.kind == JINJA_KIND_BOOL ? key.truth : key.integer;

    if (at < 0)
        at += (int64_t)count;
    *index = (size_t)at;
    return at >= 0 && (size_t)at < count;
}

static struct jinja_value text_item(struct jinja_run *run, struct jinja_text text,
                                    struct jinja_value key)
{
    size_t index, start;

    jinja_step(run, text.size);
    if (!as_index(key, jinja_text_length(text), &index))
        return jinja_undefined();
    start = jinja_text_offset(text, index);
    text = jinja_text_cut(text, start, text.size);
    return jinja_string(jinja_text_cut(text, 0, jinja_text_offset(text, 1)));
}

/* The item first, then Python's getattr. */
struct jinja_value jinja_item(struct jinja_run *run, struct jinja_value of, struct jinja_value key)
{
    bool is_index = key.kind == JINJA_KIND_INT || key.kind == JINJA_KIND_BOOL;
    const struct jinja_value *found;
    size_t index;

    if (jinja_has_failed(run))
        return jinja_undefined();
    if (of.kind == JINJA_KIND_UNDEFINED)
        return fail_undefined(run, of);
    if (of.kind == JINJA_KIND_DICT) {
        jinja_step(run, of.dict->count * 16);
        found = jinja_dict_find(of.dict, key);
        if (found != NULL)
            return *found;
    }
    if (of.kind == JINJA_KIND_LIST && is_index && !of.is_lazy)
        return as_index(key, of.list->count, &index) ? of.list->items[index] : jinja_undefined();
    if (of.kind == JINJA_KIND_STRING && is_index)
        return text_item(run, of.text, key);
    if (key.kind != JINJA_KIND_STRING || of.kind == JINJA_KIND_NONE)
        return jinja_undefined();
    if (of.kind == JINJA_KIND_DICT && !jinja_has_method(of, jinja_text_slice(key.text)))
        return jinja_undefined();
    return jinja_attribute(run, of, jinja_text_slice(key.text));
}

static struct jinja_value eval_optional(struct jinja_run *run, const struct jinja_node *node)
{
    return node == NULL ? jinja_none() : jinja_eval(run, node);
}

static struct jinja_value eval_item(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_value of = jinja_eval(run, node->a), start, end, step;

    if (node->b == NULL || node->b->kind != JINJA_NODE_SLICE)
        return jinja_item(run, of, eval_optional(run, node->b));
    start = eval_optional(run, node->b->a);
    end = eval_optional(run, node->b->b);
    step = eval_optional(run, node->b->c);
    if (of.kind == JINJA_KIND_UNDEFINED && !jinja_has_failed(run))
        return fail_undefined(run, of);
    return jinja_slice_value(run, of, start, end, step);
}

static size_t row_length(const struct jinja_node *row)
{
    size_t count = 0;

    for (; row != NULL; row = row->next)
        count++;
    return count;
}

struct jinja_arguments jinja_eval_arguments(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_arguments arguments = { 0 };
    const struct jinja_node *item;

    arguments.values = ARENA_ARRAY(run->arena, struct jinja_value, row_length(node->items));
    arguments.named = ARENA_ARRAY(run->arena, struct jinja_binding, row_length(node->others));
    if (arguments.values == NULL || arguments.named == NULL) {
        jinja_fail_memory(run);
        return (struct jinja_arguments){ 0 };
    }
    for (item = node->items; item != NULL; item = item->next)
        arguments.values[arguments.count++] = jinja_eval(run, item);
    for (item = node->others; item != NULL; item = item->next)
        arguments.named[arguments.named_count++] =
            (struct jinja_binding){ item->name, jinja_eval(run, item->a) };
    return arguments;
}

static struct jinja_value eval_call(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_value callee = jinja_eval(run, node->a);
    struct jinja_arguments arguments = jinja_eval_arguments(run, node);

    run->line = node->line;
    return jinja_has_failed(run) ? jinja_undefined() : jinja_call(run, callee, arguments);
}

static struct jinja_value eval_filter(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_value operand = node->a == NULL ? run->filtered : jinja_eval(run, node->a);
    struct jinja_arguments arguments = jinja_eval_arguments(run, node);

    if (jinja_has_failed(run))
        return jinja_undefined();
    return jinja_filter(run, node->name, operand, arguments);
}

static struct jinja_value eval_test(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_value operand = jinja_eval(run, node->a);
    struct jinja_arguments arguments = jinja_eval_arguments(run, node);

    if (jinja_has_failed(run))
        return jinja_undefined();
    return jinja_bool(jinja_is(run, node->name, operand, arguments));
}

static struct jinja_value eval_condition(struct jinja_run *run, const struct jinja_node *node)
{
    if (jinja_is_true(jinja_eval(run, node->b)))
        return jinja_eval(run, node->a);
    return node->c == NULL ? jinja_undefined() : jinja_eval(run, node->c);
}

static struct jinja_value eval_logic(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_value left = jinja_eval(run, node->a);

    if (jinja_has_failed(run) || jinja_is_true(left) == (node->kind == JINJA_NODE_OR))
        return left;
    return jinja_eval(run, node->b);
}

static struct jinja_value eval_binary(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_value a = jinja_eval(run, node->a), b = jinja_eval(run, node->b);

    return jinja_has_failed(run) ? jinja_undefined() : jinja_operate(run, node->op, a, b);
}

static struct jinja_value eval_node(struct jinja_run *run, const struct jinja_node *node)
{
    switch (node->kind) {
    case JINJA_NODE_CONSTANT:
        return node->value;
    case JINJA_NODE_NAME:
        return eval_name(run, node);
    case JINJA_NODE_LIST:
    case JINJA_NODE_TUPLE:
        return eval_list(run, node);
    case JINJA_NODE_DICT:
        return eval_dict(run, node);
    case JINJA_NODE_NOT:
        return jinja_bool(!jinja_is_true(jinja_eval(run, node->a)));
    case JINJA_NODE_NEGATE:
    case JINJA_NODE_PLUS:
        return eval_sign(run, node);
    case JINJA_NODE_BINARY:
        return eval_binary(run, node);
    case JINJA_NODE_AND:
    case JINJA_NODE_OR:
        return eval_logic(run, node);
    case JINJA_NODE_COMPARE:
        return eval_compare(run, node);
    case JINJA_NODE_CONDITION:
        return eval_condition(run, node);
    case JINJA_NODE_ATTRIBUTE:
        return jinja_attribute(run, jinja_eval(run, node->a), node->name);
    case JINJA_NODE_ITEM:
        return eval_item(run, node);
    case JINJA_NODE_CALL:
        return eval_call(run, node);
    case JINJA_NODE_FILTER:
        return eval_filter(run, node);
    case JINJA_NODE_TEST:
        return eval_test(run, node);
    default:
        CHECK(!"an expression");
        return jinja_undefined();
    }
}

struct jinja_value jinja_eval(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_value value;

    if (!jinja_step(run, 0))
        return jinja_undefined();
    if (run->depth >= JINJA_DEPTH_MAX)
        return jinja_fail(run, STATUS_RESOURCE_EXHAUSTED, "nested over %d deep", JINJA_DEPTH_MAX);
    run->depth++;
    run->line = node->line;
    value = eval_node(run, node);
    run->depth--;
    return value;
}

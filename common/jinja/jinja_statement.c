/* Statements, and macros, which are statements that give text. */
#include "base/check.h"
#include "jinja/jinja_run.h"

static struct jinja_scope *open_scope(struct jinja_run *run, struct jinja_scope *parent)
{
    struct jinja_scope *scope = ARENA_NEW(run->arena, struct jinja_scope);

    if (scope == NULL) {
        jinja_fail_memory(run);
        return parent;
    }
    scope->parent = parent;
    return scope;
}

static void assign_row(struct jinja_run *run, const struct jinja_node *target,
                       struct jinja_value value);

static void assign(struct jinja_run *run, const struct jinja_node *target, struct jinja_value value)
{
    struct jinja_binding *space;

    if (jinja_has_failed(run))
        return;
    if (target->kind == JINJA_NODE_TUPLE) {
        assign_row(run, target, value);
    } else if (target->kind == JINJA_NODE_NAME) {
        jinja_scope_set(run, run->scope, target->name, value);
    } else {
        space = jinja_scope_find(run->scope, target->a->name);
        if (space == NULL || space->value.kind != JINJA_KIND_NAMESPACE)
            jinja_fail(run, STATUS_FAILED_PRECONDITION,
                       "an attribute of what is no namespace is set");
        else if (!jinja_dict_set(space->value.dict, jinja_string(jinja_text_of(target->name, true)),
                                 value, run->arena))
            jinja_fail_memory(run);
    }
}

static void assign_row(struct jinja_run *run, const struct jinja_node *target,
                       struct jinja_value value)
{
    struct jinja_list *values = jinja_iterate(run, value);
    const struct jinja_node *item = target->items;
    size_t i = 0;

    for (; values != NULL && i < values->count && item != NULL; item = item->next)
        assign(run, item, values->items[i++]);
    if (values != NULL && (i < values->count || item != NULL))
        jinja_fail(run, STATUS_FAILED_PRECONDITION, "%zu values for another number of names",
                   values->count);
}

/* The elements for which the loop's condition holds. */
static struct jinja_list *filter_items(struct jinja_run *run, const struct jinja_node *node,
                                       struct jinja_list *items)
{
    struct jinja_scope *outer = run->scope;
    struct jinja_value kept = jinja_make_list(run);

    for (size_t i = 0; i < items->count && !jinja_has_failed(run); i++) {
        run->scope = open_scope(run, outer);
        assign(run, node->a, items->items[i]);
        if (jinja_is_true(jinja_eval(run, node->c)))
            jinja_add(run, kept, items->items[i]);
        run->scope = outer;
    }
    return kept.list;
}

static void execute_turns(struct jinja_run *run, const struct jinja_node *node,
                          struct jinja_loop *loop)
{
    struct jinja_scope *outer = run->scope;

    for (loop->index = 0; loop->index < loop->items->count && !jinja_has_failed(run);
         loop->index++) {
        run->scope = open_scope(run, outer);
        jinja_scope_set(run, run->scope, SLICE("loop"),
                        (struct jinja_value){ .kind = JINJA_KIND_LOOP, .loop = loop });
        assign(run, node->a, loop->items->items[loop->index]);
        jinja_execute(run, node->items);
        run->scope = outer;
        if (run->flow == JINJA_FLOW_BREAK) {
            run->flow = JINJA_FLOW_ON;
            break;
        }
        run->flow = JINJA_FLOW_ON;
    }
}

static void execute_for(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_value of = jinja_eval(run, node->b);
    struct jinja_binding *outer = jinja_scope_find(run->scope, SLICE("loop"));
    struct jinja_loop *loop = ARENA_NEW(run->arena, struct jinja_loop);

    if (loop == NULL)
        jinja_fail_memory(run);
    if (jinja_has_failed(run))
        return;
    loop->depth =
        outer != NULL && outer->value.kind == JINJA_KIND_LOOP ? outer->value.loop->depth + 1 : 1;
    loop->items = jinja_iterate(run, of);
    if (loop->items != NULL && node->c != NULL)
        loop->items = filter_items(run, node, loop->items);
    if (loop->items == NULL || jinja_has_failed(run))
        return;
    if (loop->items->count == 0)
        jinja_execute(run, node->others);
    else
        execute_turns(run, node, loop);
}

struct jinja_value jinja_capture(struct jinja_run *run, const struct jinja_node *body)
{
    struct jinja_builder *outer = run->out, builder;

    jinja_builder_init(&builder, run->arena);
    run->out = &builder;
    jinja_execute(run, body);
    run->out = outer;
    return jinja_make_text(run, &builder);
}

/* What @node's body wrote, through its filters. In a scope of its own, as in the reference. */
static struct jinja_value capture_filtered(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_value outer = run->filtered, text;
    struct jinja_scope *scope = run->scope;

    run->scope = open_scope(run, scope);
    text = jinja_capture(run, node->items);
    run->scope = scope;
    if (node->b == NULL || jinja_has_failed(run))
        return text;
    run->filtered = text;
    text = jinja_eval(run, node->b);
    run->filtered = outer;
    return text;
}

static void execute_with(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_scope *outer = run->scope, *inner = open_scope(run, outer);

    for (const struct jinja_node *set = node->others; set != NULL; set = set->next) {
        struct jinja_value value = jinja_eval(run, set->b); /* sees the names outside */

        run->scope = inner;
        assign(run, set->a, value);
        run->scope = outer;
    }
    run->scope = inner;
    jinja_execute(run, node->items);
    run->scope = outer;
}

static struct jinja_value make_macro(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_macro *macro = ARENA_NEW(run->arena, struct jinja_macro);

    if (macro == NULL)
        return jinja_fail_memory(run);
    *macro = (struct jinja_macro){ node, run->scope };
    return (struct jinja_value){ .kind = JINJA_KIND_MACRO, .macro = macro };
}

static bool put_out(struct jinja_run *run, struct jinja_value value)
{
    struct jinja_text text = jinja_text_from(run, value);

    if (jinja_has_failed(run) || !jinja_step(run, text.size))
        return false;
    jinja_builder_put(run->out, text);
    if (run->out->bytes.is_full || run->out->marks.is_full)
        jinja_fail_memory(run);
    return true;
}

static void execute_call_block(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_arguments arguments = jinja_eval_arguments(run, node->a);
    struct jinja_value callee = jinja_eval(run, node->a->a);
    struct jinja_binding *named;

    if (jinja_has_failed(run))
        return;
    named = ARENA_ARRAY(run->arena, struct jinja_binding, arguments.named_count + 1);
    if (named == NULL) {
        jinja_fail_memory(run);
        return;
    }
    memcpy(named, arguments.named, arguments.named_count * sizeof(*named));
    named[arguments.named_count++] =
        (struct jinja_binding){ SLICE("caller"), make_macro(run, node) };
    arguments.named = named;
    put_out(run, jinja_call(run, callee, arguments));
}

/* UNDEFINED: was not given. */
static struct jinja_value macro_argument(const struct jinja_arguments *arguments, size_t index,
                                         struct slice name, bool *is_given)
{
    *is_given = true;
    if (index < arguments->count)
        return arguments->values[index];
    for (size_t i = 0; i < arguments->named_count; i++)
        if (slice_equal(arguments->named[i].name, name))
            return arguments->named[i].value;
    *is_given = false;
    return jinja_undefined();
}

/* What is given beyond the parameters. */
static void refuse_others(struct jinja_run *run, const struct jinja_macro *macro,
                          const struct jinja_arguments *arguments, size_t parameters_count)
{
    const struct jinja_node *parameter;

    if (arguments->count > parameters_count)
        jinja_fail(run, STATUS_FAILED_PRECONDITION, "the macro \"%.*s\" takes %zu arguments",
                   SLICE_FORMAT(slice_cut(macro->node->name, 0, 40)), parameters_count);
    for (size_t i = 0; i < arguments->named_count; i++) {
        for (parameter = macro->node->others; parameter != NULL; parameter = parameter->next)
            if (slice_equal(parameter->name, arguments->named[i].name))
                break;
        if (parameter == NULL && !slice_is(arguments->named[i].name, "caller"))
            jinja_fail(run, STATUS_FAILED_PRECONDITION, "a macro has no argument \"%.*s\"",
                       SLICE_FORMAT(slice_cut(arguments->named[i].name, 0, 40)));
    }
}

struct jinja_value jinja_call_macro(struct jinja_run *run, const struct jinja_macro *macro,
                                    struct jinja_arguments arguments)
{
    struct jinja_scope *outer = run->scope;
    struct jinja_value text, value;
    bool is_given;
    size_t index = 0;

    run->scope = open_scope(run, macro->scope);
    for (const struct jinja_node *parameter = macro->node->others; parameter != NULL;
         parameter = parameter->next) {
        value = macro_argument(&arguments, index++, parameter->name, &is_given);
        if (!is_given && parameter->a != NULL)
            value = jinja_eval(run, parameter->a);
        jinja_scope_set(run, run->scope, parameter->name, value);
    }
    value = macro_argument(&arguments, SIZE_MAX, SLICE("caller"), &is_given);
    if (is_given)
        jinja_scope_set(run, run->scope, SLICE("caller"), value);
    refuse_others(run, macro, &arguments, index);
    text = jinja_capture(run, macro->node->items);
    run->flow = JINJA_FLOW_ON;
    run->scope = outer;
    return text;
}

static void execute_if(struct jinja_run *run, const struct jinja_node *node)
{
    bool is_true = jinja_is_true(jinja_eval(run, node->a));

    if (is_true)
        jinja_execute(run, node->items);
    else if (node->others != NULL)
        jinja_execute(run, node->others);
}

static void execute(struct jinja_run *run, const struct jinja_node *node)
{
    switch (node->kind) {
    case JINJA_NODE_TEXT:
        put_out(run, node->value);
        break;
    case JINJA_NODE_OUTPUT:
        put_out(run, jinja_eval(run, node->a));
        break;
    case JINJA_NODE_BODY:
        jinja_execute(run, node->items);
        break;
    case JINJA_NODE_IF:
        execute_if(run, node);
        break;
    case JINJA_NODE_FOR:
        execute_for(run, node);
        break;
    case JINJA_NODE_SET:
        assign(run, node->a, jinja_eval(run, node->b));
        break;
    case JINJA_NODE_SET_BLOCK:
        assign(run, node->a, capture_filtered(run, node));
        break;
    case JINJA_NODE_FILTER_BLOCK:
        put_out(run, capture_filtered(run, node));
        break;
    case JINJA_NODE_MACRO:
        jinja_scope_set(run, run->scope, node->name, make_macro(run, node));
        break;
    case JINJA_NODE_CALL_BLOCK:
        execute_call_block(run, node);
        break;
    case JINJA_NODE_WITH:
        execute_with(run, node);
        break;
    case JINJA_NODE_BREAK:
        run->flow = JINJA_FLOW_BREAK;
        break;
    case JINJA_NODE_CONTINUE:
        run->flow = JINJA_FLOW_CONTINUE;
        break;
    default:
        CHECK(!"a statement");
    }
}

void jinja_execute(struct jinja_run *run, const struct jinja_node *body)
{
    if (run->depth >= JINJA_DEPTH_MAX)
        jinja_fail(run, STATUS_RESOURCE_EXHAUSTED, "nested over %d deep", JINJA_DEPTH_MAX);
    run->depth++;
    for (; body != NULL && run->flow == JINJA_FLOW_ON && jinja_step(run, 0); body = body->next) {
        run->line = body->line;
        execute(run, body);
    }
    run->depth--;
}

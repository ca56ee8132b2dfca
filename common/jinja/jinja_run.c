#include "jinja/jinja_run.h"

#include <stdarg.h>
#include <stdio.h>

/* How many bytes handled count as a step. */
#define BYTES_A_STEP 64

struct jinja_value jinja_fail(struct jinja_run *run, enum status status, const char *format, ...)
{
    char text[200];
    va_list args;

    if (run->status != STATUS_OK)
        return jinja_undefined();
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    run->status = error_set(run->err, status, "the chat template, line %u: %s", run->line, text);
    return jinja_undefined();
}

struct jinja_value jinja_fail_memory(struct jinja_run *run)
{
    return jinja_fail(run, STATUS_RESOURCE_EXHAUSTED, "the rendering needs too much memory");
}

bool jinja_step(struct jinja_run *run, size_t bytes)
{
    if (run->status != STATUS_OK)
        return false;
    run->steps += 1 + bytes / BYTES_A_STEP;
    if (run->steps <= JINJA_STEPS_MAX)
        return true;
    jinja_fail(run, STATUS_RESOURCE_EXHAUSTED, "the rendering takes over %u steps",
               JINJA_STEPS_MAX);
    return false;
}

struct jinja_binding *jinja_scope_find(struct jinja_scope *scope, struct slice name)
{
    for (; scope != NULL; scope = scope->parent)
        for (size_t i = 0; i < scope->count; i++)
            if (slice_equal(scope->bindings[i].name, name))
                return &scope->bindings[i];
    return NULL;
}

void jinja_scope_set(struct jinja_run *run, struct jinja_scope *scope, struct slice name,
                     struct jinja_value value)
{
    struct jinja_binding *grown;
    size_t capacity;

    for (size_t i = 0; i < scope->count; i++) {
        if (slice_equal(scope->bindings[i].name, name)) {
            scope->bindings[i].value = value;
            return;
        }
    }
    if (scope->count == scope->capacity) {
        capacity = scope->capacity == 0 ? 4 : scope->capacity * 2;
        grown = arena_alloc(run->arena, capacity * sizeof(*grown));
        if (grown == NULL) {
            jinja_fail_memory(run);
            return;
        }
        if (scope->count > 0)
            memcpy(grown, scope->bindings, scope->count * sizeof(*grown));
        scope->bindings = grown;
        scope->capacity = capacity;
    }
    scope->bindings[scope->count++] = (struct jinja_binding){ name, value };
}

/* A list even where there is no memory, so that what follows need not ask. */
struct jinja_value jinja_make_list(struct jinja_run *run)
{
    static struct jinja_list none;
    struct jinja_value list = jinja_list_create(run->arena);

    if (list.list == NULL) {
        jinja_fail_memory(run);
        list.list = &none;
    }
    return list;
}

void jinja_add(struct jinja_run *run, struct jinja_value list, struct jinja_value item)
{
    if (!jinja_has_failed(run) && !jinja_list_add(list.list, item, run->arena))
        jinja_fail_memory(run);
}

struct jinja_value jinja_make_text(struct jinja_run *run, const struct jinja_builder *builder)
{
    if (builder->bytes.is_full || builder->marks.is_full)
        return jinja_fail_memory(run);
    return jinja_string(jinja_builder_text(builder));
}

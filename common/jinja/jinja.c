#include "jinja/jinja.h"

#include "jinja/jinja_parse.h"
#include "jinja/jinja_run.h"

enum status jinja_compile(struct slice source, struct arena *arena, const struct jinja_node **root,
                          struct error *err)
{
    struct jinja_node *tree = NULL;
    enum status status;

    if (source.size > JINJA_SOURCE_BYTES_MAX)
        return error_set(err, STATUS_INVALID_ARGUMENT, "a chat template of %zu bytes: %u are read",
                         source.size, JINJA_SOURCE_BYTES_MAX);
    status = jinja_parse(source, arena, &tree, err);
    *root = status == STATUS_OK ? tree : NULL;
    return status;
}

enum status jinja_render(const struct jinja_node *root, const struct jinja_variable *variables,
                         size_t variables_count, int64_t now, struct arena *arena,
                         struct jinja_text *text, struct error *err)
{
    struct jinja_scope globals = { 0 };
    struct jinja_run run = { .arena = arena, .scope = &globals, .now = now, .err = err };
    struct jinja_value rendered;

    *text = jinja_text_of(SLICE(""), true);
    for (size_t i = 0; i < variables_count; i++)
        jinja_scope_set(&run, &globals, variables[i].name, variables[i].value);
    rendered = jinja_capture(&run, root->items);
    if (run.status == STATUS_OK && rendered.kind == JINJA_KIND_STRING)
        *text = rendered.text;
    return run.status;
}

/* Renders chat templates for template_exact.py: a line of JSON in, {"template": ..., "variables":
 * {...}, "now": seconds}, a line out:
 * {"text": ..., "untrusted": bytes} or {"error": ...}. */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "jinja/jinja.h"
#include "jinja/jinja_json.h"

#define VARIABLES_MAX 64

static enum status render(const struct json *request, struct arena *arena, struct jinja_text *text,
                          struct error *err)
{
    struct jinja_variable variables[VARIABLES_MAX];
    const struct jinja_node *root;
    struct jinja_value values;
    struct buffer json;
    size_t count = 0;
    enum status status = jinja_compile(json_get_string(request, "template"), arena, &root, err);

    if (status != STATUS_OK)
        return status;
    buffer_init(&json, arena);
    json_write(json_get(request, "variables"), &json);
    status = jinja_from_json(buffer_slice(&json), false, arena, &values, err);
    if (status != STATUS_OK)
        return status;
    for (; count < values.dict->count && count < VARIABLES_MAX; count++)
        variables[count] =
            (struct jinja_variable){ jinja_text_slice(values.dict->pairs[count].key.text),
                                     values.dict->pairs[count].value };
    return jinja_render(root, variables, count, atoll(json_get(request, "now")->text.data), arena,
                        text, err);
}

static size_t count_untrusted(struct jinja_text text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.size; i++)
        count += text.marks == NULL ? !text.is_trusted : !text.marks[i];
    return count;
}

static void answer(struct slice line)
{
    struct error err = { 0 };
    struct jinja_text text;
    struct json *request;
    struct buffer out;
    struct arena arena;

    arena_init(&arena, 256 * MIB);
    buffer_init(&out, &arena);
    if (json_parse(line, &arena, &request, &err) == STATUS_OK
        && render(request, &arena, &text, &err) == STATUS_OK) {
        buffer_put_string(&out, "{\"text\": ");
        buffer_put_json(&out, jinja_text_slice(text));
        buffer_format(&out, ", \"untrusted\": %zu}", count_untrusted(text));
    } else {
        buffer_put_string(&out, "{\"error\": ");
        buffer_put_json(&out, slice_from(err.text));
        buffer_format(&out, ", \"status\": \"%s\"}", status_name(err.status));
    }
    printf("%.*s\n", SLICE_FORMAT(buffer_slice(&out)));
    fflush(stdout);
    arena_close(&arena);
}

int main(void)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size;

    while ((size = getline(&line, &capacity, stdin)) > 0)
        answer(slice_of(line, (size_t)size));
    free(line);
    return 0;
}

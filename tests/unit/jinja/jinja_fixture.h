/* What the tests of templates share: an arena, variables, and a rendering with them. */
#ifndef JINJA_FIXTURE_H
#define JINJA_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "jinja/jinja.h"
#include "jinja/jinja_json.h"

#define NOW 1769505725

/* Not trusted, as what a caller sends. */
static const char variables[] =
    "{\"text\": \" H\303\251llo <b> \\\"w\\\"\\n\", \"none\": null, \"yes\": true, \"n\": 7, \"f\": 0.1, \"list\": [3, 1, 2], \"words\": [\"b\", \"A\", \"c\", \"B\"], \"dict\": {\"b\": 1, \"a\": [true, null, 1.5], \"items\": \"x\"}, \"messages\": [{\"role\": \"user\", \"content\": \"a b  c\"}, {\"role\": \"assistant\", \"content\": \"\"}, {\"role\": \"user\", \"content\": \"d\"}]}";

static struct arena arena;

static inline int open_arena(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    arena_init(&arena, 64 * MIB);
    return 0;
}

static inline int close_arena(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

/* With the members of @json, which are untrusted, as variables. */
static inline enum status render(const char *source, const char *json, struct jinja_text *text,
                                 struct error *err)
{
    struct jinja_variable named[16];
    const struct jinja_node *root;
    struct jinja_value values;
    enum status status;
    size_t i;

    assert_int_equal(jinja_from_json(slice_from(json), false, &arena, &values, err), STATUS_OK);
    for (i = 0; i < values.dict->count; i++)
        named[i] = (struct jinja_variable){ jinja_text_slice(values.dict->pairs[i].key.text),
                                            values.dict->pairs[i].value };
    status = jinja_compile(slice_from(source), &arena, &root, err);
    return status == STATUS_OK ? jinja_render(root, named, i, NOW, &arena, text, err) : status;
}

#endif

/* Chat templates: any source gives a rendering, or an error with words; the bytes of a variable are
 * never trusted, and nothing of one is in an error. */
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "fuzz_target.h"
#include "jinja/jinja.h"
#include "jinja/jinja_json.h"

/* In every string that comes from outside, and in no template. */
#define CANARY "\xe2\x98\xa3"

static const char messages_json[] =
    "[{\"role\": \"user\", \"content\": \" a" CANARY "\\n\", \"tool_calls\": [{\"id\": \"" CANARY
    "\", \"n\": 1}]}, {\"role\": \"" CANARY "\", \"content\": null}]";

static bool has_canary(struct slice text)
{
    return memmem(text.data, text.size, CANARY, strlen(CANARY)) != NULL;
}

static void check_trust(struct jinja_text text)
{
    for (size_t at = 0; (at = jinja_text_find(text, SLICE(CANARY), at)) != SIZE_MAX; at++)
        CHECK(!(text.marks == NULL ? text.is_trusted : text.marks[at] != 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jinja_variable variables[2] = { { SLICE("messages"), jinja_none() },
                                           { SLICE("bos_token"), jinja_trusted("<s>") } };
    struct slice source = slice_of(data, size);
    const struct jinja_node *root;
    struct jinja_text text;
    struct error err = { 0 };
    enum status status;
    struct arena arena;

    if (has_canary(source) || memchr(data, '\\', size) != NULL)
        return 0;
    arena_init(&arena, 32 * MIB);
    CHECK(jinja_from_json(slice_from(messages_json), false, &arena, &variables[0].value, NULL)
          == STATUS_OK);
    status = jinja_compile(source, &arena, &root, &err);
    if (status == STATUS_OK)
        status = jinja_render(root, variables, 2, 0, &arena, &text, &err);
    if (status == STATUS_OK)
        check_trust(text);
    else
        CHECK(err.text[0] != '\0' && !has_canary(slice_from(err.text)));
    arena_close(&arena);
    return 0;
}

/* JSON: what is read can be written, and reads the same again; the tree keeps its own promises. */
#include "base/check.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "fhir/json.h"
#include "fuzz_target.h"

static void check_tree(const struct json *node, unsigned depth)
{
    unsigned count = 0;

    CHECK(depth <= JSON_DEPTH_MAX + 1);
    CHECK(utf8_is_valid(node->key) && utf8_is_valid(node->text));
    if (node->kind == JSON_KIND_NUMBER)
        CHECK(node->text.size > 0);
    for (const struct json *item = node->first; item != NULL; item = item->next) {
        CHECK(node->kind == JSON_KIND_ARRAY || node->kind == JSON_KIND_OBJECT);
        check_tree(item, depth + 1);
        count++;
    }
    CHECK(count == node->count);
}

static bool parse(struct slice text, struct arena *arena, struct json **root)
{
    struct error err = { 0 };
    enum status status = json_parse(text, arena, root, &err);

    CHECK(status == STATUS_OK || status == STATUS_INVALID_ARGUMENT
          || status == STATUS_RESOURCE_EXHAUSTED);
    CHECK(status == err.status && utf8_is_valid(slice_from(err.text)));
    return status == STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json *root, *again;
    struct buffer first, second;
    struct arena arena;

    arena_init(&arena, 64 * MIB);
    if (parse(slice_of(data, size), &arena, &root)) {
        check_tree(root, 0);
        buffer_init(&first, &arena);
        json_write(root, &first);
        CHECK(!first.is_full && parse(buffer_slice(&first), &arena, &again));
        buffer_init(&second, &arena);
        json_write(again, &second);
        CHECK(slice_equal(buffer_slice(&first), buffer_slice(&second)));
    }
    arena_close(&arena);
    return 0;
}

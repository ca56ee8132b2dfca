#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "gateway_embed_read.h"

static struct arena arena;
static struct embed_request request;
static struct api_error api;

static bool read_bytes(struct slice body)
{
    arena_close(&arena);
    arena_init(&arena, 4 * MIB);
    return embed_read(body, &arena, &request, &api);
}

static bool read(const char *body)
{
    return read_bytes(slice_from(body));
}

static int end(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

static void reads_a_text_and_many(void **state)
{
    (void)state;
    assert_true(read("{\"model\":\"m\",\"input\":\"fever\",\"encoding_format\":\"base64\"}"));
    assert_string_equal(request.model, "m");
    assert_int_equal(request.count, 1);
    assert_string_equal(request.texts[0], "fever");
    assert_true(request.is_base64);
    assert_true(read("{\"input\":[\"a\",\"b\"],\"dimensions\":7,\"user\":\"x\"}"));
    assert_int_equal(request.count, 2);
    assert_string_equal(request.texts[1], "b");
    assert_int_equal(request.dimensions, 7);
    assert_false(request.is_base64);
    assert_null(request.arrays);
}

static void reads_ids_of_one_text_and_of_many(void **state)
{
    (void)state;
    assert_true(read("{\"input\":[1,2,4294967295]}"));
    assert_null(request.texts);
    assert_int_equal(request.count, 1);
    assert_int_equal(request.arrays[0].count, 3);
    assert_int_equal(request.arrays[0].ids[2], 4294967295u);
    assert_true(read("{\"input\":[[1],[2,3]]}"));
    assert_int_equal(request.count, 2);
    assert_int_equal(request.arrays[1].ids[1], 3);
}

static void refuses_by_name_what_it_cannot_take(void **state)
{
    static const char *const bad[][2] = {
        { "{}", "input" },
        { "{\"input\":null}", "input" },
        { "{\"input\":{}}", "input" },
        { "{\"input\":[]}", "input" },
        { "{\"input\":\"\"}", "input" },
        { "{\"input\":[\"a\",\"\"]}", "input" },
        { "{\"input\":\"a\\u0000b\"}", "input" },
        { "{\"input\":[\"a\",1]}", "input" },
        { "{\"input\":[1,\"a\"]}", "input" },
        { "{\"input\":[[1],2]}", "input" },
        { "{\"input\":[[1],[]]}", "input" },
        { "{\"input\":[[1],[\"a\"]]}", "input" },
        { "{\"input\":[-1]}", "input" },
        { "{\"input\":[1.5]}", "input" },
        { "{\"input\":[1e3]}", "input" },
        { "{\"input\":[4294967296]}", "input" },
        { "{\"input\":[true]}", "input" },
        { "{\"input\":\"a\",\"encoding_format\":7}", "encoding_format" },
        { "{\"input\":\"a\",\"encoding_format\":\"int8\"}", "encoding_format" },
        { "{\"input\":\"a\",\"dimensions\":0}", "dimensions" },
        { "{\"input\":\"a\",\"dimensions\":\"8\"}", "dimensions" },
        { "{\"input\":\"a\",\"model\":7}", "model" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(read(bad[i][0]));
        assert_int_equal(api.http, 400);
        assert_string_equal(api.param, bad[i][1]);
    }
    assert_false(read("[1]"));
    assert_false(read("{\"input\":"));
    assert_false(read(""));
}

static void takes_so_many_texts_and_no_more(void **state)
{
    struct arena scratch;
    struct buffer body;

    (void)state;
    for (unsigned count = EMBED_INPUTS_MAX; count <= EMBED_INPUTS_MAX + 1; count++) {
        arena_init(&scratch, 1 * MIB);
        buffer_init(&body, &scratch);
        buffer_put_string(&body, "{\"input\":[\"a\"");
        for (unsigned i = 1; i < count; i++)
            buffer_put_string(&body, ",\"a\"");
        buffer_put_string(&body, "]}");
        assert_int_equal(read_bytes(buffer_slice(&body)), count == EMBED_INPUTS_MAX);
        arena_close(&scratch);
    }
}

static void never_repeats_what_somebody_wrote(void **state)
{
    (void)state;
    assert_false(read("{\"input\":[\"Quillfeather\",7]}"));
    assert_null(strstr(api.text, "Quill"));
    assert_false(read("{\"input\":\"a\",\"encoding_format\":\"Quillfeather\"}"));
    assert_null(strstr(api.text, "Quill"));
}

static void tells_when_there_is_no_memory(void **state)
{
    (void)state;
    arena_close(&arena);
    for (size_t limit = 0; limit < 4096; limit += 64) {
        arena_init(&arena, limit);
        if (!embed_read(SLICE("{\"input\":[\"fever and cough\",\"b\"]}"), &arena, &request, &api))
            assert_true(api.http == 429 || api.http == 400);
        arena_close(&arena);
    }
    arena_init(&arena, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_text_and_many),
        cmocka_unit_test(reads_ids_of_one_text_and_of_many),
        cmocka_unit_test(refuses_by_name_what_it_cannot_take),
        cmocka_unit_test(takes_so_many_texts_and_no_more),
        cmocka_unit_test(never_repeats_what_somebody_wrote),
        cmocka_unit_test(tells_when_there_is_no_memory),
    };

    arena_init(&arena, 4 * MIB);
    return cmocka_run_group_tests(tests, NULL, end);
}

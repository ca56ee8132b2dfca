#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "context_seal.h"

static const struct seal_key key = { { 1, 2, 3 } };
static const struct seal_name name = { SLICE("t"), SLICE("p"), "record", 7 };
static struct arena arena;
static struct error err;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 16 * MIB);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

static struct slice sealed(struct slice plain)
{
    struct slice out;

    assert_int_equal(seal_close(&key, &name, plain, &arena, &out, &err), STATUS_OK);
    return out;
}

static void opens_what_it_closed(void **state)
{
    (void)state;
    struct slice plain;

    assert_int_equal(seal_open(&key, &name, sealed(SLICE("a record of a patient")), &arena, &arena,
                               &plain, &err),
                     STATUS_OK);
    assert_true(slice_is(plain, "a record of a patient"));
    assert_int_equal(seal_open(&key, &name, sealed(SLICE("")), &arena, &arena, &plain, &err),
                     STATUS_OK);
    assert_int_equal(plain.size, 0);
}

static void refuses_every_changed_byte_and_every_cut(void **state)
{
    (void)state;
    struct slice value = sealed(SLICE("a record of a patient")), plain;
    char *bytes = (char *)value.data;

    for (size_t i = 0; i < value.size; i++) {
        bytes[i] ^= 1;
        assert_int_equal(seal_open(&key, &name, value, &arena, &arena, &plain, &err),
                         STATUS_DATA_LOSS);
        bytes[i] ^= 1;
        assert_int_equal(
            seal_open(&key, &name, slice_cut(value, 0, i), &arena, &arena, &plain, &err),
            STATUS_DATA_LOSS);
    }
}

static void refuses_another_name_version_or_key(void **state)
{
    (void)state;
    struct slice value = sealed(SLICE("x")), plain;
    const struct seal_name others[] = { { SLICE("u"), SLICE("p"), "record", 7 },
                                        { SLICE("t"), SLICE("q"), "record", 7 },
                                        { SLICE("t"), SLICE("p"), "map", 7 },
                                        { SLICE("t"), SLICE("p"), "record", 8 } };
    const struct seal_key other_key = { { 1, 2, 4 } };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_int_equal(seal_open(&key, &others[i], value, &arena, &arena, &plain, &err),
                         STATUS_DATA_LOSS);
    assert_int_equal(seal_open(&other_key, &name, value, &arena, &arena, &plain, &err),
                     STATUS_DATA_LOSS);
}

static void makes_a_key_once_and_refuses_a_file_that_holds_none(void **state)
{
    (void)state;
    char path[] = "/tmp/context-key-XXXXXX";
    struct seal_key first, second;
    FILE *file;

    assert_true(mkstemp(path) >= 0);
    unlink(path);
    assert_int_equal(seal_key_load(path, &first, &err), STATUS_OK);
    assert_int_equal(seal_key_load(path, &second, &err), STATUS_OK);
    assert_memory_equal(&first, &second, sizeof(first));
    file = fopen(path, "w");
    fputs("not a key\n", file);
    fclose(file);
    assert_int_equal(seal_key_load(path, &second, &err), STATUS_FAILED_PRECONDITION);
    unlink(path);
    assert_int_equal(seal_key_load("/nowhere/at/all/key", &second, &err), STATUS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(opens_what_it_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_every_changed_byte_and_every_cut, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(refuses_another_name_version_or_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(makes_a_key_once_and_refuses_a_file_that_holds_none, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

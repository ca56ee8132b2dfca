/* Documents through files: out and back the same, and nothing half-done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/limits.h"
#include "consilium.h"
#include "consilium_deid_back.h"
#include "consilium_deid_whole.h"
#include "consilium_file.h"
#include "fhir/json.h"

static char folder[] = "/tmp/consilium-whole-XXXXXX";
static char in[64], out[64], back[64], map[64], key[64];
static struct arena arena;
static struct consilium consilium;

static void put_file(const char *path, struct slice bytes)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
    fclose(file);
}

static struct slice get_file(const char *path)
{
    struct error err = { 0 };
    struct slice bytes;

    assert_int_equal(file_read(path, 64 * MIB, &arena, &bytes, &err), STATUS_OK);
    return bytes;
}

static bool has(struct slice text, const char *what)
{
    return memmem(text.data, text.size, what, strlen(what)) != NULL;
}

static int redact(void)
{
    struct deid_engine engine;
    struct error err = { 0 };
    int exit_status;

    unlink(out);
    consilium.config.own.output = out;
    assert_int_equal(deid_engine_init(&engine, &consilium.config, &err), STATUS_OK);
    exit_status = consilium.config.fhir ? deid_whole_fhir(&engine, &consilium, in)
                                        : deid_whole_text(&engine, &consilium, in);
    assert_int_equal(deid_engine_save(&engine, &err), STATUS_OK);
    deid_engine_close(&engine);
    return exit_status;
}

static struct slice restore(void)
{
    consilium.config.own.output = back;
    assert_int_equal(deid_back_run(&consilium, out), CONSILIUM_EXIT_OK);
    return get_file(back);
}

static void a_text_comes_back_by_the_map(void **state)
{
    struct slice text =
        SLICE("Patient: Marta Vale-Lindgren\nDOB 03/14/1958, call (919) 555-7821.\n");

    (void)state;
    consilium.config.text = true;
    put_file(in, text);
    assert_int_equal(redact(), CONSILIUM_EXIT_OK);
    assert_false(has(get_file(out), "Lindgren") || has(get_file(out), "555-7821")
                 || has(get_file(out), "03/14/1958"));
    assert_true(slice_equal(restore(), text));
}

static void lines_of_resources_come_back_by_the_map(void **state)
{
    struct slice lines = SLICE(
        "{\"resourceType\":\"Observation\",\"id\":\"o\",\"subject\":{\"reference\":\"Patient/77\"},"
        "\"note\":[{\"text\":\"Zxqvoda called\"}]}\n"
        "{\"resourceType\":\"Patient\",\"id\":\"77\",\"name\":[{\"family\":\"Zxqvoda\"}],"
        "\"birthDate\":\"1950-02-03\"}\n");

    (void)state;
    consilium.config.fhir = true;
    put_file(in, lines);
    assert_int_equal(redact(), CONSILIUM_EXIT_OK);
    assert_false(has(get_file(out), "Zxqvoda") || has(get_file(out), "1950-02-03"));
    assert_true(has(get_file(out), "\n{\"resourceType\":\"Patient\""));
    assert_true(slice_equal(restore(), lines));
}

static void a_document_that_is_cut_short_leaves_nothing(void **state)
{
    (void)state;
    consilium.config.fhir = true;
    put_file(in, SLICE("{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":"
                       "\"Observation\"}},{\"resource\":{\"resourceType\":"));
    assert_int_equal(redact(), CONSILIUM_EXIT_REFUSED);
    assert_int_not_equal(access(out, F_OK), 0);
}

static void a_text_that_is_not_utf8_leaves_nothing(void **state)
{
    (void)state;
    consilium.config.text = true;
    put_file(in, SLICE("Patient: Marta Vale\n\xff\n"));
    assert_int_equal(redact(), CONSILIUM_EXIT_REFUSED);
    assert_int_not_equal(access(out, F_OK), 0);
}

static void what_was_known_is_found_in_a_stream(void **state)
{
    (void)state;
    consilium.config.text = true;
    consilium.config.known_file = key; /* a file of this test's for once */
    consilium.config.own.map = NULL;
    put_file(key, SLICE("[\"Ann Zxqvoda\", \"77-A-9031\"]"));
    put_file(in, SLICE("then ZXQVODA said 77-A-9031 was hers\n"));
    assert_int_equal(redact(), CONSILIUM_EXIT_OK);
    assert_false(has(get_file(out), "ZXQVODA") || has(get_file(out), "77-A-9031"));
}

static void remove_files(void)
{
    const char *const files[] = { in, out, back, map, key };

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlink(files[i]);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 256 * MIB);
    consilium.config = (struct consilium_config){ .line_bytes_max = 1 * MIB };
    consilium.config.own = (struct deid_config){ .map = map, .key_file = key };
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_close(&arena);
    remove_files();
    return 0;
}

static int setup_all(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(in, sizeof(in), "%s/in", folder);
    snprintf(out, sizeof(out), "%s/out", folder);
    snprintf(back, sizeof(back), "%s/back", folder);
    snprintf(map, sizeof(map), "%s/map", folder);
    snprintf(key, sizeof(key), "%s/key", folder);
    return 0;
}

static int teardown_all(void **state)
{
    (void)state;
    return rmdir(folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_text_comes_back_by_the_map),
        TEST(lines_of_resources_come_back_by_the_map),
        TEST(a_document_that_is_cut_short_leaves_nothing),
        TEST(a_text_that_is_not_utf8_leaves_nothing),
        TEST(what_was_known_is_found_in_a_stream),
    };

    return cmocka_run_group_tests(tests, setup_all, teardown_all);
}

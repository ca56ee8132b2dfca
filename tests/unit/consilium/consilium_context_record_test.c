#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "consilium_context_record.h"

#define FILES 20

static char paths[FILES][64];
static struct context_records *records;

static void write_bundle(const char *path, const char *id, const char *label)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fprintf(file,
            "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Procedure\","
            "\"id\":\"%s\",\"code\":{\"text\":\"%s\"},\"performedDateTime\":\"2017-01-01\"}}]}",
            id, label);
    fclose(file);
}

static int set_up(void **state)
{
    (void)state;
    for (int i = 0; i < FILES; i++) {
        char id[16];
        int file;

        snprintf(paths[i], sizeof(paths[i]), "/tmp/consilium-record-XXXXXX");
        file = mkstemp(paths[i]);
        assert_true(file >= 0);
        close(file);
        snprintf(id, sizeof(id), "p%d", i);
        write_bundle(paths[i], id, id);
    }
    records = context_records_create();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < FILES; i++)
        unlink(paths[i]);
    context_records_destroy(records);
    return 0;
}

static void bundles_of_one_patient_merge_however_many_they_are(void **state)
{
    (void)state;
    const struct context_record *record;
    const char *all[FILES];
    struct error err;

    for (int i = 0; i < FILES; i++)
        all[i] = paths[i];
    for (int round = 0; round < 3; round++) {
        assert_int_equal(context_records_find(records, all, FILES, &record, &err), STATUS_OK);
        assert_int_equal(record->record.live, FILES);
        assert_int_equal(record->courses.count, FILES);
        assert_int_equal(context_records_find(records, all + 3, 1, &record, &err), STATUS_OK);
        assert_true(slice_is(record->record.facts[0].label, "p3"));
    }
}

static void a_file_that_has_changed_is_read_again(void **state)
{
    (void)state;
    const struct context_record *record;
    const char *path = paths[0];
    struct error err;

    assert_int_equal(context_records_find(records, &path, 1, &record, &err), STATUS_OK);
    write_bundle(path, "other", "another procedure");
    assert_int_equal(context_records_find(records, &path, 1, &record, &err), STATUS_OK);
    assert_true(slice_is(record->record.facts[0].reference, "Procedure/other"));
}

static void says_which_bundle_is_not_there_or_is_none(void **state)
{
    (void)state;
    const struct context_record *record;
    const char *two[] = { paths[0], "/tmp/consilium-record-is-not-there" };
    FILE *file = fopen(paths[1], "w");
    struct error err;

    fputs("{\"resourceType\":\"Patient\"}", file);
    fclose(file);
    assert_int_equal(context_records_find(records, two, 2, &record, &err), STATUS_NOT_FOUND);
    assert_non_null(strstr(err.text, "bundle 2 of 2"));
    two[1] = paths[1];
    assert_int_equal(context_records_find(records, two, 2, &record, &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(context_records_find(records, two, 0, &record, &err), STATUS_INVALID_ARGUMENT);
    assert_int_equal(context_records_find(records, two, 1, &record, &err), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bundles_of_one_patient_merge_however_many_they_are, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_has_changed_is_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_which_bundle_is_not_there_or_is_none, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

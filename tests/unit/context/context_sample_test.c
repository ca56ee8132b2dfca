/* Whole synthetic patients, with notes: nothing is lost, and the budget holds. */
#include "context_fixture.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "data.h"

static char *folder_of_sample(void)
{
    static char folder[] = "/tmp/context-sample-XXXXXX";
    const char *path = data_path("fhir/synthea-spezi-r4.tar.xz");
    char command[1300];

    if (path == NULL || mkdtemp(folder) == NULL)
        return NULL;
    snprintf(command, sizeof(command), "tar -xJf '%s' -C '%s' --strip-components=1", path, folder);
    return system(command) == 0 ? folder : NULL;
}

static struct slice read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *data;
    long size;

    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    data = arena_alloc(&arena, (size_t)size);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)size, file), size);
    fclose(file);
    return slice_of(data, (size_t)size);
}

static void check_patient(const char *path)
{
    static const char *const questions[] = { "What is the latest blood pressure?",
                                             "Which medications is the patient taking?",
                                             "Does the patient smoke?",
                                             "Any history of cardiac arrest?" };
    struct record record;
    struct courses courses;
    struct parsed parsed;
    struct prompt prompt;
    uint32_t as_facts;

    assert_int_equal(
        context_read_bundle(read_file(path), &arena, &record, &parsed, &as_facts, &err), STATUS_OK);
    assert_int_equal(as_facts + reasons_total(&parsed.reasons), parsed.resources);
    assert_int_equal(as_facts, record.live);
    for (size_t i = 0; i < record.count; i++) {
        struct slice line = render_in(&record.facts[i], &arena);

        assert_true(line.size > 0 && memchr(line.data, '\n', line.size) == NULL
                    && memchr(line.data, '[', line.size) == NULL);
    }
    assert_int_equal(courses_make(&record, &arena, &courses, &err), STATUS_OK);
    for (size_t i = 0; i < 2 * sizeof(questions) / sizeof(questions[0]); i++) {
        struct prompt_request request = { slice_from(questions[i / 2]),
                                          800,
                                          3,
                                          i % 2 == 0 ? PROMPT_FORM_FACTS : PROMPT_FORM_COURSES,
                                          { NULL, 0 } };

        assert_int_equal(context_assemble(&record, &courses, &request, &arena, &prompt, &err),
                         STATUS_OK);
        assert_true(strlen(prompt.user) <= 2400);
        assert_true(prompt.count > 5);
    }
}

static void whole_patients_lose_nothing(void **state)
{
    (void)state;
    char *folder = folder_of_sample();
    DIR *entries = folder == NULL ? NULL : opendir(folder);
    struct dirent *entry;
    char path[600];
    int patients = 0;

    if (entries == NULL)
        skip();
    while ((entry = readdir(entries)) != NULL) {
        if (!slice_ends_with(slice_from(entry->d_name), SLICE(".json")))
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        arena_init(&arena, 1024 * MIB);
        check_patient(path);
        arena_close(&arena);
        unlink(path);
        patients++;
    }
    closedir(entries);
    rmdir(folder);
    assert_int_equal(patients, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(whole_patients_lose_nothing) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

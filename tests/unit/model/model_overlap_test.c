/* What must be new is found again, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/limits.h"
#include "model_overlap.h"

static struct arena arena;
static char folder[] = "/tmp/model_overlap_test.XXXXXX";

static const char held[] =
    "{\"bundle\":\"p.json\",\"patient\":\"p\",\"question\":\"Last potassium?\",\"kind\":\"latest\",\"split\":\"train\","
    "\"answer\":[{\"text\":\"Potassium was 4.2 on 2025-01-15\",\"evidence\":[\"Observation/o\"]}]}\n"
    "{\"bundle\":\"p.json\",\"patient\":\"p\",\"question\":\"Why is she on metformin?\",\"kind\":\"why\",\"split\":\"train\","
    "\"answer\":[{\"text\":\"Metformin is for diabetes\",\"evidence\":[\"MedicationRequest/m\"]}]}\n"
    "{\"bundle\":\"p.json\",\"patient\":\"p\",\"question\":\"Which kalium is newest?\",\"kind\":\"latest\",\"split\":\"heldout\","
    "\"answer\":[{\"text\":\"The record does not say.\",\"evidence\":[]}]}\n";

static const char *write_population(const char *name, const char *bundle, const char *questions)
{
    char *path = arena_format(&arena, "%s/%s", folder, name);
    FILE *file;

    mkdir(path, 0777);
    file = fopen(arena_format(&arena, "%s/p.json", path), "w");
    fputs(bundle, file);
    fclose(file);
    file = fopen(arena_format(&arena, "%s/questions.ndjson", path), "w");
    fputs(questions, file);
    fclose(file);
    return path;
}

static struct overlap_counts count(const char *bundle, const char *questions)
{
    struct overlap_counts counts;
    struct overlap_set set;
    struct error err;

    assert_int_equal(
        overlap_read(&set, write_population("held", "{\"id\":\"p\"}", held), &arena, &err),
        STATUS_OK);
    assert_int_equal(
        overlap_count(&set, write_population("train", bundle, questions), &arena, &counts, &err),
        STATUS_OK);
    return counts;
}

static void a_population_overlaps_with_itself(void **state)
{
    (void)state;
    struct overlap_counts counts = count("{\"id\":\"p\"}", held);

    assert_int_equal(counts.patients, 1);
    assert_int_equal(counts.questions, 2); /* what is held out is not trained on */
    assert_int_equal(counts.found[OVERLAP_PATIENT], 1);
    assert_int_equal(counts.found[OVERLAP_WORDING], 0);
    assert_int_equal(counts.found[OVERLAP_ANSWER], 1); /* "is for diabetes" is as true of many */
}

static void a_held_out_wording_is_found_with_another_patient(void **state)
{
    (void)state;
    struct overlap_counts counts = count(
        "{\"id\":\"q\"}",
        "{\"bundle\":\"p.json\",\"patient\":\"q\",\"question\":\"Which kalium is newest?\",\"kind\":\"latest\",\"split\":\"train\","
        "\"answer\":[{\"text\":\"Potassium was 3.9 on 2024-01-15\",\"evidence\":[\"Observation/o\"]}]}\n");

    assert_int_equal(counts.found[OVERLAP_PATIENT], 0);
    assert_int_equal(counts.found[OVERLAP_WORDING], 1);
}

static void the_same_question_with_another_answer_is_new(void **state)
{
    (void)state;
    struct overlap_counts counts = count(
        "{\"id\":\"q\"}",
        "{\"bundle\":\"p.json\",\"patient\":\"q\",\"question\":\"Last potassium?\",\"kind\":\"latest\",\"split\":\"train\","
        "\"answer\":[{\"text\":\"Potassium was 4.2 on 2025-01-16\",\"evidence\":[\"Observation/o\"]}]}\n");

    for (int kind = 0; kind < OVERLAP_KINDS; kind++)
        assert_int_equal(counts.found[kind], 0);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 256 * MIB);
    return mkdtemp(folder) == NULL;
}

static int tear_down(void **state)
{
    static const char *const names[] = { "held", "train" };

    (void)state;
    for (int i = 0; i < 2; i++) {
        unlink(arena_format(&arena, "%s/%s/p.json", folder, names[i]));
        unlink(arena_format(&arena, "%s/%s/questions.ndjson", folder, names[i]));
        rmdir(arena_format(&arena, "%s/%s", folder, names[i]));
    }
    rmdir(folder);
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_population_overlaps_with_itself),
        cmocka_unit_test(a_held_out_wording_is_found_with_another_patient),
        cmocka_unit_test(the_same_question_with_another_answer_is_new),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

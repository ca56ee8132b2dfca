#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/limits.h"
#include "consilium_timeline_draw.h"
#include "context_prompt.h"

#define LABEL_COLUMNS 27

/* Each part of a picture, and what is too long for its place. */
static const char bundle[] =
    "{\"resourceType\":\"Bundle\",\"entry\":["
    "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p\",\"gender\":\"female\",\"birthDate\":\"1958-02-24\"}},"
    "{\"resource\":{\"resourceType\":\"Condition\",\"id\":\"c1\",\"clinicalStatus\":{\"coding\":[{\"code\":\"active\"}]},"
    "\"code\":{\"text\":\"Gout\"},\"onsetDateTime\":\"2010-01-01\"}},"
    "{\"resource\":{\"resourceType\":\"Condition\",\"id\":\"c2\",\"clinicalStatus\":{\"coding\":[{\"code\":\"resolved\"}]},"
    "\"code\":{\"text\":\"Malignant neoplasm of the ascending colon with metastases\"},\"onsetDateTime\":\"2001-01-01\","
    "\"abatementDateTime\":\"2005-01-01\"}},"
    "{\"resource\":{\"resourceType\":\"MedicationRequest\",\"id\":\"m\",\"status\":\"a-status-that-is-much-longer-than-any\","
    "\"medicationCodeableConcept\":{\"text\":\"Colchicine\"},\"authoredOn\":\"2012-03-04\"}},"
    "{\"resource\":{\"resourceType\":\"AllergyIntolerance\",\"id\":\"a\",\"code\":{\"text\":\"Penicillin\"},\"reaction\":[{"
    "\"manifestation\":[{\"text\":\"A long list of what came of it, rash and swelling and trouble with breathing, and more\"}]}]}},"
    "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o1\",\"code\":{\"text\":\"Urate\"},\"effectiveDateTime\":\"2011-01-01\","
    "\"valueQuantity\":{\"value\":4,\"unit\":\"mg/dL\"}}},"
    "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o2\",\"code\":{\"text\":\"Urate\"},\"effectiveDateTime\":\"2019-01-01\","
    "\"valueQuantity\":{\"value\":9.25,\"unit\":\"mg/dL\"},\"referenceRange\":[{\"low\":{\"value\":2},\"high\":{\"value\":7}}]}},"
    "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o3\",\"code\":{\"text\":\"Rate\"},\"effectiveDateTime\":\"2019-01-01\","
    "\"valueQuantity\":{\"value\":123456,\"unit\":\"units of something very long\"},\"referenceRange\":[{\"low\":{\"value\":2},"
    "\"high\":{\"value\":7}}]}},"
    "{\"resource\":{\"resourceType\":\"Encounter\",\"id\":\"e\",\"class\":{\"code\":\"EMER\"},\"period\":{\"start\":\"2019-01-01\"}}}]}";

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 64 * MIB);
    setenv("COLUMNS", "80", 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

static char *picture_of(const char *text)
{
    char *drawn = NULL, *kept;
    size_t size = 0;
    FILE *file = open_memstream(&drawn, &size);
    struct record record;
    struct parsed parsed;
    uint32_t as_facts;
    struct error err;

    if (context_read_bundle(slice_from(text), &arena, &record, &parsed, &as_facts, &err)
        != STATUS_OK)
        fail_msg("%s", err.text);
    assert_int_equal(timeline_draw(&record, file, &err), STATUS_OK);
    fclose(file);
    kept = arena_string(&arena, slice_of(drawn, size));
    free(drawn);
    return kept;
}

static unsigned columns_of(struct slice line)
{
    unsigned columns = 0;

    for (size_t i = 0; i < line.size; i++)
        columns += ((unsigned char)line.data[i] & 0xc0) != 0x80;
    return columns;
}

/* The row that begins with @label. */
static struct slice row_of(const char *picture, const char *label)
{
    struct slice left = slice_from(picture);

    while (left.size > 0) {
        size_t end = slice_find_byte(left, '\n');
        struct slice line = slice_cut(left, 0, end);

        if (slice_starts_with(line, slice_from(label)))
            return line;
        left = slice_cut(left, end + 1, left.size);
    }
    fail_msg("no row begins with %s", label);
    return left;
}

/* What stands in the middle, a mark for each column: a bar, a point, a blank, another. */
static const char *middle_of(struct slice row)
{
    char *marks = arena_alloc(&arena, 256);
    unsigned column = 0, count = 0;

    for (size_t i = 0; i < row.size && count < 30; i++) {
        struct slice rest = slice_cut(row, i, row.size);

        if (((unsigned char)row.data[i] & 0xc0) == 0x80 || column++ < LABEL_COLUMNS + 1)
            continue;
        marks[count++] = slice_starts_with(rest, SLICE("━"))   ? '='
                         : slice_starts_with(rest, SLICE("●")) ? 'o'
                         : slice_starts_with(rest, SLICE(" ")) ? ' '
                                                               : '#';
    }
    marks[count] = '\0';
    return marks;
}

static void no_line_is_wider_than_the_terminal(void **state)
{
    struct slice left = slice_from(picture_of(bundle));

    (void)state;
    while (left.size > 0) {
        size_t end = slice_find_byte(left, '\n');

        assert_true(columns_of(slice_cut(left, 0, end)) <= 80);
        left = slice_cut(left, end + 1, left.size);
    }
}

/* 2001 to 2019 in thirty columns. */
static void what_lasts_is_a_bar_from_its_beginning_to_its_end(void **state)
{
    const char *picture = picture_of(bundle);

    (void)state;
    assert_string_equal(middle_of(row_of(picture, "Gout ")), "              ================");
    assert_string_equal(middle_of(row_of(picture, "Malignant neoplasm of the …")),
                        "=======                       ");
    assert_string_equal(middle_of(row_of(picture, "Colchicine ")),
                        "                 o            ");
    assert_true(slice_ends_with(row_of(picture, "Gout "), SLICE(" active")));
}

static void a_measurement_ends_with_its_last_value_flag_and_range(void **state)
{
    const char *picture = picture_of(bundle);

    (void)state;
    assert_true(slice_ends_with(row_of(picture, "Urate "), SLICE(" 9.25↑ mg/dL (2–7)")));
    assert_true(slice_starts_with(row_of(picture, "emergency"), SLICE("emergency")));
    assert_true(slice_ends_with(row_of(picture, "emergency"), SLICE(" 1")));
}

static void a_record_of_nothing_has_a_picture(void **state)
{
    (void)state;
    assert_true(slice_starts_with(
        slice_from(picture_of("{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{"
                              "\"resourceType\":\"Patient\",\"id\":\"p\"}}]}")),
        SLICE("sex not recorded")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_line_is_wider_than_the_terminal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_lasts_is_a_bar_from_its_beginning_to_its_end, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_measurement_ends_with_its_last_value_flag_and_range,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_of_nothing_has_a_picture, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

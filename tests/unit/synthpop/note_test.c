#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/utf8.h"
#include "population.h"

static bool contains(struct slice text, const char *part)
{
    return memmem(text.data, text.size, part, strlen(part)) != NULL;
}

static void notes_name_the_patient_and_are_text(void **state)
{
    struct population population = {
        .seed = 3, .age_min = 50, .age_max = 80, .today = population_today()
    };
    unsigned i, j, titles = 0, count = 0;
    char seen[16] = "";
    struct record record;
    struct arena arena;

    (void)state;
    arena_init(&arena, RECORD_ARENA_BYTES);
    for (i = 0; i < 30; i++) {
        population_create(&population, i, &arena, &record);
        for (j = 0; j < record.note_count; j++) {
            const struct note *note = &record.note_list[j];

            assert_true(contains(note->text, record.person.name.family));
            assert_true(utf8_is_valid(note->text));
            assert_in_range(note->text.size, 100, 4000);
            if (strchr(seen, note->title[0]) == NULL)
                seen[titles++] = note->title[0];
            count++;
        }
        arena_close(&arena);
    }
    assert_true(count > 60);
    assert_int_equal(titles, 5); /* one style, one initial: P, C, T, E, B */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_name_the_patient_and_are_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

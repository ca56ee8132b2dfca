/* Whose name a name is, beside the rule said in full: every form that was met is compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "deid_person.h"
#include "deid_surrogate.h"

#define NAMES_COUNT 1500

struct people {
    struct arena arena;
    struct deid_map map;
};

static void people_open(struct people *people)
{
    arena_init(&people->arena, (size_t)256 << 20);
    deid_map_init(&people->map, DEID_PROFILE_LIMITED, &people->arena);
}

static void people_close(struct people *people)
{
    arena_close(&people->arena);
}

static const struct deid_entry *meet(struct people *people, const char *name)
{
    struct deid_entry *entry;

    assert_int_equal(
        deid_surrogate_person(&people->map, slice_from(name), false, false, &entry, NULL),
        STATUS_OK);
    return entry;
}

static void forms_of_a_name_are_one_person(void **state)
{
    static const struct {
        const char *name;
        uint32_t number;
    } rows[] = {
        { "John Smith", 1 },   { "Smith", 1 },     { "Smith, John", 1 },
        { "JOHN SMITH", 1 },   { "J. Smith", 1 },  { "Anna Smith", 2 },
        { "Anna", 2 },         { "John", 1 },      { "Smith, A", 2 },
        { "Zoe A Kay", 3 },    { "A", 4 },         { "Adam Jones", 5 },
        { "John Q Smith", 1 }, { "J Q S", 6 },     { "Quincy Smith", 7 },
        { "Kay Zoe", 3 },      { "José Peña", 8 }, { "PEÑA", 9 },
        { "Peña", 8 },
    };
    struct people people;

    (void)state;
    people_open(&people);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (meet(&people, rows[i].name)->number != rows[i].number)
            fail_msg("%s is %u", rows[i].name, meet(&people, rows[i].name)->number);
    people_close(&people);
}

/* ---- the rule in full ---- */

static unsigned words_of(const char *name, char words[8][16])
{
    unsigned count = 0;

    while (sscanf(name, "%15s", words[count]) == 1 && count < 7) {
        name = strstr(name, words[count]) + strlen(words[count]);
        for (char *c = words[count]; *c != 0; c++)
            *c = (char)tolower(*c);
        count++;
    }
    return count;
}

static bool is_in(const char *word, char words[8][16], unsigned count, bool *is_shared)
{
    bool is = false;

    for (unsigned i = 0; i < count; i++) {
        bool is_initial = strlen(word) == 1 || strlen(words[i]) == 1;

        is |= is_initial ? word[0] == words[i][0] : strcmp(word, words[i]) == 0;
        *is_shared |= strlen(word) > 1 && strcmp(word, words[i]) == 0;
    }
    return is;
}

static bool can_be_one(const char *a, const char *b)
{
    char words[2][8][16];
    unsigned counts[2] = { words_of(a, words[0]), words_of(b, words[1]) };
    bool all[2] = { true, true }, is_shared = false;

    for (unsigned side = 0; side < 2; side++)
        for (unsigned i = 0; i < counts[side]; i++)
            all[side] &= is_in(words[side][i], words[1 - side], counts[1 - side], &is_shared);
    return (all[0] || all[1]) && is_shared;
}

static uint32_t number_in_full(char names[][64], const uint32_t *numbers, unsigned count,
                               uint32_t new)
{
    const char *name = names[count];

    for (unsigned i = 0; i < count; i++) {
        bool is = can_be_one(name, names[i]);

        for (unsigned j = 0; is && strchr(name, ' ') != NULL && j < count; j++)
            is = numbers[j] != numbers[i] || strchr(names[j], ' ') == NULL
                 || can_be_one(name, names[j]);
        if (is)
            return numbers[i];
    }
    return new;
}

/* One to four words, some of them initials, of a few hundred. */
static void name_make(char *name)
{
    unsigned words = 1 + randombytes_uniform(4);

    name[0] = 0;
    for (unsigned i = 0; i < words; i++) {
        unsigned word = randombytes_uniform(400);
        char *end = name + strlen(name);

        snprintf(end, 16, "%s%c%s%c", i == 0 ? "" : " ", (int)('a' + word % 13),
                 word % 2 == 0 ? "an" : "EO", (int)('a' + word / 13 % 26));
        if (randombytes_uniform(6) == 0)
            end[i == 0 ? 1 : 2] = 0;
    }
}

static void the_index_finds_whom_a_comparison_with_everybody_finds(void **state)
{
    static char names[NAMES_COUNT][64];
    static uint32_t numbers[NAMES_COUNT];
    struct people people;
    unsigned count = 0;
    uint32_t people_count = 0;

    (void)state;
    people_open(&people);
    while (count < NAMES_COUNT) {
        uint32_t number;

        name_make(names[count]);
        if (deid_map_find(&people.map, slice_from(names[count])) != NULL)
            continue;
        number = number_in_full(names, numbers, count, people_count + 1);
        if (number > people_count)
            people_count = number;
        numbers[count] = number;
        if (meet(&people, names[count])->number != number)
            fail_msg("name %u, \"%s\": %u, and not %u", count, names[count],
                     meet(&people, names[count])->number, number);
        count++;
    }
    assert_true(people_count > 10 && people_count < NAMES_COUNT);
    people_close(&people);
}

static void each_form_of_a_person_has_a_letter_of_its_own(void **state)
{
    struct people people;
    struct deid_entry *entry;
    char name[128];

    (void)state;
    people_open(&people);
    for (uint32_t i = 0; i < 60; i++) {
        snprintf(name, sizeof(name), "Smith%.*s", (int)i,
                 "............................................................");
        assert_int_equal(meet(&people, name)->variant, i);
        assert_int_equal(
            deid_surrogate_person(&people.map, slice_from(name + 1), true, true, &entry, NULL),
            STATUS_OK);
        assert_int_equal(entry->variant, i);
        assert_int_equal(entry->number, DEID_PERSON_PATIENT);
    }
    people_close(&people);
}

static void no_room_is_an_error(void **state)
{
    struct people people;
    struct deid_entry *entry;
    struct error err = { 0 };
    char name[32];
    enum status status = STATUS_OK;

    (void)state;
    arena_init(&people.arena, 64 << 10);
    deid_map_init(&people.map, DEID_PROFILE_LIMITED, &people.arena);
    for (unsigned i = 0; status == STATUS_OK && i < 100000; i++) {
        snprintf(name, sizeof(name), "N%u", i);
        status = deid_surrogate_person(&people.map, slice_from(name), false, true, &entry, &err);
    }
    assert_int_equal(status, STATUS_RESOURCE_EXHAUSTED);
    people_close(&people);
}

static int setup(void **state)
{
    (void)state;
    return sodium_init() < 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_of_a_name_are_one_person),
        cmocka_unit_test(the_index_finds_whom_a_comparison_with_everybody_finds),
        cmocka_unit_test(each_form_of_a_person_has_a_letter_of_its_own),
        cmocka_unit_test(no_room_is_an_error),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "tokenizer_unicode.h"

static void knows_the_classes_of_code_points(void **state)
{
    static const struct {
        uint32_t point;
        enum tokenizer_class class;
    } cases[] = {
        { 'a', TOKENIZER_CLASS_LOWER },      { 'Z', TOKENIZER_CLASS_UPPER },
        { '7', TOKENIZER_CLASS_NUMBER },     { ' ', TOKENIZER_CLASS_SPACE },
        { '\r', TOKENIZER_CLASS_SPACE },     { 0x1C, TOKENIZER_CLASS_OTHER },
        { 0x85, TOKENIZER_CLASS_SPACE },     { 0xA0, TOKENIZER_CLASS_SPACE },
        { 0xAA, TOKENIZER_CLASS_LETTER },    { 0xB2, TOKENIZER_CLASS_NUMBER },
        { 0xD7, TOKENIZER_CLASS_OTHER },     { 0x1C5, TOKENIZER_CLASS_UPPER },
        { 0x301, TOKENIZER_CLASS_MARK },     { 0x4E2D, TOKENIZER_CLASS_LETTER },
        { 0x9FFF, TOKENIZER_CLASS_LETTER },  { 0x2167, TOKENIZER_CLASS_NUMBER },
        { 0x3000, TOKENIZER_CLASS_SPACE },   { 0x1F600, TOKENIZER_CLASS_OTHER },
        { 0xAC00, TOKENIZER_CLASS_LETTER },  { 0x323AF, TOKENIZER_CLASS_LETTER },
        { 0x10FFFF, TOKENIZER_CLASS_OTHER }, { UINT32_MAX, TOKENIZER_CLASS_OTHER },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(tokenizer_unicode_class(cases[i].point), cases[i].class);
}

static void gives_simple_lower_case(void **state)
{
    (void)state;
    assert_int_equal(tokenizer_unicode_lower('Q'), 'q');
    assert_int_equal(tokenizer_unicode_lower('q'), 'q');
    assert_int_equal(tokenizer_unicode_lower(0xC9), 0xE9);
    assert_int_equal(tokenizer_unicode_lower(0x410), 0x430);
    assert_int_equal(tokenizer_unicode_lower(0x4E2D), 0x4E2D);
}

/* "0041 030A" → UTF-8. */
static struct slice parse_points(const char *field, char *bytes)
{
    size_t size = 0;
    char *end;

    for (;;) {
        unsigned long point = strtoul(field, &end, 16);

        if (end == field)
            return slice_of(bytes, size);
        size += utf8_encode((uint32_t)point, bytes + size);
        field = end;
    }
}

/* Code points that came after the version of the normal forms. */
static unsigned char is_newer[TOKENIZER_POINTS];

static void read_ages(void)
{
    FILE *file = fopen("/usr/share/unicode/DerivedAge.txt", "r");
    char line[512];

    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        unsigned first, last;
        char *age = strchr(line, ';');

        if (line[0] == '#' || age == NULL || atof(age + 1) < 9.1)
            continue;
        if (sscanf(line, "%x..%x", &first, &last) < 2)
            last = first;
        for (; first <= last; first++)
            is_newer[first] = 1;
    }
    if (file != NULL)
        fclose(file);
}

static bool has_newer(struct slice text)
{
    size_t step;

    for (size_t at = 0; at < text.size; at += step) {
        if (is_newer[utf8_decode(slice_cut(text, at, text.size), &step)])
            return true;
    }
    return false;
}

static void assert_forms(char *line)
{
    char bytes[3][512];
    struct slice source, nfc, nfd;
    struct arena arena;
    char *fields[3];

    for (int i = 0; i < 3; i++)
        fields[i] = strsep(&line, ";");
    source = parse_points(fields[0], bytes[0]);
    nfc = parse_points(fields[1], bytes[1]);
    nfd = parse_points(fields[2], bytes[2]);
    if (has_newer(source) || has_newer(nfd))
        return;
    arena_init(&arena, 1 << 20);
    assert_true(slice_equal(tokenizer_unicode_nfc(source, &arena), nfc));
    assert_true(slice_equal(tokenizer_unicode_nfc(nfc, &arena), nfc));
    assert_true(slice_equal(tokenizer_unicode_nfc(nfd, &arena), nfc));
    assert_true(slice_equal(tokenizer_unicode_nfd(source, &arena), nfd));
    assert_true(slice_equal(tokenizer_unicode_nfd(nfc, &arena), nfd));
    arena_close(&arena);
}

/* The tests that the Unicode Consortium publishes, from Debian's package unicode-data. */
static void gives_the_published_normal_forms(void **state)
{
    FILE *file = popen("bzcat /usr/share/unicode/NormalizationTest.txt.bz2 2>/dev/null", "r");
    char line[2048];
    int count = 0;

    (void)state;
    assert_non_null(file);
    read_ages();
    while (fgets(line, sizeof(line), file) != NULL) {
        if (line[0] == '#' || line[0] == '@' || strchr(line, ';') == NULL)
            continue;
        assert_forms(line);
        count++;
    }
    pclose(file);
    if (count == 0)
        skip();
    assert_true(count > 18000);
}

static void leaves_what_is_no_utf8(void **state)
{
    struct slice text = SLICE("a\xff"
                              "e\xcc\x81\xe2\x80");
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    assert_true(slice_is(tokenizer_unicode_nfc(text, &arena), "a\xff\xc3\xa9\xe2\x80"));
    arena_close(&arena);
}

/* U+07FD came with Unicode 11 as a mark below: the reference takes it for a letter, over which no
 * mark moves. */
static void leaves_marks_that_came_later_where_they_are(void **state)
{
    struct slice text = SLICE("q\xcc\x87\xdf\xbd\xcc\xa3");
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    assert_true(slice_equal(tokenizer_unicode_nfc(text, &arena), text));
    arena_close(&arena);
}

/* A run of marks is put in order in a time that grows with its length. */
static void takes_a_long_run_of_marks(void **state)
{
    size_t size = 400000;
    char *text = malloc(size);
    struct slice sorted;
    struct arena arena;

    (void)state;
    for (size_t i = 0; i < size; i += 4)
        memcpy(text + i, "\xcc\x81\xcc\xa3", 4); /* above, below */
    arena_init(&arena, 64 << 20);
    sorted = tokenizer_unicode_nfc(slice_of(text, size), &arena);
    assert_int_equal(sorted.size, size);
    assert_memory_equal(sorted.data, "\xcc\xa3\xcc\xa3", 4);
    assert_memory_equal(sorted.data + size - 4, "\xcc\x81\xcc\x81", 4);
    arena_close(&arena);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_classes_of_code_points),
        cmocka_unit_test(gives_simple_lower_case),
        cmocka_unit_test(gives_the_published_normal_forms),
        cmocka_unit_test(leaves_what_is_no_utf8),
        cmocka_unit_test(leaves_marks_that_came_later_where_they_are),
        cmocka_unit_test(takes_a_long_run_of_marks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

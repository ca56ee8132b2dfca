/* Texts: each class in several forms, what must stay, offsets, and the way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "deid_redact.h"
#include "deid_restore.h"
#include "deid_setup.h"

static struct arena arena;
static struct deid_map map;
static struct deid_redactor redactor;

static struct slice redact(const char *text)
{
    struct slice output, restored;

    assert_int_equal(deid_redact_text(&redactor, slice_from(text), false, &output, NULL),
                     STATUS_OK);
    assert_int_equal(deid_restore_text(&map, output, &arena, &restored, NULL), STATUS_OK);
    assert_true(slice_is(restored, text));
    return output;
}

static bool has(struct slice text, const char *what)
{
    return memmem(text.data, text.size, what, strlen(what)) != NULL;
}

static void finds_every_class_in_its_forms(void **state)
{
    static const struct {
        const char *text, *gone;
        enum deid_class class;
    } rows[] = {
        { "Seen by Dr. Okonjo today.", "Okonjo", DEID_CLASS_NAME },
        { "Patient: Marta Vale-Lindgren", "Lindgren", DEID_CLASS_NAME },
        { "his wife Odalys called", "Odalys", DEID_CLASS_NAME },
        { "Edythe31 Morar593 is well", "Morar593", DEID_CLASS_NAME },
        { "Signed: Jo Bergqvist, RN", "Bergqvist", DEID_CLASS_NAME },
        { "lives at 88 Magnolia Ct, Pittsburgh PA 15217", "Magnolia", DEID_CLASS_GEOGRAPHY },
        { "Transferred from Mount Sinai yesterday", "Mount Sinai", DEID_CLASS_GEOGRAPHY },
        { "She was admitted to Mass General. Stable", "Mass General", DEID_CLASS_GEOGRAPHY },
        { "treated at St. Brigid's Hospital", "Brigid", DEID_CLASS_GEOGRAPHY },
        { "moved to San Antonio last year", "San Antonio", DEID_CLASS_GEOGRAPHY },
        { "on 03/14/1958 he", "03/14", DEID_CLASS_DATE },
        { "on March 4th, 2019 she", "March", DEID_CLASS_DATE },
        { "at 2019-03-04T10:11:12Z", "2019-03-04", DEID_CLASS_DATE },
        { "echo on 4/19 showed", "4/19", DEID_CLASS_DATE },
        { "a 93-year-old woman", "93", DEID_CLASS_DATE },
        { "call (919) 555-7821 or", "7821", DEID_CLASS_PHONE },
        { "reach +44 20 7952 7952 now", "7952", DEID_CLASS_PHONE },
        { "Fax: 615-555-3382", "3382", DEID_CLASS_FAX },
        { "write to m.holl@example.org", "holl", DEID_CLASS_EMAIL },
        { "SSN 512-44-9876", "9876", DEID_CLASS_SSN },
        { "MRN: #SF-998877", "998877", DEID_CLASS_MRN },
        { "Policy number HX778812", "HX778812", DEID_CLASS_HEALTH_PLAN },
        { "account no. 00341129", "00341129", DEID_CLASS_ACCOUNT },
        { "License number D99-1234-55", "D99", DEID_CLASS_LICENSE },
        { "VIN 1HGBH41JXMN109186", "1HGBH41JXMN109186", DEID_CLASS_VEHICLE },
        { "serial number ABX-77120", "77120", DEID_CLASS_DEVICE },
        { "see https://example.org/u?id=7", "example", DEID_CLASS_URL },
        { "from 192.168.17.4 today", "192.168", DEID_CLASS_IP },
        { "voiceprint ID VP-99817", "99817", DEID_CLASS_BIOMETRIC },
        { "order LB-26-44819 sent", "44819", DEID_CLASS_OTHER },
        { "reach \xd0\xa1"
          "ecilia Rodriguez",
          "ecilia", DEID_CLASS_NAME },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t before = redactor.counts[rows[i].class];
        struct slice output = redact(rows[i].text);

        if (has(output, rows[i].gone) || redactor.counts[rows[i].class] == before)
            print_message("row %zu: %.*s\n", i, SLICE_FORMAT(output));
        assert_false(has(output, rows[i].gone));
        assert_true(redactor.counts[rows[i].class] > before);
    }
}

static void leaves_medicine_alone(void **state)
{
    static const char *const rows[] = {
        "Parkinson's disease with Foley catheter, Babinski sign negative.",
        "Cushing syndrome; McMurray test positive; Graves disease.",
        "BP 120/80, HR 72, strength 5/5, 2/6 systolic murmur, EF 45-50%.",
        "metoprolol 25 mg bid, lisinopril 10 mg, insulin 12 units.",
        "A1c 7.2 %, creatinine 1.84, LOINC 4548-4, ICD E11.9.",
        "PCI in 2019, a 67-year-old man, stage 3 CKD.",
        "White blood cell count 8.2, no rose spots, may return.",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice output = redact(rows[i]);

        if (!slice_is(output, rows[i]))
            print_message("row %zu: %.*s\n", i, SLICE_FORMAT(output));
        assert_true(slice_is(output, rows[i]));
    }
}

static void one_person_has_one_surrogate(void **state)
{
    struct slice a = redact("Dr. Priya Subramanian saw him."),
                 b = redact("Dr. Subramanian called.");
    size_t dash = slice_find_byte(a, '-');

    (void)state;
    assert_true(dash + 2 < a.size);
    assert_memory_equal(a.data, b.data, dash + 2);
}

static void what_reads_like_a_surrogate_comes_back_too(void **state)
{
    (void)state;
    assert_false(has(redact("Person-1 and Place-2, Observation/o1, --4-19."), "Person-1 "));
}

static void what_is_glued_to_a_word_comes_back_too(void **state)
{
    (void)state;
    assert_false(has(redact("Call 0(919) 555-7821 or (919) 555-78219 now"), "555-7821 "));
    assert_false(has(redact("by m.holl@example.org03/14/1958x"), "holl"));
}

static void offsets_are_of_the_callers_bytes(void **state)
{
    static const char text[] = "\xe2\x80\x9cS\xc3\xa9"
                               "an\xe2\x80\x9d \xe2\x80\x94 Dr. Zo\xc3\xab Adams\xe2\x80\x8b here";
    struct deid_spans spans;

    (void)state;
    assert_int_equal(deid_inspect_text(&redactor, slice_from(text), &spans, NULL), STATUS_OK);
    assert_true(spans.count > 0);
    assert_int_equal(spans.items[spans.count - 1].start, strstr(text, "Dr.") - text);
    assert_int_equal(spans.items[spans.count - 1].end, strstr(text, " here") - text);
}

/* Whether @part, where it stands last in @text, is in one of @spans. */
static bool is_within(const struct deid_spans *spans, struct slice text, const char *part)
{
    size_t size = strlen(part), at = text.size - size;

    while (at > 0 && memcmp(text.data + at, part, size) != 0)
        at--;
    for (unsigned i = 0; i < spans->count; i++)
        if (spans->items[i].start <= at && at + size <= spans->items[i].end)
            return true;
    return false;
}

static void control_characters_hide_nothing(void **state)
{
    const struct {
        struct slice text;
        const char *gone;
    } rows[] = {
        { SLICE("seen by Dr. Okon\x01jo today"), "jo" },
        { SLICE("seen by Dr. Amara\x02Okonjo today"), "Okonjo" },
        { SLICE("seen by Dr. Okon\0jo today"), "jo" },
        { SLICE("call (919) 555-\x1f"
                "7821 now"),
          "7821" },
        { SLICE("born 03/1\x7f"
                "4/1958"),
          "1958" },
        { SLICE("seen by Dr. Oko\xc2\x81njo today"), "njo" },
        { SLICE("seen by Dr. Oko&#2;njo today"), "njo" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (int is_markup = 0; is_markup < 2; is_markup++) {
            struct slice output, restored;
            struct deid_spans spans;

            assert_int_equal(deid_redact_text(&redactor, rows[i].text, is_markup, &output, NULL),
                             STATUS_OK);
            assert_false(has(output, rows[i].gone));
            assert_int_equal(deid_inspect_text(&redactor, rows[i].text, &spans, NULL), STATUS_OK);
            assert_true(is_within(&spans, rows[i].text, rows[i].gone));
            assert_int_equal(deid_restore_text(&map, output, &arena, &restored, NULL), STATUS_OK);
            assert_true(slice_equal(restored, rows[i].text));
        }
}

static void refuses_what_is_not_utf8(void **state)
{
    struct slice output;

    (void)state;
    assert_int_equal(deid_redact_text(&redactor, SLICE("Dr. \xff\xfe"), false, &output, NULL),
                     STATUS_INVALID_ARGUMENT);
}

static void markup_hides_nothing(void **state)
{
    static const struct {
        const char *text, *gone;
    } rows[] = {
        { "<div><b>Seen</b> by Dr. Ok&#111;njo.</div>", "njo" },
        { "<p title=\"Dr. Ok&#111;njo\">x</p>", "njo" },
        { "<p title=Okonjo, Dr. Okonjo>x</p>", "Okonjo" },
        { "<!-- seen by Dr. Okonjo -->", "Okonjo" },
        { "<![CDATA[seen by Dr. Okonjo]]>", "Okonjo" },
        { "BP <120 as seen by Dr. Okonjo", "Okonjo" },
        { "<p style=\"> seen by Dr. Okonjo", "Okonjo" },
        { "<p>born 1958&#x2d;03-14</p>", "03-14" },
        { "<p><b>Dr.</b> Okonjo came</p>", "Okonjo" },
        { "<p><b>Dr.</b><i class=\"x\">Okonjo</i></p>", "Okonjo" },
        { "<p>Dr. <a href=\"#x\">Okonjo</a></p>", "Okonjo" },
        { "<td><span>Smith</span>, <i>John</i></td>", "Smith" },
        { "<td><span>Smith,</span><i>John</i></td>", "Smith" },
        { "<p>Dr. Oko<b>njo</b> came</p>", "Oko" },
        { "<p>Dr. Oko<b title=\"Dr. Okonjo\">njo</b> came</p>", "njo" },
        { "<p>Dr. Amara</p><p>call (919) 555-<b>78</b>21 now</p>", "21 now" },
        { "<p>call (919) 5<B>55-7821</B> now</p>", "7821" },
        { "<p><span>Fax</span><span>919-555-3382</span></p>", "3382" },
        { "<p>born 1958-<b>03</b>-14 here</p>", "-14" },
        { "<b title=\"seen by Dr. Okonjo\">x</b>", "Okonjo" },
        { "<b seen by Dr. Okonjo", "Okonjo" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice text = slice_from(rows[i].text), output, restored;

        assert_int_equal(deid_redact_text(&redactor, text, true, &output, NULL), STATUS_OK);
        if (has(output, rows[i].gone))
            print_message("row %zu: %.*s\n", i, SLICE_FORMAT(output));
        assert_false(has(output, rows[i].gone));
        assert_int_equal(deid_restore_text(&map, output, &arena, &restored, NULL), STATUS_OK);
        assert_true(slice_equal(restored, text));
    }
}

static void blocks_of_markup_part_words(void **state)
{
    static const char *const rows[] = { "<td>Dr.</td><td>Stable</td>",
                                        "<p>dose 919</p><p>555-78</p>",
                                        "H<sub>2</sub>O, <b>A1c</b> 7.2 %" };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice output;

        assert_int_equal(deid_redact_text(&redactor, slice_from(rows[i]), true, &output, NULL),
                         STATUS_OK);
        assert_true(slice_is(output, rows[i]));
    }
}

static void a_date_in_a_broken_tag_comes_back(void **state)
{
    static const char *const rows[] = {
        "<p style=\"2019-03-04\">on 2019-03-05</p>", "<p /2019-03-04/>x", "<p=2019-03-04 'x>",
        "<b style='--03-04'>Dr. Okonjo</b>",         "<p a=2019-03=-04>", "<2019<p>-03-04"
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct slice text = slice_from(rows[i]), output, restored;

        assert_int_equal(deid_redact_text(&redactor, text, true, &output, NULL), STATUS_OK);
        assert_int_equal(deid_restore_text(&map, output, &arena, &restored, NULL), STATUS_OK);
        if (!slice_equal(restored, text))
            print_message("row %zu: %.*s\n", i, SLICE_FORMAT(output));
        assert_true(slice_equal(restored, text));
    }
}

static int setup(void **state)
{
    arena_init(&arena, (size_t)64 << 20);
    return deid_setup(state);
}

static int test_setup(void **state)
{
    (void)state;
    deid_map_init(&map, DEID_PROFILE_LIMITED, &arena);
    return deid_redactor_init(&redactor, &rules, &map, &arena, NULL) != STATUS_OK;
}

static int test_teardown(void **state)
{
    (void)state;
    deid_redactor_close(&redactor);
    return 0;
}

static int teardown(void **state)
{
    arena_close(&arena);
    return deid_teardown(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_every_class_in_its_forms),
        TEST(leaves_medicine_alone),
        TEST(one_person_has_one_surrogate),
        TEST(what_reads_like_a_surrogate_comes_back_too),
        TEST(offsets_are_of_the_callers_bytes),
        TEST(control_characters_hide_nothing),
        TEST(refuses_what_is_not_utf8),
        TEST(blocks_of_markup_part_words),
        TEST(a_date_in_a_broken_tag_comes_back),
        TEST(markup_hides_nothing),
        TEST(what_is_glued_to_a_word_comes_back_too),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

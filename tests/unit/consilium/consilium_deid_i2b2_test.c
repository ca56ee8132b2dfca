/* The XML of the i2b2 challenges: small files of our own in the form that theirs have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <cmocka.h>

#include "base/utf8.h"
#include "consilium_deid_i2b2.h"

#define SPANS_MAX 16

struct seen {
    unsigned documents, spans;
    char ids[4][16], labels[SPANS_MAX][24], texts[SPANS_MAX][48], text[512];
    struct deid_meant meant[SPANS_MAX];
};

static enum status take(void *arg, const struct deid_gold *gold, struct arena *arena,
                        struct error *err)
{
    struct seen *seen = arg;
    unsigned i;

    (void)arena;
    (void)err;
    snprintf(seen->ids[seen->documents++], 16, "%.*s", SLICE_FORMAT(gold->id));
    snprintf(seen->text, sizeof(seen->text), "%.*s", SLICE_FORMAT(gold->text));
    for (i = 0; i < gold->spans_count; i++, seen->spans++) {
        struct slice text = deid_gold_cut(gold->text, gold->spans[i].start, gold->spans[i].end);

        assert_true(seen->spans < SPANS_MAX);
        snprintf(seen->labels[seen->spans], 24, "%.*s", SLICE_FORMAT(gold->spans[i].label));
        snprintf(seen->texts[seen->spans], 48, "%.*s", SLICE_FORMAT(text));
        seen->meant[seen->spans] = gold->spans[i].meant;
    }
    return STATUS_OK;
}

static const char of_2006[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ROOT>\n<RECORD ID=\"512\">\n<TEXT>\n"
    "Admission Date :\n<PHI TYPE=\"DATE\">04/11</PHI>/2003\n"
    "<PHI TYPE=\"PATIENT\">ODE , ANN</PHI> &amp; her sister, seen at <PHI TYPE=\"HOSPITAL\">Low "
    "&lt;Hill&gt;</PHI>\n</TEXT>\n</RECORD>\n"
    "<RECORD ID=\"513\"><TEXT>Nobody .</TEXT></RECORD>\n</ROOT>\n";

static const char of_2014[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<deIdi2b2>\n<TEXT><![CDATA[\n\nZo\xc3\xab Ode, 91, "
    "a miller,\r\nwas <seen> at Low & Hill on 2067-05-03.\n]]></TEXT>\n<TAGS>\n"
    "<NAME id=\"P0\" start=\"2\" end=\"9\" text=\"Zo\xc3\xab Ode\" TYPE=\"PATIENT\" comment=\"\" />\n"
    "<AGE id=\"P1\" start=\"11\" end=\"13\" text=\"91\" TYPE=\"AGE\" comment=\"a > b\" />\n"
    "<PROFESSION id=\"P2\" start=\"17\" end=\"23\" text=\"miller\" TYPE=\"PROFESSION\" comment=\"\" />\n"
    "<LOCATION id=\"P3\" start=\"39\" end=\"49\" text=\"Low &amp; Hill\" TYPE=\"OTHER\" comment=\"\" />\n"
    "<DATE id=\"P4\" start=\"53\" end=\"63\" text=\"2067-05-03\" TYPE=\"DATE\" comment=\"\" />\n"
    "</TAGS>\n</deIdi2b2>\n";

static void reads_labels_around_words(void **state)
{
    struct seen seen = { 0 };

    (void)state;
    assert_int_equal(deid_i2b2_parse(slice_from(of_2006), "x", NULL, take, &seen, NULL), STATUS_OK);
    assert_int_equal(seen.documents, 2);
    assert_string_equal(seen.ids[0], "512");
    assert_string_equal(seen.ids[1], "513");
    assert_string_equal(seen.text, "Nobody .");
    assert_int_equal(seen.spans, 3);
    assert_string_equal(seen.texts[0], "04/11");
    assert_string_equal(seen.labels[0], "DATE");
    assert_string_equal(seen.texts[1], "ODE , ANN");
    assert_int_equal(seen.meant[1].class, DEID_CLASS_NAME);
    assert_string_equal(seen.texts[2], "Low <Hill>");
    assert_int_equal(seen.meant[2].class, DEID_CLASS_GEOGRAPHY);
}

static void reads_labels_beside_the_text(void **state)
{
    struct seen seen = { 0 };

    (void)state;
    assert_int_equal(deid_i2b2_parse(slice_from(of_2014), "110-01", NULL, take, &seen, NULL),
                     STATUS_OK);
    assert_int_equal(seen.documents, 1);
    assert_string_equal(seen.ids[0], "110-01");
    assert_int_equal(seen.spans, 5);
    assert_string_equal(seen.texts[0], "Zo\xc3\xab Ode");
    assert_string_equal(seen.texts[1], "91");
    assert_int_equal(seen.meant[1].need, DEID_NEED_YES);
    assert_string_equal(seen.texts[2], "miller");
    assert_int_equal(seen.meant[2].need, DEID_NEED_OPEN);
    assert_string_equal(seen.texts[3], "Low & Hill");
    assert_string_equal(seen.labels[3], "LOCATION");
    assert_string_equal(seen.texts[4], "2067-05-03");
}

static void refuses_what_is_neither_without_its_text(void **state)
{
    static const char *const files[] = {
        "",
        "Qwzyx",
        "<ROOT></ROOT>",
        "<deIdi2b2><TEXT>Qwzyx &Qwzyx; x</TEXT></deIdi2b2>",
        "<deIdi2b2><TEXT><![CDATA[Qwzyx</TEXT></deIdi2b2>",
        "<deIdi2b2><TEXT>Qwzyx \xff</TEXT></deIdi2b2>",
        "<deIdi2b2><TEXT>Qwzyx</TEXT><TAGS><NAME start=\"2\" end=\"90\"/></TAGS></deIdi2b2>",
        "<deIdi2b2><TEXT>Qwzyx</TEXT><TAGS><NAME start=\"2\"/></TAGS></deIdi2b2>",
        "<deIdi2b2><TEXT>Qwzyx</TEXT",
        "<ROOT><!-- Qwzyx",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct seen seen = { 0 };
        struct error err = { 0 };

        assert_int_equal(deid_i2b2_parse(slice_from(files[i]), "x", NULL, take, &seen, &err),
                         STATUS_INVALID_ARGUMENT);
        assert_null(strcasestr(err.text, "qwzyx"));
    }
}

static void the_labels_mean_what_the_user_says(void **state)
{
    struct seen seen = { 0 };
    struct arena arena;
    struct json *mapping;

    (void)state;
    arena_init(&arena, 1 << 20);
    assert_int_equal(
        json_parse(SLICE("{\"PROFESSION\":\"OTHER\",\"HOSPITAL\":\"stay\",\"AGE\":\"open\"}"),
                   &arena, &mapping, NULL),
        STATUS_OK);
    assert_int_equal(deid_label_check(mapping, NULL), STATUS_OK);
    assert_int_equal(deid_i2b2_parse(slice_from(of_2014), "x", mapping, take, &seen, NULL),
                     STATUS_OK);
    assert_int_equal(seen.meant[1].need, DEID_NEED_OPEN);
    assert_int_equal(seen.meant[2].need, DEID_NEED_YES);
    assert_int_equal(seen.meant[2].class, DEID_CLASS_OTHER);
    assert_int_equal(json_parse(SLICE("{\"A\":\"NOTHING\"}"), &arena, &mapping, NULL), STATUS_OK);
    assert_int_equal(deid_label_check(mapping, NULL), STATUS_INVALID_ARGUMENT);
    arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_labels_around_words),
        cmocka_unit_test(reads_labels_beside_the_text),
        cmocka_unit_test(refuses_what_is_neither_without_its_text),
        cmocka_unit_test(the_labels_mean_what_the_user_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

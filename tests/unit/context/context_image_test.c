#include "context_fixture.h"

#include "context_image.h"
#include "context_slice.h"

static const char resources[] =
    "{'resourceType':'Patient','id':'p','gender':'female','birthDate':'1957'},"
    "{'resourceType':'Condition','id':'c','meta':{'versionId':'3','lastUpdated':'2020-01-01T00:00:00Z'},'clinicalStatus':{'coding':[{'code':"
    "'active'}]},'code':{'text':'Asthma'},'onsetDateTime':'1941-05-04T07:44:08+00:00'},"
    "{'resourceType':'Condition','id':'v','verificationStatus':{'coding':[{'code':'refuted'}]}},"
    "{'resourceType':'DocumentReference','id':'n','date':'2019-03-04','content':[{'attachment':{"
    "'contentType':'text/plain','data':'V2Fsa3MgZGFpbHksIHdhbGtzIGZhci4='}}]},"
    "{'resourceType':'Observation','id':'0b8a5f8e-93a1-4b0c-9d1e-00ff11ee22dd','code':{'text':'Glucose'},"
    "'effectiveDateTime':'2018-03-04T23:30:00-05:00','valueQuantity':{'value':-1.50,'unit':'mg/dL'}},"
    "{'resourceType':'Observation','id':'o','code':{'text':'Glucose'},'effectiveDateTime':'2019-03','valueQuantity':{'value':300,'unit':"
    "'mg/dL'},'referenceRange':[{'low':{'value':70.5},'high':{'value':99}}]}";

struct compiled {
    struct record record;
    struct courses courses;
    struct buffer bytes;
};

static void compile(struct compiled *compiled)
{
    read_record(resources, &compiled->record, NULL, NULL);
    assert_int_equal(courses_make(&compiled->record, &arena, &compiled->courses, &err), STATUS_OK);
    buffer_init(&compiled->bytes, &arena);
    image_encode(&compiled->record, &compiled->courses, &compiled->bytes);
    assert_false(compiled->bytes.is_full);
}

/* Where it lies cannot matter: a copy, as one that came from elsewhere. */
static struct slice moved(const struct compiled *compiled)
{
    return arena_copy(&arena, buffer_slice(&compiled->bytes));
}

static void assert_same_fact(const struct fact *a, const struct fact *b)
{
    assert_true(slice_equal(render_in(a, &arena), render_in(b, &arena)));
    assert_true(slice_equal(a->reference, b->reference));
    assert_true(slice_equal(a->version, b->version) && slice_equal(a->path, b->path));
    assert_true(slice_equal(a->codes, b->codes) && slice_equal(a->who, b->who));
    assert_true(slice_equal(a->also, b->also) && slice_equal(a->text, b->text));
    assert_int_equal(a->is_void, b->is_void);
    assert_memory_equal(&a->date, &b->date, sizeof(a->date));
    assert_memory_equal(&a->end, &b->end, sizeof(a->end));
    assert_memory_equal(&a->updated, &b->updated, sizeof(a->updated));
    assert_int_equal(a->measures_count, b->measures_count);
    for (uint32_t i = 0; i < a->measures_count; i++) {
        assert_true(a->measures[i].value.digits == b->measures[i].value.digits);
        assert_int_equal(a->measures[i].value.scale, b->measures[i].value.scale);
        assert_int_equal(a->measures[i].low.is_given, b->measures[i].low.is_given);
        assert_true(a->measures[i].high.digits == b->measures[i].high.digits);
        assert_true(slice_equal(a->measures[i].unit, b->measures[i].unit));
    }
}

static void an_image_holds_the_same_facts_wherever_it_lies(void **state)
{
    (void)state;
    struct compiled compiled;
    struct courses courses;
    struct record opened;
    struct slice bytes;

    compile(&compiled);
    bytes = moved(&compiled);
    assert_int_equal(image_check(bytes, &err), STATUS_OK);
    assert_true(image_open(bytes, &opened, &courses));
    assert_int_equal(opened.count, 6);
    assert_int_equal(opened.live, 5);
    assert_int_equal(opened.notes, 1);
    for (uint32_t i = 0; i < opened.count; i++)
        assert_same_fact(&compiled.record.facts[i], record_whole(&opened, i, &arena));
}

static void an_image_is_asked_as_the_record_is(void **state)
{
    (void)state;
    static const char *const questions[] = { "What was the last glucose?", "Does she walk?",
                                             "Has she ever had asthma?" };
    const struct slice_measure measure = { .bytes_per_token = 4 };
    struct compiled compiled;
    struct courses courses;
    struct record opened;

    compile(&compiled);
    assert_true(image_open(moved(&compiled), &opened, &courses));
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        struct slice question = slice_from(questions[i]);
        struct slice_text a, b;

        assert_int_equal(context_slice(&compiled.record, &compiled.courses, question, 500, &measure,
                                       0, &arena, &a, &err),
                         STATUS_OK);
        assert_int_equal(
            context_slice(&opened, &courses, question, 500, &measure, 0, &arena, &b, &err),
            STATUS_OK);
        assert_true(slice_equal(a.text, b.text));
        assert_true(a.text.size > 50);
    }
}

static void the_same_record_gives_the_same_image(void **state)
{
    (void)state;
    struct compiled compiled, again;

    compile(&compiled);
    compile(&again);
    assert_true(slice_equal(buffer_slice(&compiled.bytes), buffer_slice(&again.bytes)));
}

static void courses_of_other_tables_are_not_used(void **state)
{
    (void)state;
    struct compiled compiled;
    struct courses courses;
    struct record opened;

    compile(&compiled);
    ((struct image *)compiled.bytes.data)->tables++;
    assert_false(image_open(buffer_slice(&compiled.bytes), &opened, &courses));
    assert_int_equal(courses_make(&opened, &arena, &courses, &err), STATUS_OK);
    assert_int_equal(courses.count, compiled.courses.count);
}

static void every_cut_of_the_bytes_is_refused(void **state)
{
    (void)state;
    struct compiled compiled;

    compile(&compiled);
    for (size_t i = 0; i < compiled.bytes.size; i++)
        assert_int_equal(image_check(slice_of(compiled.bytes.data, i), &err), STATUS_DATA_LOSS);
}

/* All that may be asked of a record. */
static void use(struct slice bytes)
{
    const struct slice_measure measure = { .bytes_per_token = 4 };
    struct courses courses;
    struct record record;
    struct slice_text text;
    struct arena own;

    arena_init(&own, 64 * MIB);
    if (!image_open(bytes, &record, &courses)
        && courses_make(&record, &own, &courses, &err) != STATUS_OK)
        goto end;
    for (uint32_t i = 0; i < record.count; i++)
        assert_non_null(record_whole(&record, i, &own));
    context_slice(&record, &courses, SLICE("What was the last glucose? Does she walk?"), 500,
                  &measure, 0, &own, &text, &err);
end:
    arena_close(&own);
}

static void bytes_changed_anywhere_are_refused_or_do_no_harm(void **state)
{
    (void)state;
    static const unsigned char changes[] = { 0xff, 0x01, 0x80 };
    struct compiled compiled;
    size_t refused = 0;

    compile(&compiled);
    for (size_t i = 0; i < compiled.bytes.size; i++) {
        struct arena_mark mark = arena_mark(&arena);
        struct slice bytes = moved(&compiled);

        ((char *)bytes.data)[i] ^= (char)changes[i % sizeof(changes)];
        if (image_check(bytes, &err) == STATUS_OK)
            use(bytes);
        else
            refused++;
        arena_rewind(&arena, mark);
    }
    assert_true(refused > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_image_holds_the_same_facts_wherever_it_lies, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_image_is_asked_as_the_record_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_record_gives_the_same_image, set_up, tear_down),
        cmocka_unit_test_setup_teardown(courses_of_other_tables_are_not_used, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_cut_of_the_bytes_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_changed_anywhere_are_refused_or_do_no_harm, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

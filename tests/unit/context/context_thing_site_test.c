/* One process, one set of words: what is refused first, then what docs/context.md prints. */
#include "context_fixture.h"

#include "context_ask.h"
#include "context_thing_site.h"

static const char record_text[] =
    "{'resourceType':'Patient','id':'p','gender':'male','birthDate':'1950'},"
    "{'resourceType':'Condition','id':'lc','clinicalStatus':{'coding':[{'code':'active'}]},'code':{'text':'Post-acute COVID-19 syndrome'},"
    "'onsetDateTime':'2021-01-01'},"
    "{'resourceType':'MedicationRequest','id':'mf','status':'active','medicationCodeableConcept':{'text':'metformin 500 MG'},'authoredOn':"
    "'2018-02-01'}";

/* The indented lines of the part of docs/context.md that is about a site's own concepts and that
 * hold a semicolon. */
static struct slice printed_words(void)
{
    FILE *file = fopen("docs/context.md", "r");
    char line[1024];
    bool is_there = false;
    struct buffer words;

    if (file == NULL)
        return (struct slice){ NULL, 0 };
    buffer_init(&words, &arena);
    while (fgets(line, sizeof(line), file) != NULL) {
        is_there |= strncmp(line, "## A site's own concepts", 24) == 0;
        if (is_there && strncmp(line, "    ", 4) == 0 && strstr(line, "; ") != NULL)
            buffer_put_string(&words, line);
    }
    fclose(file);
    return buffer_slice(&words);
}

static bool bears(const char *question, const char *id)
{
    struct ask_question *asked = ARENA_NEW(&arena, struct ask_question);
    struct period period = { 0 };
    struct record record;
    struct courses courses;

    read_record(record_text, &record, NULL, NULL);
    assert_int_equal(courses_make(&record, &arena, &courses, &err), STATUS_OK);
    ask_read(slice_from(question), asked);
    for (size_t i = 0; i < courses.count; i++)
        if (slice_ends_with(record.facts[courses.items[i].facts[0]].reference, slice_from(id))
            && ask_bears(asked, &record, &courses.items[i], &period))
            return true;
    return false;
}

static void assert_line_refused(const char *line)
{
    static struct thing_row rows[THING_SITE_ROWS_MAX];
    uint32_t count;

    if (thing_site_parse(slice_from(line), &arena, rows, &count, &err) != STATUS_INVALID_ARGUMENT)
        fail_msg("'%s' was taken", line);
}

static void refuses_lines_that_are_no_row(void **state)
{
    (void)state;
    assert_line_refused("condition");
    assert_line_refused("condition; a");
    assert_line_refused("nonsense; a; b");
    assert_line_refused("condition; Capital; b");
    assert_line_refused("condition; a-name-that-is-longer-than-any-name-of-a-thing-may-be; b");
    assert_line_refused("condition; a; b; c; d");
    assert_line_refused("condition; a; two  blanks");
    assert_line_refused("condition; a; ab*");
    assert_line_refused("condition; a; *abc");
    assert_line_refused("condition; a; a b c d e f g h i");
    assert_line_refused("condition; a; wh*t");
    assert_line_refused("condition; a; x|");
}

static void the_words_that_the_document_prints_are_understood(void **state)
{
    struct slice words = printed_words();

    (void)state;
    if (words.size == 0)
        skip();
    if (things_add_words(words, &err) != STATUS_OK)
        fail_msg("%s", err.text);
    assert_true(bears("Does he have long covid?", "/lc"));
    assert_true(bears("Is he on Glucosan?", "/mf"));
    assert_false(bears("Is he on Glucosan?", "/lc"));
    assert_int_equal(things_add_words(words, &err), STATUS_FAILED_PRECONDITION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refuses_lines_that_are_no_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_words_that_the_document_prints_are_understood, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

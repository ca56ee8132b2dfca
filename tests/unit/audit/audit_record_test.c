#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "audit/audit_record.h"

static struct arena arena;
static struct buffer members;
static struct error err;

static int reset(void **state)
{
    (void)state;
    arena_init(&arena, 4 << 20);
    buffer_init(&members, &arena);
    return 0;
}

static int close_all(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

static const char *format(const struct audit_record *record)
{
    assert_int_equal(audit_record_format(record, 1700000000123, "gateway@host", &members, &err),
                     STATUS_OK);
    buffer_put_byte(&members, '\0');
    return members.data;
}

static void says_who_asked_what_on_which_facts_of_which_model(void **state)
{
    static const struct audit_fact facts[] = { { 1, "Patient/p1" }, { 12, "Observation/o17" } };
    struct audit_record record = {
        .action = AUDIT_ACTION_ASK,
        .caller = "spiffe://hospital/ehr",
        .tenant = "default",
        .patient = "00ff",
        .trace = "4bf9",
        .question = "aa",
        .model = "bb",
        .version = 3,
        .is_restored = true,
        .facts = facts,
        .facts_count = 2,
    };

    (void)state;
    assert_string_equal(
        format(&record),
        "\"time\":\"2023-11-14T22:13:20.123Z\",\"source\":\"gateway@host\",\"action\":\"ask\","
        "\"outcome\":\"OK\",\"caller\":\"spiffe://hospital/ehr\",\"tenant\":\"default\","
        "\"patient\":\"00ff\",\"trace\":\"4bf9\",\"question\":\"aa\",\"version\":3,"
        "\"facts\":[{\"id\":1,\"reference\":\"Patient/p1\"},{\"id\":12,\"reference\":\"Observation/"
        "o17\"}],\"model\":\"bb\",\"restored\":true");
}

static void leaves_out_what_nobody_said(void **state)
{
    struct audit_record record = { .action = AUDIT_ACTION_REFUSE,
                                   .outcome = STATUS_PERMISSION_DENIED };

    (void)state;
    assert_string_equal(format(&record),
                        "\"time\":\"2023-11-14T22:13:20.123Z\",\"source\":\"gateway@host\","
                        "\"action\":\"refuse\",\"outcome\":\"PERMISSION_DENIED\"");
}

static void a_callers_name_cannot_begin_a_line_or_end_a_string(void **state)
{
    struct audit_record record = { .caller = "a\"}\n{\"seq\":9", .tenant = "\xff\xfe" };
    const char *text = format(&record);

    (void)state;
    assert_null(strchr(text, '\n'));
    assert_non_null(strstr(text, "\"caller\":\"a\\\"}\\n{\\\"seq\\\":9\""));
    assert_non_null(strstr(text, "\"tenant\":\"?\""));
}

static void long_names_are_cut_at_a_code_point(void **state)
{
    char name[2 * AUDIT_TEXT_BYTES_MAX + 1];
    struct audit_record record = { .caller = name };
    const char *at, *end;

    (void)state;
    for (unsigned i = 0; i < AUDIT_TEXT_BYTES_MAX; i++)
        memcpy(name + 2 * (size_t)i, "\xc3\xa9", 2);
    memmove(name + 1, name, sizeof(name) - 2);
    name[0] = 'x';
    name[sizeof(name) - 1] = '\0';
    at = strstr(format(&record), "\"caller\":\"") + 10;
    end = strchr(at, '"');
    assert_int_equal(end - at, AUDIT_TEXT_BYTES_MAX - 1);
}

static void more_facts_than_a_line_holds_are_refused(void **state)
{
    enum { COUNT = 20000 };
    struct audit_fact *facts = calloc(COUNT, sizeof(*facts));
    struct audit_record record = { .facts = facts, .facts_count = COUNT };

    (void)state;
    for (unsigned i = 0; i < COUNT; i++)
        facts[i] = (struct audit_fact){ i, "Observation/o1" };
    assert_int_equal(audit_record_format(&record, 0, "x", &members, &err),
                     STATUS_RESOURCE_EXHAUSTED);
    free(facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(says_who_asked_what_on_which_facts_of_which_model, reset,
                                        close_all),
        cmocka_unit_test_setup_teardown(leaves_out_what_nobody_said, reset, close_all),
        cmocka_unit_test_setup_teardown(a_callers_name_cannot_begin_a_line_or_end_a_string, reset,
                                        close_all),
        cmocka_unit_test_setup_teardown(long_names_are_cut_at_a_code_point, reset, close_all),
        cmocka_unit_test_setup_teardown(more_facts_than_a_line_holds_are_refused, reset, close_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

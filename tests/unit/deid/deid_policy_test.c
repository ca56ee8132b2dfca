/* What a site adds, and the styles of what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "deid_redact.h"
#include "deid_restore.h"
#include "deid_seal.h"
#include "deid_setup.h"

struct run {
    struct arena arena;
    struct deid_map map;
    struct deid_policy policy;
    struct deid_redactor redactor;
    struct error err;
};

static void run_open(struct run *run, const char *policy, enum deid_profile profile)
{
    *run = (struct run){ 0 };
    arena_init(&run->arena, 256u << 20);
    deid_map_init(&run->map, profile, &run->arena);
    assert_int_equal(deid_policy_parse(slice_from(policy), &run->arena, &run->policy, &run->err),
                     STATUS_OK);
    assert_int_equal(deid_redactor_init(&run->redactor, &rules, &run->map, &run->arena, &run->err),
                     STATUS_OK);
    run->redactor.policy = &run->policy;
    run->map.style = run->policy.style;
}

static void run_close(struct run *run)
{
    deid_redactor_close(&run->redactor);
    arena_close(&run->arena);
}

static const char *redact(struct run *run, const char *text)
{
    struct slice output;

    assert_int_equal(deid_redact_text(&run->redactor, slice_from(text), false, &output, &run->err),
                     STATUS_OK);
    return arena_string(&run->arena, output);
}

static void assert_comes_back(struct run *run, const char *text, const char *output)
{
    struct slice back;

    assert_int_equal(deid_restore_text(&run->map, slice_from(output), &run->arena, &back, NULL),
                     STATUS_OK);
    assert_string_equal(arena_string(&run->arena, back), text);
}

static void a_pattern_of_the_site_is_found_between_words(void **state)
{
    const char *text = "Bed W123456-K, not XW123456-K nor W123456-KK; w123456-k.";
    struct run run;
    const char *output;

    (void)state;
    run_open(&run,
             "{\"patterns\":[{\"name\":\"ward\",\"class\":\"MRN\",\"case\":\"any\","
             "\"expression\":\"W\\\\d{6}-[A-Z]\"}]}",
             DEID_PROFILE_LIMITED);
    output = redact(&run, text);
    assert_non_null(strstr(output, "Bed Mrn-1,"));
    assert_non_null(strstr(output, "; Mrn-"));
    assert_comes_back(&run, text, output);
    run_close(&run);
}

static void a_check_digit_that_does_not_hold_is_no_match(void **state)
{
    struct run run;

    (void)state;
    run_open(&run,
             "{\"patterns\":[{\"name\":\"x\",\"class\":\"ACCOUNT\",\"expression\":\"q\\\\d{4}\","
             "\"checksum\":\"luhn\"}]}",
             DEID_PROFILE_LIMITED);
    assert_string_equal(redact(&run, "code q1230 here"), "code Account-1 here");
    assert_string_equal(redact(&run, "code q1231 here"), "code q1231 here");
    run_close(&run);
}

static void what_is_denied_goes_and_what_is_allowed_stays(void **state)
{
    const char *text = "On PROJECT  bluebird: Bay 4C, (C.R.-7) and Dr. Harold Brenner.";
    struct run run;
    const char *output;

    (void)state;
    run_open(&run,
             "{\"deny\":[\"Project Bluebird\",\"(C.R.-7)\",{\"expression\":\"Bay \\\\d[A-D]\"}],"
             "\"allow\":[\"Dr. Harold Brenner\"]}",
             DEID_PROFILE_LIMITED);
    output = redact(&run, text);
    assert_null(strstr(output, "bluebird"));
    assert_null(strstr(output, "C.R."));
    assert_null(strstr(output, "Bay 4C"));
    assert_non_null(strstr(output, "Harold Brenner"));
    assert_comes_back(&run, text, output);
    run_close(&run);
}

static void refuses_a_file_and_says_why(void **state)
{
    static const char *const rows[][2] = {
        { "[]", "no JSON object" },
        { "{\"style\":\"loud\"}", "codes, surrogates, tags or masks" },
        { "{\"patterns\":[{\"class\":\"MRN\"}]}", "pattern 0 needs a name" },
        { "{\"patterns\":[{\"name\":\"a\",\"expression\":\"a\",\"class\":\"X\"}]}",
          "class is one of" },
        { "{\"patterns\":[{\"name\":\"a\",\"expression\":\"a(\",\"class\":\"MRN\"}]}",
          "pattern 0" },
        { "{\"patterns\":[{\"name\":\"a\",\"expression\":\"a\",\"class\":\"MRN\",\"checksum\":\"z\"}]}",
          "luhn" },
        { "{\"deny\":[3]}", "deny 0 is neither" },
        { "{\"allow\":{}}", "allow is no array" },
    };
    struct arena arena;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct deid_policy policy;
        struct error err = { 0 };

        arena_init(&arena, 64u << 20);
        assert_int_equal(deid_policy_parse(slice_from(rows[i][0]), &arena, &policy, &err),
                         STATUS_INVALID_ARGUMENT);
        if (strstr(err.text, rows[i][1]) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.text, rows[i][1]);
        arena_close(&arena);
    }
}

#define NOTE                                                                                        \
    "Patient: Margaret Quillfeather, MRN 55501994, tel (919) 555-7821. Mrs. QUILLFEATHER was seen " \
    "on 2019-03-04 by Dr. Harold Brenner; M. Quillfeather agrees."

static void tags_come_back_and_masks_do_not(void **state)
{
    struct run run;
    const char *output;

    (void)state;
    run_open(&run, "{\"style\":\"tags\"}", DEID_PROFILE_LIMITED);
    output = redact(&run, NOTE);
    assert_non_null(strstr(output, "[NAME-1]"));
    assert_non_null(strstr(output, "[MRN-1]"));
    assert_null(strstr(output, "uillfeather"));
    assert_comes_back(&run, NOTE, output);
    run_close(&run);
    run_open(&run, "{\"style\":\"masks\"}", DEID_PROFILE_LIMITED);
    output = redact(&run, NOTE);
    assert_non_null(strstr(output, "[NAME]"));
    assert_null(strstr(output, "uillfeather"));
    run_close(&run);
}

static void made_up_values_are_of_the_same_kind_and_come_back(void **state)
{
    static const enum deid_profile profiles[] = { DEID_PROFILE_LIMITED, DEID_PROFILE_SAFE_HARBOR };

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        static const struct deid_key key = { { 1 } };
        struct run run;
        struct deid_map opened;
        struct slice sealed, back;
        const char *output;

        run_open(&run, "{\"style\":\"surrogates\"}", profiles[i]);
        output = redact(&run, NOTE);
        assert_null(strcasestr(output, "uillfeather"));
        assert_null(strstr(output, "Margaret"));
        assert_null(strstr(output, "55501994"));
        if (strstr(output, "Person-") != NULL)
            fail_msg("a code, not a made-up name: %s", output);
        assert_null(strstr(output, "Mrn-"));
        assert_string_equal(redact(&run, NOTE), output);
        if (profiles[i] == DEID_PROFILE_LIMITED)
            assert_comes_back(&run, NOTE, output);
        assert_int_equal(deid_seal(&run.map, &key, SLICE("t"), &run.arena, &sealed, NULL),
                         STATUS_OK);
        assert_int_equal(deid_unseal(sealed, &key, SLICE("t"), &run.arena, &opened, &run.err),
                         STATUS_OK);
        assert_int_equal(opened.generation, run.map.generation + 1);
        assert_int_equal(deid_restore_text(&opened, slice_from(output), &run.arena, &back, NULL),
                         STATUS_OK);
        if (profiles[i] == DEID_PROFILE_LIMITED)
            assert_true(slice_is(back, NOTE));
        run_close(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_of_the_site_is_found_between_words),
        cmocka_unit_test(a_check_digit_that_does_not_hold_is_no_match),
        cmocka_unit_test(what_is_denied_goes_and_what_is_allowed_stays),
        cmocka_unit_test(refuses_a_file_and_says_why),
        cmocka_unit_test(tags_come_back_and_masks_do_not),
        cmocka_unit_test(made_up_values_are_of_the_same_kind_and_come_back),
    };

    return cmocka_run_group_tests(tests, deid_setup, deid_teardown);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "gateway_chat_read.h"
#include "gateway_responses_read.h"

static struct arena arena;
static struct chat_request request;
static struct api_error api;

static bool read_chat(const char *body)
{
    arena_close(&arena);
    arena_init(&arena, 1 * MIB);
    return chat_read(slice_from(body), &arena, &request, &api);
}

static bool read_responses(const char *body)
{
    arena_close(&arena);
    arena_init(&arena, 1 * MIB);
    return responses_read(slice_from(body), &arena, &request, &api);
}

static int end(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

#define ONE "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]"

static void reads_what_every_client_sends(void **state)
{
    (void)state;
    assert_true(read_chat("{\"model\":\"m\"," ONE ",\"unknown\":{\"deep\":[1]}}"));
    assert_string_equal(request.model, "m");
    assert_int_equal(request.turns_count, 1);
    assert_string_equal(request.turns[0].text, "hello");
    assert_int_equal(request.answers, 1);
    assert_false(request.is_stream);
    assert_string_equal(request.patient, "");
    assert_null(request.bundle.data);
}

static void reads_turns_of_every_role_and_in_parts(void **state)
{
    (void)state;
    assert_true(read_chat("{\"messages\":[{\"role\":\"developer\",\"content\":\"a\"},"
                          "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"b\"},"
                          "{\"type\":\"text\",\"text\":\"c\"}]},"
                          "{\"role\":\"assistant\",\"content\":\"d\\u00e9\"},"
                          "{\"role\":\"user\",\"content\":\"e\"}]}"));
    assert_int_equal(request.turns_count, 4);
    assert_string_equal(request.turns[0].role, "system");
    assert_string_equal(request.turns[1].text, "b\nc");
    assert_string_equal(request.turns[2].text, "dé");
}

static void reads_settings(void **state)
{
    (void)state;
    assert_true(read_chat("{" ONE ",\"max_tokens\":5,\"temperature\":0.5,\"top_p\":0.9,\"seed\":-1,"
                          "\"stop\":[\"a\",\"b\"],\"n\":3,\"stream\":true,"
                          "\"stream_options\":{\"include_usage\":true},"
                          "\"logit_bias\":{\"17\":-100,\"4\":2.5},\"presence_penalty\":1,"
                          "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":"
                          "{\"name\":\"x\",\"schema\":{\"type\":\"object\"}}}}"));
    assert_int_equal(request.tokens_max, 5);
    assert_true(request.temperature == 0.5f);
    assert_true(request.seed == UINT64_MAX);
    assert_int_equal(request.stops_count, 2);
    assert_int_equal(request.answers, 3);
    assert_true(request.is_stream && request.has_usage);
    assert_int_equal(request.biases_count, 2);
    assert_int_equal(request.biases[0].id, 17);
    assert_true(request.biases[1].bias == 2.5f);
    assert_int_equal(request.form, CHAT_FORM_SCHEMA);
    assert_string_equal(request.schema, "{\"type\":\"object\"}");
}

static void null_is_as_not_said(void **state)
{
    (void)state;
    assert_true(read_chat("{" ONE ",\"max_tokens\":null,\"temperature\":null,\"stop\":null,"
                          "\"n\":null,\"stream\":null,\"patient\":null,\"response_format\":null}"));
    assert_int_equal(request.tokens_max, 0);
    assert_int_equal(request.answers, 1);
}

static void a_patient_is_an_id_or_a_bundle(void **state)
{
    (void)state;
    assert_true(read_chat("{" ONE ",\"patient\":\"p1\",\"keep_surrogates\":true}"));
    assert_string_equal(request.patient, "p1");
    assert_true(request.keep_surrogates);
    assert_true(read_chat("{" ONE ",\"patient\":{\"resourceType\":\"Bundle\",\"entry\":[]}}"));
    assert_true(slice_is(request.bundle, "{\"resourceType\":\"Bundle\",\"entry\":[]}"));
}

/* Each names the member, and says nothing of what stood there. */
static void refuses_by_name_what_cannot_be_done(void **state)
{
    static const struct {
        const char *body, *param;
    } cases[] = {
        { "{}", "messages" },
        { "{\"messages\":[]}", "messages" },
        { "{\"messages\":[{\"role\":\"secret\",\"content\":\"secret\"}]}", "messages" },
        { "{\"messages\":[{\"role\":\"user\"}]}", "messages" },
        { "{\"messages\":[{\"role\":\"user\",\"content\":\"a\\u0000secret\"}]}", "messages" },
        { "{\"messages\":[{\"role\":\"assistant\",\"content\":\"secret\"}]}", "messages" },
        { "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]}",
          "messages" },
        { "{\"model\":7," ONE "}", "model" },
        { "{" ONE ",\"temperature\":2.1}", "temperature" },
        { "{" ONE ",\"temperature\":\"secret\"}", "temperature" },
        { "{" ONE ",\"top_p\":-1}", "top_p" },
        { "{" ONE ",\"max_tokens\":0}", "max_tokens" },
        { "{" ONE ",\"max_tokens\":1.5}", "max_tokens" },
        { "{" ONE ",\"seed\":1e300}", "seed" },
        { "{" ONE ",\"n\":9}", "n" },
        { "{" ONE ",\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}", "stop" },
        { "{" ONE ",\"stop\":\"\"}", "stop" },
        { "{" ONE ",\"logit_bias\":{\"secret\":1}}", "logit_bias" },
        { "{" ONE ",\"logit_bias\":{\"-1\":1}}", "logit_bias" },
        { "{" ONE ",\"logit_bias\":{\"1\":101}}", "logit_bias" },
        { "{" ONE ",\"logit_bias\":{\"99999999999\":1}}", "logit_bias" },
        { "{" ONE ",\"tools\":[{}]}", "tools" },
        { "{" ONE ",\"logprobs\":1}", "logprobs" },
        { "{" ONE ",\"top_logprobs\":2}", "top_logprobs" },
        { "{" ONE ",\"logprobs\":true,\"top_logprobs\":21}", "top_logprobs" },
        { "{" ONE ",\"patient\":{\"resourceType\":\"Patient\"}}", "patient" },
        { "{" ONE ",\"response_format\":{\"type\":\"json_schema\"}}", "response_format" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (read_chat(cases[i].body))
            fail_msg("case %zu was taken", i);
        assert_int_equal(api.http, 400);
        assert_string_equal(api.param, cases[i].param);
        assert_null(strstr(api.text, "secret"));
    }
}

static void refuses_what_is_no_object(void **state)
{
    (void)state;
    assert_false(read_chat(""));
    assert_false(read_chat("[1]"));
    assert_false(read_chat("{\"secret\""));
    assert_null(strstr(api.text, "secret"));
    assert_int_equal(api.http, 400);
}

static void reads_a_response_of_text_or_of_messages(void **state)
{
    (void)state;
    assert_true(
        read_responses("{\"model\":\"m\",\"instructions\":\"brief\",\"input\":\"hello\","
                       "\"max_output_tokens\":7,\"text\":{\"format\":{\"type\":\"text\"}}}"));
    assert_int_equal(request.turns_count, 2);
    assert_string_equal(request.turns[0].role, "system");
    assert_string_equal(request.turns[1].text, "hello");
    assert_int_equal(request.tokens_max, 7);
    assert_true(
        read_responses("{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
                       "\"text\":\"a\"}]},{\"type\":\"message\",\"role\":\"assistant\","
                       "\"content\":[{\"type\":\"output_text\",\"text\":\"b\"}]},"
                       "{\"role\":\"user\",\"content\":\"c\"}]}"));
    assert_int_equal(request.turns_count, 3);
    assert_string_equal(request.turns[1].text, "b");
}

static void refuses_a_response_that_would_have_to_be_kept(void **state)
{
    (void)state;
    assert_false(read_responses("{\"input\":\"a\",\"previous_response_id\":\"resp_1\"}"));
    assert_string_equal(api.param, "previous_response_id");
    assert_false(read_responses("{\"input\":\"a\",\"background\":true}"));
    assert_string_equal(api.param, "background");
    assert_false(read_responses("{\"input\":[]}"));
    assert_false(read_responses("{\"input\":[{\"type\":\"function_call\"}]}"));
    assert_string_equal(api.param, "input");
}

static void errors_have_the_form_that_sdks_read(void **state)
{
    struct buffer out;
    struct error err;

    (void)state;
    arena_close(&arena);
    arena_init(&arena, 1 * MIB);
    error_set(&err, STATUS_RESOURCE_EXHAUSTED, "the queue is \"full\"");
    api_error_from(&api, &err);
    assert_int_equal(api.http, 429);
    assert_true(api.retry_s > 0);
    buffer_init(&out, &arena);
    api_error_format(&api, &out);
    assert_true(slice_is(buffer_slice(&out),
                         "{\"error\":{\"message\":\"the queue is \\\"full\\\"\",\"type\":"
                         "\"rate_limit_error\",\"param\":null,\"code\":\"rate_limit_exceeded\"}}"));
    buffer_init(&out, &arena);
    api_error_format_fhir(&api, &out);
    assert_true(
        slice_is(buffer_slice(&out),
                 "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\","
                 "\"code\":\"throttled\",\"diagnostics\":\"the queue is \\\"full\\\"\"}]}"));
}

static void every_status_has_a_status_of_http(void **state)
{
    struct error err;
    int status;

    (void)state;
    for (status = STATUS_CANCELLED; status < STATUS_COUNT; status++) {
        error_set(&err, (enum status)status, "x");
        api_error_from(&api, &err);
        assert_true(api.http >= 400 && api.http <= 599);
        assert_non_null(api.type);
        assert_non_null(api.code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(reads_what_every_client_sends, end),
        cmocka_unit_test_teardown(reads_turns_of_every_role_and_in_parts, end),
        cmocka_unit_test_teardown(reads_settings, end),
        cmocka_unit_test_teardown(null_is_as_not_said, end),
        cmocka_unit_test_teardown(a_patient_is_an_id_or_a_bundle, end),
        cmocka_unit_test_teardown(refuses_by_name_what_cannot_be_done, end),
        cmocka_unit_test_teardown(refuses_what_is_no_object, end),
        cmocka_unit_test_teardown(reads_a_response_of_text_or_of_messages, end),
        cmocka_unit_test_teardown(refuses_a_response_that_would_have_to_be_kept, end),
        cmocka_unit_test_teardown(errors_have_the_form_that_sdks_read, end),
        cmocka_unit_test_teardown(every_status_has_a_status_of_http, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The methods of deid over a real connection. */
#include "../rpc/server_fixture.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "deid.h"
#include "deid_rpc.h"

static struct deid *deid;
static struct fixture fixture;
static char key_path[] = "/tmp/deid_key_XXXXXX";

static uint8_t output[4096], sealed[4096];
static size_t output_size, sealed_size, spans_count;
static uint64_t generation, generation_min; /* of the last reply; of the next restore */

static int open_service(void **state)
{
    struct deid_options options = { .key_file = key_path };
    struct error err = { 0 };

    (void)state;
    close(mkstemp(key_path));
    unlink(key_path);
    deid = deid_create(&options, &err);
    assert_string_equal(err.text, "");
    fixture_open(&fixture, deid_methods, deid);
    return 0;
}

static int close_service(void **state)
{
    (void)state;
    fixture_close(&fixture);
    deid_destroy(deid);
    unlink(key_path);
    return 0;
}

static enum status call(const struct method *method, const void *request,
                        void (*read)(struct outcome *, const void *))
{
    struct outcome outcome = { .read = read };

    fixture_start_call(&fixture, &outcome, method, request, 30000);
    fixture_wait(&fixture, &outcome.is_done);
    return outcome.status;
}

static void keep(uint8_t *into, size_t *size, ProtobufCBinaryData from)
{
    assert_true(from.len <= 4096);
    memcpy(into, from.data, from.len);
    *size = from.len;
}

static void read_redact(struct outcome *outcome, const void *message)
{
    const Consilium__V1__RedactReply *reply = message;

    (void)outcome;
    keep(output, &output_size, reply->output);
    keep(sealed, &sealed_size, reply->sealed_map);
    spans_count = reply->n_spans;
    generation = reply->map_generation;
}

static void read_restore(struct outcome *outcome, const void *message)
{
    const Consilium__V1__RestoreReply *reply = message;

    (void)outcome;
    assert_int_equal(reply->n_texts, 1);
    keep(output, &output_size, reply->texts[0]);
}

static void read_inspect(struct outcome *outcome, const void *message)
{
    (void)outcome;
    spans_count = ((const Consilium__V1__InspectReply *)message)->n_spans;
}

/* ---- what is written down ---- */

static int stderr_kept = -1;
static FILE *stderr_file;

static void log_catch(void)
{
    fflush(stderr);
    stderr_file = tmpfile();
    stderr_kept = dup(STDERR_FILENO);
    assert_true(stderr_file != NULL && stderr_kept >= 0);
    dup2(fileno(stderr_file), STDERR_FILENO);
}

/* What was logged since, in @text. */
static void log_release(char *text, size_t size)
{
    size_t got;

    fflush(stderr);
    dup2(stderr_kept, STDERR_FILENO);
    close(stderr_kept);
    rewind(stderr_file);
    got = fread(text, 1, size - 1, stderr_file);
    text[got] = 0;
    fclose(stderr_file);
}

static unsigned count(const char *text, const char *what)
{
    unsigned found = 0;

    for (; (text = strstr(text, what)) != NULL; text++)
        found++;
    return found;
}

static char question[] = "Did Dr. Priya Subramanian see Marta Lindgren on 03/14/2019?";

static enum status redact_question(void)
{
    Consilium__V1__RedactRequest request = CONSILIUM__V1__REDACT_REQUEST__INIT;

    request.scope = (char *)"t/p";
    request.input_case = CONSILIUM__V1__REDACT_REQUEST__INPUT_TEXT;
    request.text = (ProtobufCBinaryData){ strlen(question), (uint8_t *)question };
    request.with_spans = true;
    return call(&method_deid_redact, &request, read_redact);
}

/* Under the map of before. */
static enum status redact_more(const char *scope, uint64_t generation_asked)
{
    Consilium__V1__RedactRequest request = CONSILIUM__V1__REDACT_REQUEST__INIT;
    uint8_t map[4096];

    memcpy(map, sealed, sealed_size);
    request.scope = (char *)scope;
    request.input_case = CONSILIUM__V1__REDACT_REQUEST__INPUT_TEXT;
    request.text = (ProtobufCBinaryData){ strlen(question), (uint8_t *)question };
    request.sealed_map = (ProtobufCBinaryData){ sealed_size, map };
    request.generation_min = generation_asked;
    return call(&method_deid_redact, &request, read_redact);
}

static enum status inspect_under(const char *scope)
{
    Consilium__V1__InspectRequest request = CONSILIUM__V1__INSPECT_REQUEST__INIT;

    request.scope = (char *)scope;
    request.text = (ProtobufCBinaryData){ strlen(question), (uint8_t *)question };
    request.sealed_map = (ProtobufCBinaryData){ sealed_size, sealed };
    return call(&method_deid_inspect, &request, read_inspect);
}

static enum status restore_output(const char *scope)
{
    Consilium__V1__RestoreRequest request = CONSILIUM__V1__RESTORE_REQUEST__INIT;
    uint8_t text[4096];
    ProtobufCBinaryData texts = { output_size, text };

    memcpy(text, output, output_size);
    request.scope = (char *)scope;
    request.sealed_map = (ProtobufCBinaryData){ sealed_size, sealed };
    request.texts = &texts;
    request.n_texts = 1;
    request.generation_min = generation_min;
    return call(&method_deid_restore, &request, read_restore);
}

static void a_question_goes_out_redacted_and_comes_back(void **state)
{
    (void)state;
    assert_int_equal(redact_question(), STATUS_OK);
    assert_null(memmem(output, output_size, "Subramanian", 11));
    assert_null(memmem(output, output_size, "2019-03-14", 10));
    assert_int_equal(spans_count, 3);
    assert_int_equal(restore_output("t/p"), STATUS_OK);
    assert_int_equal(output_size, strlen(question));
    assert_memory_equal(output, question, output_size);
}

static void a_map_of_another_scope_is_refused(void **state)
{
    (void)state;
    assert_int_equal(redact_question(), STATUS_OK);
    assert_int_equal(restore_output("t/q"), STATUS_PERMISSION_DENIED);
    sealed[sealed_size / 2] ^= 1;
    assert_int_equal(restore_output("t/p"), STATUS_PERMISSION_DENIED);
}

static void assert_refused_by_all(const char *scope)
{
    assert_int_equal(redact_more(scope, 0), STATUS_PERMISSION_DENIED);
    assert_int_equal(inspect_under(scope), STATUS_PERMISSION_DENIED);
    assert_int_equal(restore_output(scope), STATUS_PERMISSION_DENIED);
}

static void a_map_that_was_touched_anywhere_is_refused_by_every_method(void **state)
{
    uint8_t whole[4096];
    size_t size;

    (void)state;
    assert_int_equal(redact_question(), STATUS_OK);
    memcpy(whole, sealed, size = sealed_size);
    for (size_t at = 0; at < size; at += at < 32 ? 5 : size / 7) {
        sealed[at] ^= 0x40;
        assert_refused_by_all("t/p");
        memcpy(sealed, whole, size);
    }
    for (sealed_size = 1; sealed_size < size; sealed_size += size / 3)
        assert_refused_by_all("t/p");
    sealed_size = size + 1;
    sealed[size] = 0;
    assert_refused_by_all("t/p");
    sealed_size = size;
    assert_int_equal(restore_output("t/p"), STATUS_OK);
}

static void a_map_of_another_key_or_patient_is_refused_by_every_method(void **state)
{
    struct arena arena;
    struct deid_key other;
    struct deid_map map;
    struct slice bytes;

    (void)state;
    assert_int_equal(redact_question(), STATUS_OK);
    assert_refused_by_all("t/other");
    assert_refused_by_all("");
    arena_init(&arena, 1 << 20);
    deid_map_init(&map, DEID_PROFILE_LIMITED, &arena);
    memset(&other, 7, sizeof(other));
    assert_int_equal(deid_seal(&map, &other, SLICE("t/p"), &arena, &bytes, NULL), STATUS_OK);
    memcpy(sealed, bytes.data, sealed_size = bytes.size);
    assert_refused_by_all("t/p");
    arena_close(&arena);
}

/* However little else is logged. */
static void every_opening_is_written_down_and_no_text_is(void **state)
{
    static const char *const gone[] = { "Priya", "Subramanian", "Marta", "Lindgren", "2019" };
    char log[16384];

    (void)state;
    assert_int_equal(redact_question(), STATUS_OK);
    log_init("deid", LOG_LEVEL_ERROR);
    log_catch();
    assert_int_equal(redact_more("t/p", 0), STATUS_OK);
    assert_int_equal(inspect_under("t/p"), STATUS_OK);
    assert_int_equal(restore_output("t/p"), STATUS_OK);
    assert_int_equal(restore_output("t/q"), STATUS_PERMISSION_DENIED);
    assert_int_equal(redact_more("t/p", 99), STATUS_FAILED_PRECONDITION);
    log_release(log, sizeof(log));
    log_init("deid", LOG_LEVEL_INFO);
    assert_int_equal(count(log, "level=audit service=deid event=map_opened"), 5);
    assert_int_equal(count(log, " trace="), 5);
    assert_int_equal(count(log, "scope=t/p"), 4);
    assert_int_equal(count(log, "method=Redact"), 2);
    assert_int_equal(count(log, "method=Inspect"), 1);
    assert_int_equal(count(log, "method=Restore"), 2);
    assert_int_equal(count(log, "outcome=OK"), 3);
    assert_int_equal(count(log, "outcome=PERMISSION_DENIED"), 1);
    assert_int_equal(count(log, "outcome=FAILED_PRECONDITION"), 1);
    for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++)
        assert_null(strstr(log, gone[i]));
}

/* The last entry of many is no resource: nothing of the others is given. */
static void a_bundle_that_is_broken_at_its_end_gives_nothing(void **state)
{
    static char bundle[64 << 10];
    static const char *const ends[] = {
        "{\"resource\":{\"id\":\"x\"}}]}", "{\"resource\":{",
        "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"b\"}}]}",
        "{\"resource\":{\"resourceType\":\"Marta Lindgren\"}}]}"
    };
    Consilium__V1__RedactRequest request = CONSILIUM__V1__REDACT_REQUEST__INIT;
    size_t size;

    (void)state;
    strcpy(
        bundle,
        "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Patient\",\"id\":"
        "\"a\",\"name\":[{\"text\":\"Marta Lindgren\"}]}},");
    for (unsigned i = 0; i < 300; i++)
        strcat(bundle,
               "{\"resource\":{\"resourceType\":\"Observation\",\"code\":{\"text\":\"Weight\"}}},");
    size = strlen(bundle);
    request.input_case = CONSILIUM__V1__REDACT_REQUEST__INPUT_FHIR;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        strcpy(bundle + size, ends[i]);
        request.fhir = (ProtobufCBinaryData){ strlen(bundle), (uint8_t *)bundle };
        output_size = 0;
        assert_int_equal(call(&method_deid_redact, &request, read_redact), STATUS_INVALID_ARGUMENT);
        assert_int_equal(output_size, 0);
    }
}

/* A caller who knows of a later map is not answered from an earlier one. */
static void a_stale_map_is_refused(void **state)
{
    (void)state;
    assert_int_equal(redact_question(), STATUS_OK);
    assert_int_equal(generation, 1);
    generation_min = 2;
    assert_int_equal(restore_output("t/p"), STATUS_FAILED_PRECONDITION);
    generation_min = 1;
    assert_int_equal(restore_output("t/p"), STATUS_OK);
    generation_min = 0;
}

static void a_request_names_its_style(void **state)
{
    Consilium__V1__RedactRequest request = CONSILIUM__V1__REDACT_REQUEST__INIT;

    (void)state;
    request.input_case = CONSILIUM__V1__REDACT_REQUEST__INPUT_TEXT;
    request.text = (ProtobufCBinaryData){ strlen(question), (uint8_t *)question };
    request.style = CONSILIUM__V1__STYLE__STYLE_TAGS;
    assert_int_equal(call(&method_deid_redact, &request, read_redact), STATUS_OK);
    assert_non_null(memmem(output, output_size, "[NAME-1]", 8));
    request.style = (Consilium__V1__Style)9;
    assert_int_equal(call(&method_deid_redact, &request, read_redact), STATUS_INVALID_ARGUMENT);
}

static void inspect_finds_and_changes_nothing(void **state)
{
    Consilium__V1__InspectRequest request = CONSILIUM__V1__INSPECT_REQUEST__INIT;

    (void)state;
    request.text = (ProtobufCBinaryData){ strlen(question), (uint8_t *)question };
    assert_int_equal(call(&method_deid_inspect, &request, read_inspect), STATUS_OK);
    assert_int_equal(spans_count, 3);
}

static void a_record_is_redacted_on_a_worker(void **state)
{
    static char record[] =
        "{\"resourceType\":\"Patient\",\"id\":\"a1\",\"name\":[{\"family\":\"Lindgren\"}]}";
    static char broken[] = "{\"resourceType\":\"Patient\"";
    Consilium__V1__RedactRequest request = CONSILIUM__V1__REDACT_REQUEST__INIT;

    (void)state;
    request.input_case = CONSILIUM__V1__REDACT_REQUEST__INPUT_FHIR;
    request.fhir = (ProtobufCBinaryData){ strlen(record), (uint8_t *)record };
    assert_int_equal(call(&method_deid_redact, &request, read_redact), STATUS_OK);
    assert_null(memmem(output, output_size, "Lindgren", 8));
    request.fhir = (ProtobufCBinaryData){ strlen(broken), (uint8_t *)broken };
    assert_int_equal(call(&method_deid_redact, &request, read_redact), STATUS_INVALID_ARGUMENT);
}

static void the_key_is_kept_to_its_owner(void **state)
{
    struct deid_options options = { .key_file = key_path };
    struct error err = { 0 };
    struct stat info;

    (void)state;
    assert_int_equal(stat(key_path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(chmod(key_path, 0644), 0);
    assert_null(deid_create(&options, &err));
    assert_int_equal(err.status, STATUS_FAILED_PRECONDITION);
    assert_int_equal(chmod(key_path, 0600), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_question_goes_out_redacted_and_comes_back, open_service,
                                        close_service),
        cmocka_unit_test_setup_teardown(a_map_of_another_scope_is_refused, open_service,
                                        close_service),
        cmocka_unit_test_setup_teardown(a_map_that_was_touched_anywhere_is_refused_by_every_method,
                                        open_service, close_service),
        cmocka_unit_test_setup_teardown(a_map_of_another_key_or_patient_is_refused_by_every_method,
                                        open_service, close_service),
        cmocka_unit_test_setup_teardown(every_opening_is_written_down_and_no_text_is, open_service,
                                        close_service),
        cmocka_unit_test_setup_teardown(a_bundle_that_is_broken_at_its_end_gives_nothing,
                                        open_service, close_service),
        cmocka_unit_test_setup_teardown(a_stale_map_is_refused, open_service, close_service),
        cmocka_unit_test_setup_teardown(a_request_names_its_style, open_service, close_service),
        cmocka_unit_test_setup_teardown(inspect_finds_and_changes_nothing, open_service,
                                        close_service),
        cmocka_unit_test_setup_teardown(a_record_is_redacted_on_a_worker, open_service,
                                        close_service),
        cmocka_unit_test_setup_teardown(the_key_is_kept_to_its_owner, open_service, close_service),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The methods of the tokenizer over a real connection, on a small vocabulary with a chat template.
 */
#include "../rpc/server_fixture.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "../../unit/tokenizer/vocab_sample.h"
#include "tokenizer.h"
#include "tokenizer_rpc.h"

static struct tokenizer *tokenizer;
static struct fixture fixture;

static char path[] = "/tmp/tokenizer_rpc_XXXXXX";

static const char chatml[] =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}";

/* The file anew, with another template: another digest. */
static void write_vocabulary(const char *template)
{
    struct gguf_write *write = gguf_write_start(path, NULL);
    struct error err = { 0 };

    vocab_sample_write(write, "qwen2", template);
    assert_int_equal(gguf_write_finish(write, &err), STATUS_OK);
}

static int open_service(void **state)
{
    int file = mkstemp(path);
    struct error err = { 0 };

    (void)state;
    close(file);
    write_vocabulary(chatml);
    tokenizer = tokenizer_start(path, NULL, &err);
    assert_string_equal(err.text, "");
    fixture_open(&fixture, tokenizer_methods, tokenizer);
    return 0;
}

static int close_service(void **state)
{
    (void)state;
    fixture_close(&fixture);
    tokenizer_stop(tokenizer);
    unlink(path);
    return 0;
}

static uint32_t ids[64];
static size_t ids_count;
static char text[64];
static uint8_t kept[8];
static size_t kept_size;

static enum status call(const struct method *method, const void *request,
                        void (*read)(struct outcome *, const void *))
{
    struct outcome outcome = { .read = read };

    fixture_start_call(&fixture, &outcome, method, request, 30000);
    fixture_wait(&fixture, &outcome.is_done);
    return outcome.status;
}

static void keep_ids(const uint32_t *from, size_t count)
{
    assert_true(count <= 64);
    memcpy(ids, from, count * sizeof(*from));
    ids_count = count;
}

static void read_encode(struct outcome *outcome, const void *message)
{
    const Consilium__V1__EncodeReply *reply = message;

    (void)outcome;
    keep_ids(reply->ids, reply->n_ids);
}

static bool is_whole;

static void read_decode(struct outcome *outcome, const void *message)
{
    const Consilium__V1__DecodeReply *reply = message;

    (void)outcome;
    snprintf(text, sizeof(text), "%s", reply->text);
    is_whole = reply->is_whole;
    kept_size = reply->state.len;
    memcpy(kept, reply->state.data, kept_size);
}

static void encodes_and_decodes_in_pieces(void **state)
{
    Consilium__V1__EncodeRequest encode = CONSILIUM__V1__ENCODE_REQUEST__INIT;
    Consilium__V1__DecodeRequest decode = CONSILIUM__V1__DECODE_REQUEST__INIT;

    (void)state;
    encode.text = (char *)"abc \xc3\xa9";
    assert_int_equal(call(&method_tokenizer_encode, &encode, read_encode), STATUS_OK);
    assert_int_equal(ids_count, 4);
    assert_int_equal(ids[0], VOCAB_SAMPLE_ABC);
    decode.ids = ids;
    decode.n_ids = 3;
    assert_int_equal(call(&method_tokenizer_decode, &decode, read_decode), STATUS_OK);
    assert_string_equal(text, "abc ");
    assert_false(is_whole); /* half of the last letter is held back */
    decode.ids = ids + 3;
    decode.n_ids = 1;
    decode.state.data = kept;
    decode.state.len = kept_size;
    assert_int_equal(call(&method_tokenizer_decode, &decode, read_decode), STATUS_OK);
    assert_string_equal(text, "\xc3\xa9");
    assert_true(is_whole);
    decode.ids = (uint32_t[]){ VOCAB_SAMPLE_SIZE };
    assert_int_equal(call(&method_tokenizer_decode, &decode, read_decode), STATUS_INVALID_ARGUMENT);
}

static void read_count(struct outcome *outcome, const void *message)
{
    const Consilium__V1__CountReply *reply = message;

    (void)outcome;
    keep_ids(reply->counts, reply->n_counts);
}

static void counts_many_texts(void **state)
{
    Consilium__V1__CountRequest request = CONSILIUM__V1__COUNT_REQUEST__INIT;
    char *texts[] = { (char *)"abc", (char *)"", (char *)"a b" };

    (void)state;
    request.texts = texts;
    request.n_texts = 3;
    assert_int_equal(call(&method_tokenizer_count, &request, read_count), STATUS_OK);
    assert_int_equal(ids_count, 3);
    assert_int_equal(ids[0], 1);
    assert_int_equal(ids[1], 0);
    assert_int_equal(ids[2], 3);
}

static void read_template(struct outcome *outcome, const void *message)
{
    const Consilium__V1__ApplyTemplateReply *reply = message;

    keep_ids(reply->ids, reply->n_ids);
    assert_int_equal(reply->n_stop_ids, 2);
    assert_int_equal(reply->stop_ids[0], VOCAB_SAMPLE_IM_END);
    (void)outcome;
}

static void applies_the_template_and_keeps_content_text(void **state)
{
    Consilium__V1__ApplyTemplateRequest request = CONSILIUM__V1__APPLY_TEMPLATE_REQUEST__INIT;
    Consilium__V1__Turn turn = CONSILIUM__V1__TURN__INIT, *turns[] = { &turn };
    unsigned ends = 0;

    (void)state;
    turn.role = (char *)"user";
    turn.content = (char *)"x<|im_end|>";
    request.turns = turns;
    request.n_turns = 1;
    request.add_generation_prompt = true;
    assert_int_equal(call(&method_tokenizer_apply_template, &request, read_template), STATUS_OK);
    assert_int_equal(ids[0], VOCAB_SAMPLE_IM_START);
    for (size_t i = 0; i < ids_count; i++)
        ends += ids[i] == VOCAB_SAMPLE_IM_END;
    assert_int_equal(ends, 1);
    turn.role = (char *)"doctor";
    assert_int_equal(call(&method_tokenizer_apply_template, &request, read_template),
                     STATUS_INVALID_ARGUMENT);
}

static void read_batch(struct outcome *outcome, const void *message)
{
    const Consilium__V1__EncodeBatchReply *reply = message;

    (void)outcome;
    assert_int_equal(reply->n_counts, 3);
    assert_int_equal(reply->counts[0], 1);
    assert_int_equal(reply->counts[1], 0);
    assert_int_equal(reply->counts[2], 2);
    keep_ids(reply->ids, reply->n_ids);
}

static void encodes_many_texts_in_one_call(void **state)
{
    Consilium__V1__EncodeBatchRequest request = CONSILIUM__V1__ENCODE_BATCH_REQUEST__INIT;
    char *texts[] = { (char *)"abc", (char *)"", (char *)"bc!" };

    (void)state;
    request.texts = texts;
    request.n_texts = 3;
    assert_int_equal(call(&method_tokenizer_encode_batch, &request, read_batch), STATUS_OK);
    assert_int_equal(ids_count, 3);
    assert_int_equal(ids[0], VOCAB_SAMPLE_ABC);
    assert_int_equal(ids[1], VOCAB_SAMPLE_BC);
    assert_int_equal(ids[2], '!');
}

static Consilium__V1__TruncateReply cut;

static void read_truncate(struct outcome *outcome, const void *message)
{
    (void)outcome;
    cut = *(const Consilium__V1__TruncateReply *)message;
}

static void cuts_texts_to_a_budget_at_a_border(void **state)
{
    static const struct {
        uint32_t tokens_max;
        Consilium__V1__Border border;
        uint32_t bytes, tokens;
    } cuts[] = {
        { 0, CONSILIUM__V1__BORDER__BORDER_WORD, 0, 0 },
        { 1, CONSILIUM__V1__BORDER__BORDER_WORD, 3, 1 },
        { 2, CONSILIUM__V1__BORDER__BORDER_WORD, 3, 1 },
        { 3, CONSILIUM__V1__BORDER__BORDER_WORD, 7, 3 },
        { 4, CONSILIUM__V1__BORDER__BORDER_CHARACTER, 8, 4 },
        { 4, CONSILIUM__V1__BORDER__BORDER_LINE, 7, 3 },
        { 2, CONSILIUM__V1__BORDER__BORDER_LINE, 0, 0 },
        { 99, CONSILIUM__V1__BORDER__BORDER_LINE, 14, 8 },
    };
    Consilium__V1__TruncateRequest request = CONSILIUM__V1__TRUNCATE_REQUEST__INIT;

    (void)state;
    request.text =
        (char *)"abc abc\nabc \xc3\xa9"; /* tokens: abc, " ", abc, "\n", abc, " ", two bytes */
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        request.tokens_max = cuts[i].tokens_max;
        request.border = cuts[i].border;
        assert_int_equal(call(&method_tokenizer_truncate, &request, read_truncate), STATUS_OK);
        assert_int_equal(cut.bytes, cuts[i].bytes);
        assert_int_equal(cut.tokens, cuts[i].tokens);
        assert_int_equal(cut.is_whole, cuts[i].bytes == 14);
    }
    request.border = (Consilium__V1__Border)7;
    assert_int_equal(call(&method_tokenizer_truncate, &request, read_truncate),
                     STATUS_INVALID_ARGUMENT);
}

static void read_one_count(struct outcome *outcome, const void *message)
{
    const Consilium__V1__CountReply *reply = message;

    (void)outcome;
    assert_int_equal(reply->n_counts, 1);
    ids[0] = reply->counts[0];
}

static void takes_long_texts_to_a_worker(void **state)
{
    Consilium__V1__CountRequest request = CONSILIUM__V1__COUNT_REQUEST__INIT;
    static char long_text[300001];
    char *texts[] = { long_text };

    (void)state;
    memset(long_text, '?', 300000);
    request.texts = texts;
    request.n_texts = 1;
    assert_int_equal(call(&method_tokenizer_count, &request, read_one_count), STATUS_OK);
    assert_int_equal(ids[0], 300000);
}

static void a_new_file_is_served_and_a_bad_one_is_not(void **state)
{
    struct tokenizer_model *old = tokenizer_hold(tokenizer), *new;
    char digest[65];
    struct error err;
    FILE *file;

    (void)state;
    snprintf(digest, sizeof(digest), "%s", old->vocab->digest);
    write_vocabulary("{{ messages[0].content }}");
    assert_int_equal(tokenizer_reload(tokenizer, &err), STATUS_OK);
    new = tokenizer_hold(tokenizer);
    assert_ptr_not_equal(old, new);
    assert_string_not_equal(new->vocab->digest, digest);
    assert_string_equal(old->vocab->digest, digest); /* still there for who works with it */
    tokenizer_model_let_go(old);
    file = fopen(path, "w");
    fputs("GGUF", file);
    fclose(file);
    assert_int_equal(tokenizer_reload(tokenizer, &err), STATUS_DATA_LOSS);
    old = tokenizer_hold(tokenizer);
    assert_ptr_equal(old, new);
    tokenizer_model_let_go(old);
    tokenizer_model_let_go(new);
    write_vocabulary(chatml);
    assert_int_equal(tokenizer_reload(tokenizer, &err), STATUS_OK);
}

static void *reload_often(void *arg)
{
    struct error err;

    (void)arg;
    for (int i = 0; i < 40; i++)
        assert_int_equal(tokenizer_reload(tokenizer, &err), STATUS_OK);
    return NULL;
}

static void no_call_is_lost_while_files_change(void **state)
{
    Consilium__V1__EncodeRequest request = CONSILIUM__V1__ENCODE_REQUEST__INIT;
    pthread_t thread;

    (void)state;
    request.text = (char *)"abc bc";
    assert_int_equal(pthread_create(&thread, NULL, reload_often, NULL), 0);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(call(&method_tokenizer_encode, &request, read_encode), STATUS_OK);
        assert_int_equal(ids_count, 3);
    }
    pthread_join(thread, NULL);
}

static void read_vocabulary(struct outcome *outcome, const void *message)
{
    const Consilium__V1__GetVocabularyReply *reply = message;

    (void)outcome;
    assert_int_equal(reply->size, VOCAB_SAMPLE_SIZE);
    assert_string_equal(reply->model, "gpt2");
    assert_string_equal(reply->template_, "jinja");
    assert_int_equal(strlen(reply->digest), 64);
    assert_true(reply->chars_per_token > 0.9f && reply->chars_per_token < 1.2f);
}

static void tells_what_it_serves(void **state)
{
    Consilium__V1__GetVocabularyRequest request = CONSILIUM__V1__GET_VOCABULARY_REQUEST__INIT;

    (void)state;
    assert_int_equal(call(&method_tokenizer_get_vocabulary, &request, read_vocabulary), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_and_decodes_in_pieces),
        cmocka_unit_test(counts_many_texts),
        cmocka_unit_test(applies_the_template_and_keeps_content_text),
        cmocka_unit_test(encodes_many_texts_in_one_call),
        cmocka_unit_test(cuts_texts_to_a_budget_at_a_border),
        cmocka_unit_test(takes_long_texts_to_a_worker),
        cmocka_unit_test(a_new_file_is_served_and_a_bad_one_is_not),
        cmocka_unit_test(no_call_is_lost_while_files_change),
        cmocka_unit_test(tells_what_it_serves),
    };

    return cmocka_run_group_tests(tests, open_service, close_service);
}

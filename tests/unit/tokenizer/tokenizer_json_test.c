#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "base/limits.h"
#include "gguf/gguf_write.h"
#include "tokenizer_decode.h"
#include "tokenizer_encode.h"
#include "tokenizer_json.h"
#include "tokenizer_open.h"

#define BYTE_LEVEL "{\"type\":\"ByteLevel\",\"add_prefix_space\":false}"

/* A small vocabulary of each kind; tests replace parts of them. */
static const char bpe[] =
    "{\"added_tokens\":[{\"id\":7,\"content\":\"<|end|>\",\"special\":true,\"normalized\":false},"
    "{\"id\":6,\"content\":\"<tool>\",\"special\":false,\"normalized\":false,\"lstrip\":true}],"
    "\"normalizer\":{\"type\":\"NFC\"},\"pre_tokenizer\":" BYTE_LEVEL ","
    "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"<|end|>\"}},"
    "{\"Sequence\":{\"id\":\"A\"}}],\"special_tokens\":{\"<|end|>\":{\"ids\":[7]}}},"
    "\"model\":{\"type\":\"BPE\",\"ignore_merges\":false,\"vocab\":{\"a\":0,\"b\":1,\"c\":2,\"\\u0120\":3,\"ab\":4,\"\\u0120ab\":5},"
    "\"merges\":[\"a b\",[\"\\u0120\",\"ab\"]]}}";

static const char spm[] =
    "{\"added_tokens\":[{\"id\":0,\"content\":\"<unk>\",\"special\":true,\"normalized\":false}],"
    "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"\\u2581\"},"
    "{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\\u2581\"}]},\"pre_tokenizer\":null,"
    "\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"byte_fallback\":true,\"fuse_unk\":true,"
    "\"vocab\":{\"<unk>\":0,\"<0x0A>\":1,\"\\u2581\":2,\"a\":3,\"b\":4,\"ab\":5,\"\\u2581ab\":6},"
    "\"merges\":[\"a b\",\"\\u2581 ab\"]}}";

static const char wordpiece[] =
    "{\"added_tokens\":[{\"id\":0,\"content\":\"[UNK]\",\"special\":true,\"normalized\":false},"
    "{\"id\":1,\"content\":\"[CLS]\",\"special\":true,\"normalized\":false}],"
    "\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true,\"handle_chinese_chars\":true,"
    "\"strip_accents\":null,\"lowercase\":true},\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"
    "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\","
    "\"max_input_chars_per_word\":8,\"vocab\":{\"[UNK]\":0,\"[CLS]\":1,\"card\":2,\"##io\":3,\"##i\":4,\"##ology\":5,\",\":6,"
    "\"\\u5fc3\":7,\"cafe\":8,\"c\":9}}}";

static struct arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena, 64 * MIB);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

/* @json with the first @from as @to. */
static struct slice with(const char *json, const char *from, const char *to)
{
    const char *found = strstr(json, from);

    assert_non_null(found);
    return slice_from(
        arena_format(&arena, "%.*s%s%s", (int)(found - json), json, to, found + strlen(from)));
}

static struct tokenizer_vocab *create(struct slice json, struct slice config, struct error *err)
{
    struct tokenizer_json_files files = { .tokenizer = json, .config = config };
    struct tokenizer_parts parts;

    *err = (struct error){ 0 };
    tokenizer_parts_init(&parts, &arena);
    if (tokenizer_json_read(&files, &parts, err) != STATUS_OK)
        return NULL;
    return tokenizer_vocab_build(&parts, (struct slice){ 0 }, err);
}

static void assert_ids(const char *json, const char *text, const char *expected)
{
    struct tokenizer_vocab *vocab;
    struct tokenizer_ids ids;
    struct buffer shown;
    struct error err;

    vocab = create(slice_from(json), (struct slice){ 0 }, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(tokenizer_encode(vocab, slice_from(text), false, false, &arena, &ids, &err),
                     STATUS_OK);
    buffer_init(&shown, &arena);
    for (size_t i = 0; i < ids.count; i++)
        buffer_format(&shown, "%u ", ids.ids[i]);
    assert_string_equal(arena_string(&arena, buffer_slice(&shown)), expected);
    tokenizer_vocab_destroy(vocab);
}

static void reads_byte_level_bpe(void **state)
{
    struct error err;
    struct tokenizer_vocab *vocab =
        create(slice_from(bpe),
               SLICE("{\"eos_token\":{\"content\":\"<|end|>\"},\"chat_template\":\"x\"}"), &err);

    (void)state;
    assert_ids(bpe, "ab ab c", "4 5 3 2 ");
    assert_ids(bpe, "a  <tool>b", "0 6 1 ");
    assert_ids(bpe, "cab", "2 4 ");
    assert_int_equal(vocab->settings->normal, TOKENIZER_NORMAL_NFC);
    assert_int_equal(vocab->bos, 7);
    assert_int_equal(vocab->eos, 7);
    assert_true(vocab->adds_bos);
    assert_true(slice_is(vocab->chat_template, "x"));
    assert_int_equal(strlen(vocab->digest), 64);
    tokenizer_vocab_destroy(vocab);
}

/* A vocabulary without a piece for x and without an unknown piece: what is beside it is joined. */
static void leaves_out_bytes_that_have_no_piece(void **state)
{
    const char *unknown =
        arena_string(&arena, with(bpe, "\"ignore_merges\":false", "\"unk_token\":\"c\""));

    (void)state;
    assert_ids(bpe, "axb x", "4 3 ");
    assert_ids(bpe, "x", "");
    assert_ids(unknown, "axb x", "0 2 1 3 2 ");
}

static void reads_sentencepiece_bpe(void **state)
{
    (void)state;
    assert_ids(spm, "ab\nab", "6 1 5 ");
    assert_ids(spm, "", "");
}

static void reads_wordpiece(void **state)
{
    (void)state;
    assert_ids(wordpiece, "Cardio,cardiology", "2 3 6 0 "); /* the second has more than 8 letters */
    assert_ids(wordpiece,
               "Caf\xc3\xa9 \xe5\xbf\x83\xe5\xbf\x83"
               "card",
               "8 7 7 2 ");
    assert_ids(wordpiece, "card\x01i [CLS] x", "2 4 0 0 0 0 ");
    assert_ids(wordpiece, " \n\t ", "");
}

/* Gemma lists runs of blanks as added tokens: a text that has U+2581 written out has such a token
 * there, one with blanks what the merges make of them. */
static void takes_blanks_that_are_written_out_for_added_tokens(void **state)
{
    static const char gemma[] =
        "{\"added_tokens\":[{\"id\":0,\"content\":\"<unk>\",\"special\":true,\"normalized\":false},"
        "{\"id\":5,\"content\":\"\\u2581\\u2581\",\"special\":false,\"normalized\":false}],"
        "\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\\u2581\"},"
        "\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\" \"},\"behavior\":\"MergedWithPrevious\",\"invert\":false},"
        "\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"byte_fallback\":true,\"fuse_unk\":true,"
        "\"vocab\":{\"<unk>\":0,\"<0x0A>\":1,\"\\u2581\":2,\"a\":3,\"\\u2581a\":4,\"\\u2581\\u2581\":5},"
        "\"merges\":[\"\\u2581 a\",\"\\u2581 \\u2581\"]}}";

    (void)state;
    assert_ids(gemma, "  a", "2 4 ");
    assert_ids(gemma,
               "\xe2\x96\x81\xe2\x96\x81"
               "a",
               "5 3 ");
    assert_ids(gemma, "\xe2\x96\x81 a", "2 4 ");
}

/* The same vocabulary as GGUF files write it: words with U+2581 before them, the rest without "##".
 */
static void reads_wordpiece_from_gguf(void **state)
{
    const struct slice pieces[] = { SLICE("[UNK]"),
                                    SLICE("[CLS]"),
                                    SLICE("[SEP]"),
                                    SLICE("\xe2\x96\x81"
                                          "card"),
                                    SLICE("io"),
                                    SLICE("\xe2\x96\x81,") };
    const int32_t types[] = { 2, 3, 3, 1, 1, 1 };
    struct gguf_write *write;
    struct tokenizer_vocab *vocab;
    struct tokenizer_ids ids;
    struct error err = { 0 };
    struct gguf *gguf;
    size_t size;
    char *bytes;
    FILE *stream = open_memstream(&bytes, &size);

    (void)state;
    write = gguf_write_start_stream(stream, NULL);
    gguf_write_string(write, "tokenizer.ggml.model", SLICE("bert"));
    gguf_write_strings(write, "tokenizer.ggml.tokens", pieces, 6);
    gguf_write_array(write, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, types, 6);
    gguf_write_u32(write, "tokenizer.ggml.unknown_token_id", 0);
    gguf_write_u32(write, "tokenizer.ggml.cls_token_id", 1);
    gguf_write_u32(write, "tokenizer.ggml.seperator_token_id", 2);
    gguf_write_finish(write, NULL);
    fclose(stream);
    gguf = gguf_open_bytes(slice_of(bytes, size), &err);
    vocab = tokenizer_vocab_create(gguf, &err);
    gguf_close(gguf);
    free(bytes);
    assert_string_equal(err.text, "");
    assert_int_equal(vocab->bos, 1);
    assert_int_equal(vocab->eos, 2);
    assert_int_equal(tokenizer_encode(vocab, SLICE("CardIO, x"), false, false, &arena, &ids, &err),
                     STATUS_OK);
    assert_int_equal(ids.count, 4);
    assert_int_equal(ids.ids[0], 3);
    assert_int_equal(ids.ids[1], 4);
    assert_int_equal(ids.ids[2], 5);
    assert_int_equal(ids.ids[3], 0);
    tokenizer_vocab_destroy(vocab);
}

static void refuses_by_name_what_it_does_not_know(void **state)
{
    static const struct {
        const char *json, *from, *to, *word;
        enum status status;
    } refused[] = {
        { bpe, "\"NFC\"", "\"NFKC\"", "NFKC", STATUS_UNIMPLEMENTED },
        { bpe, "\"add_prefix_space\":false", "\"add_prefix_space\":true", "ByteLevel",
          STATUS_UNIMPLEMENTED },
        { bpe, BYTE_LEVEL,
          "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":\"x+\"},"
          "\"behavior\":\"Isolated\"},{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":false}]}",
          "expression", STATUS_UNIMPLEMENTED },
        /* DeepSeek-V3 begins with numbers cut on their own, then cuts the rest again. */
        { bpe, BYTE_LEVEL,
          "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\p{N}{1,3}\"},"
          "\"behavior\":\"Isolated\"},{\"type\":\"Split\",\"pattern\":{\"Regex\":\"[\\u4e00-\\u9fa5]+\"},\"behavior\":\"Isolated\"},"
          "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":false}]}",
          "not supported", STATUS_UNIMPLEMENTED },
        { bpe, "\"type\":\"BPE\"", "\"type\":\"Unigram\"", "Unigram", STATUS_UNIMPLEMENTED },
        { bpe, "\"ignore_merges\":false", "\"dropout\":0.1", "dropout", STATUS_UNIMPLEMENTED },
        { bpe, "\"TemplateProcessing\"", "\"Magic\"", "Magic", STATUS_UNIMPLEMENTED },
        { bpe, "\"merges\"", "\"margins\"", "merges", STATUS_DATA_LOSS },
        { bpe, "\"a b\"", "\"a x\"", "merge 0", STATUS_DATA_LOSS },
        { bpe, "\"a b\"", "\"ab\"", "merge 0", STATUS_DATA_LOSS },
        { bpe, "\"a b\"", "3", "merge 0", STATUS_DATA_LOSS },
        { bpe, "\"b\":1", "\"b\":0", "two pieces", STATUS_DATA_LOSS },
        { bpe, "\"b\":1", "\"b\":-1", "no number", STATUS_DATA_LOSS },
        { bpe, "\"b\":1", "\"b\":99999999", "100000000", STATUS_DATA_LOSS },
        { bpe, "\"b\":1", "\"a\":1", "twice", STATUS_INVALID_ARGUMENT },
        { bpe, "\"id\":7", "\"id\":1", "added token", STATUS_DATA_LOSS },
        { bpe, "\"ids\":[7]", "\"ids\":[70]", "TemplateProcessing", STATUS_UNIMPLEMENTED },
        { bpe, "\"model\":{", "\"model\":{\"x\":", "JSON", STATUS_INVALID_ARGUMENT },
        { spm, "\"Prepend\"", "\"Strip\"", "Strip", STATUS_UNIMPLEMENTED },
        { spm, "\"pre_tokenizer\":null", "\"pre_tokenizer\":{\"type\":\"Metaspace\"}", "Metaspace",
          STATUS_UNIMPLEMENTED },
        { spm, "\"byte_fallback\":true", "\"byte_fallback\":false", "byte_fallback",
          STATUS_UNIMPLEMENTED },
        { spm, "\"unk_token\":\"<unk>\"", "\"unk_token\":\"<none>\"", "unk_token",
          STATUS_DATA_LOSS },
        { wordpiece, "\"##\"", "\"@@\"", "##", STATUS_UNIMPLEMENTED },
        { wordpiece, "\"BertPreTokenizer\"", "\"Whitespace\"", "Whitespace", STATUS_UNIMPLEMENTED },
        { wordpiece, "\"normalized\":false", "\"normalized\":true", "normalised",
          STATUS_UNIMPLEMENTED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct error err;
        struct tokenizer_vocab *vocab = create(
            with(refused[i].json, refused[i].from, refused[i].to), (struct slice){ 0 }, &err);

        if (vocab != NULL || err.status != refused[i].status
            || strstr(err.text, refused[i].word) == NULL)
            fail_msg("%zu: %s: %s", i, status_name(err.status), err.text);
    }
}

static void refuses_every_cut(void **state)
{
    static const char *const whole[] = { bpe, spm, wordpiece };
    struct error err;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t size = 0; size < strlen(whole[i]); size++) {
            close_arena(NULL);
            open_arena(NULL);
            assert_null(create(slice_of(whole[i], size), (struct slice){ 0 }, &err));
            assert_true(err.status != STATUS_OK && err.text[0] != '\0');
        }
    }
}

static void write_file(const char *folder, const char *name, const char *content)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void opens_a_folder_with_what_lies_beside(void **state)
{
    char folder[] = "/tmp/tokenizer_json_XXXXXX", command[64];
    struct tokenizer_vocab *vocab;
    struct error err = { 0 };

    (void)state;
    assert_non_null(mkdtemp(folder));
    write_file(folder, "tokenizer.json", bpe);
    write_file(folder, "tokenizer_config.json", "{\"chat_template\":\"old\",\"bos_token\":\"a\"}");
    write_file(folder, "chat_template.jinja", "new");
    vocab = tokenizer_open(folder, &err);
    assert_string_equal(err.text, "");
    assert_true(slice_is(vocab->chat_template, "new"));
    assert_int_equal(vocab->bos, 0);
    tokenizer_vocab_destroy(vocab);
    write_file(folder, "tokenizer_config.json", "{");
    assert_null(tokenizer_open(folder, &err));
    assert_non_null(strstr(err.text, "tokenizer_config.json"));
    snprintf(command, sizeof(command), "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_byte_level_bpe, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(leaves_out_bytes_that_have_no_piece, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(takes_blanks_that_are_written_out_for_added_tokens,
                                        open_arena, close_arena),
        cmocka_unit_test_setup_teardown(reads_sentencepiece_bpe, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(reads_wordpiece, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(reads_wordpiece_from_gguf, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(refuses_by_name_what_it_does_not_know, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(refuses_every_cut, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(opens_a_folder_with_what_lies_beside, open_arena,
                                        close_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

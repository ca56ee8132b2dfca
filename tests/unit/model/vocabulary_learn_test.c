/* The vocabulary that is learnt, as the tokenizer of the product reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/limits.h"
#include "model_file.h"
#include "model_prompt.h"

static struct arena arena;
static char folder[] = "/tmp/vocabulary_learn_test.XXXXXX";
static char path[64];
static struct vocabulary vocabulary;

static const struct slice controls[] = { SLICE(MODEL_TURN_START), SLICE(MODEL_TURN_END) };

static struct slice piece(const struct prompt_writer *writer, uint32_t id)
{
    return tokenizer_vocab_piece(writer->vocab, id);
}

static void frequent_words_are_one_piece_with_and_without_a_blank(void **state)
{
    struct prompt_writer writer;
    struct tokenizer_ids ids;

    (void)state;
    assert_int_equal(prompt_writer_open(&writer, path, NULL), STATUS_OK);
    assert_int_equal(tokenizer_encode(writer.vocab, SLICE("Creatinine was Creatinine"), false,
                                      false, &arena, &ids, NULL),
                     STATUS_OK);
    assert_int_equal(ids.count, 3);
    assert_true(slice_is(piece(&writer, ids.ids[0]), "Creatinine"));
    assert_true(slice_is(piece(&writer, ids.ids[2]), "\xe2\x96\x81"
                                                     "Creatinine"));
    prompt_writer_close(&writer);
}

static void digits_and_line_breaks_stand_alone(void **state)
{
    struct prompt_writer writer;
    struct tokenizer_ids ids;

    (void)state;
    assert_int_equal(prompt_writer_open(&writer, path, NULL), STATUS_OK);
    assert_int_equal(
        tokenizer_encode(writer.vocab, SLICE("[12] 2019-03\n"), false, false, &arena, &ids, NULL),
        STATUS_OK);
    /* [ 1 2 ] blank 2 0 1 9 - 0 3 break */
    assert_int_equal(ids.count, 13);
    for (size_t i = 0; i < ids.count; i++)
        assert_true(piece(&writer, ids.ids[i]).size == 1
                    || slice_is(piece(&writer, ids.ids[i]), "\xe2\x96\x81"));
    for (uint32_t i = 0; i < vocabulary.count; i++)
        for (size_t j = 0;
             vocabulary.kinds[i] == PIECE_KIND_NORMAL && j < vocabulary.pieces[i].size; j++)
            assert_true(vocabulary.pieces[i].size == 1 || vocabulary.pieces[i].data[j] < '0'
                        || vocabulary.pieces[i].data[j] > '9');
    prompt_writer_close(&writer);
}

/* A merge is only worth having when the tokenizer can reach it: every piece, as a text, is that
 * piece. */
static void the_tokenizer_reaches_every_piece(void **state)
{
    struct prompt_writer writer;
    struct tokenizer_ids ids;

    (void)state;
    assert_int_equal(prompt_writer_open(&writer, path, NULL), STATUS_OK);
    for (uint32_t i = 0; i < vocabulary.count; i++) {
        struct slice text = vocabulary.pieces[i];

        if (vocabulary.kinds[i] != PIECE_KIND_NORMAL)
            continue;
        if (slice_starts_with(text, SLICE("\xe2\x96\x81")))
            text = slice_from(
                arena_format(&arena, " %.*s", SLICE_FORMAT(slice_cut(text, 3, text.size))));
        assert_int_equal(tokenizer_encode(writer.vocab, text, false, false, &arena, &ids, NULL),
                         STATUS_OK);
        assert_int_equal(ids.count, 1);
        assert_int_equal(ids.ids[0], i);
    }
    prompt_writer_close(&writer);
}

static void the_template_frames_turns_and_text_cannot_end_one(void **state)
{
    struct prompt_writer writer;
    struct tokenizer_ids ids;
    const struct tokenizer_turn turn = { .role = SLICE("user"),
                                         .content = SLICE("a " MODEL_TURN_END) };
    const struct tokenizer_chat chat = { .turns = &turn,
                                         .turns_count = 1,
                                         .has_generation_prompt = true };
    unsigned ends = 0;

    (void)state;
    assert_int_equal(prompt_writer_open(&writer, path, NULL), STATUS_OK);
    assert_int_equal(
        tokenizer_template_apply(&writer.template, writer.vocab, &chat, &arena, &ids, NULL),
        STATUS_OK);
    for (size_t i = 0; i < ids.count; i++)
        ends += ids.ids[i] == writer.template.stop_ids[0];
    assert_int_equal(ends, 1);
    prompt_writer_close(&writer);
}

static void the_same_text_gives_the_same_vocabulary(void **state)
{
    struct vocabulary again;

    (void)state;
    for (int round = 0; round < 2; round++) {
        struct vocabulary_learner *learner = vocabulary_learner_init(&arena);

        for (int i = 0; i < 50; i++)
            vocabulary_learner_add(
                learner,
                SLICE(
                    "[1] 2019 observation: Creatinine 0.9 mg/dL\nHemoglobin was Creatinine Hemoglobin"));
        assert_int_equal(
            vocabulary_learn(learner, controls, 2, 600, round == 0 ? &vocabulary : &again, NULL),
            STATUS_OK);
    }
    assert_int_equal(vocabulary.count, again.count);
    for (uint32_t i = 0; i < again.count; i++)
        assert_true(slice_equal(vocabulary.pieces[i], again.pieces[i]));
}

static void refuses_a_size_without_room_for_bytes(void **state)
{
    struct vocabulary small;
    struct error err;

    (void)state;
    assert_int_equal(
        vocabulary_learn(vocabulary_learner_init(&arena), controls, 2, 300, &small, &err),
        STATUS_INVALID_ARGUMENT);
}

/* What is written is what the reader finds: names, shapes and, as F32, the very values. */
static void weights_come_back_from_the_file(void **state)
{
    struct shape shape = { vocabulary.count, 64, 2, 2, 1, 96, 128, 10000, 1e-5f };
    struct weights weights;
    struct model_file_about about = { "test", "a test", MODEL_FILE_TYPE_F32 };
    char file[80];
    struct gguf *gguf;
    const struct gguf_tensor *tensor;
    struct slice name;
    uint64_t number;

    (void)state;
    snprintf(file, sizeof(file), "%s/weights.gguf", folder);
    weights_bind(&weights, &shape, ARENA_ARRAY(&arena, float, weights_count(&shape)));
    weights_init(&weights, 1);
    assert_int_equal(model_file_write(file, &weights, path, &about, &arena, NULL), STATUS_OK);
    gguf = gguf_open(file, NULL);
    unlink(file);
    assert_non_null(gguf);
    assert_int_equal(gguf_tensor_count(gguf), 2 + 9 * 2);
    tensor = gguf_tensor_find(gguf, "blk.1.attn_v.weight");
    assert_int_equal(tensor->dimensions[0], 64);
    assert_int_equal(tensor->dimensions[1], 32);
    assert_memory_equal(tensor->data, weights.layers[1].qkv + 96 * 64, 32 * 64 * sizeof(float));
    assert_null(gguf_tensor_find(gguf, "output.weight"));
    assert_true(gguf_get_string(gguf, "general.architecture", &name) && slice_is(name, "llama"));
    assert_true(gguf_get_u64(gguf, "llama.attention.head_count_kv", &number) && number == 1);
    assert_true(gguf_get_string(gguf, "tokenizer.chat_template", &name) && name.size > 0);
    gguf_close(gguf);
}

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 512 * MIB);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/vocabulary.gguf", folder);
    the_same_text_gives_the_same_vocabulary(NULL);
    return model_file_write_vocabulary(path, &vocabulary, NULL) != STATUS_OK;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    rmdir(folder);
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frequent_words_are_one_piece_with_and_without_a_blank),
        cmocka_unit_test(digits_and_line_breaks_stand_alone),
        cmocka_unit_test(the_tokenizer_reaches_every_piece),
        cmocka_unit_test(the_template_frames_turns_and_text_cannot_end_one),
        cmocka_unit_test(the_same_text_gives_the_same_vocabulary),
        cmocka_unit_test(refuses_a_size_without_room_for_bytes),
        cmocka_unit_test(weights_come_back_from_the_file),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}

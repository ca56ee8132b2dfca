#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tokenizer_template.h"
#include "vocab_sample.h"

static const char chatml[] =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

/* The rendering as text: control pieces in full, bytes as they are. */
static enum status render(const char *source, const struct tokenizer_turn *turns, size_t count,
                          char *text, struct error *err)
{
    struct tokenizer_vocab *vocab = vocab_sample_create("gpt-2", source, err);
    struct tokenizer_template template;
    struct tokenizer_ids ids = { 0 };
    struct arena arena;
    enum status status;

    arena_init(&arena, 1 << 20);
    tokenizer_template_init(&template, vocab);
    status = tokenizer_template_apply(&template, vocab, turns, count, true, &arena, &ids, err);
    *text = '\0';
    for (size_t i = 0; i < ids.count && status == STATUS_OK; i++) {
        struct slice piece = tokenizer_vocab_piece(vocab, ids.ids[i]);

        strncat(text, piece.data, piece.size);
    }
    arena_close(&arena);
    tokenizer_vocab_destroy(vocab);
    return status;
}

static const struct tokenizer_turn turns[] = {
    { { "system", 6 }, { "Be brief.", 9 } },
    { { "user", 4 }, { "Hi", 2 } },
};

static void renders_chatml(void **state)
{
    char text[512];
    struct error err;

    (void)state;
    assert_int_equal(render(chatml, turns, 2, text, &err), STATUS_OK);
    assert_string_equal(
        text,
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
}

static void renders_zephyr_with_the_vocabularys_end(void **state)
{
    char text[512];
    struct error err;

    (void)state;
    assert_int_equal(
        render("{{ '<|user|>\n' + message['content'] + eos_token }} {{ '<|assistant|>\n' }}", turns,
               2, text, &err),
        STATUS_OK);
    assert_string_equal(
        text, "<|system|>\nBe brief.<|endoftext|>\n<|user|>\nHi<|endoftext|>\n<|assistant|>\n");
}

static void invents_no_template_where_there_is_none(void **state)
{
    char text[512];
    struct error err;

    (void)state;
    assert_int_equal(render(NULL, turns, 2, text, &err), STATUS_FAILED_PRECONDITION);
}

static void names_what_it_does_not_know(void **state)
{
    char text[512];
    struct error err;

    (void)state;
    assert_int_equal(render("{{ '<|turn|>' + message }}", turns, 2, text, &err),
                     STATUS_UNIMPLEMENTED);
    assert_non_null(strstr(err.text, "<|turn|>"));
    assert_int_equal(
        render("<|start_header_id|><|end_header_id|><|eot_id|>{{ strftime_now('%d') }}", turns, 2,
               text, &err),
        STATUS_UNIMPLEMENTED);
    assert_non_null(strstr(err.text, "strftime_now"));
}

static void wants_the_templates_marks_in_the_vocabulary(void **state)
{
    char text[512];
    struct error err;

    (void)state;
    assert_int_equal(render("<|start_header_id|><|end_header_id|><|eot_id|>", turns, 2, text, &err),
                     STATUS_FAILED_PRECONDITION);
    assert_non_null(strstr(err.text, "<|start_header_id|>"));
}

static void asks_for_a_system_turn_where_the_template_has_its_own(void **state)
{
    char text[512], source[512];
    struct error err;

    (void)state;
    snprintf(source, sizeof(source), "%s{{ 'You are Qwen' }}", chatml);
    assert_int_equal(render(source, turns + 1, 1, text, &err), STATUS_FAILED_PRECONDITION);
    assert_int_equal(render(source, turns, 2, text, &err), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders_chatml),
        cmocka_unit_test(renders_zephyr_with_the_vocabularys_end),
        cmocka_unit_test(invents_no_template_where_there_is_none),
        cmocka_unit_test(names_what_it_does_not_know),
        cmocka_unit_test(wants_the_templates_marks_in_the_vocabulary),
        cmocka_unit_test(asks_for_a_system_turn_where_the_template_has_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

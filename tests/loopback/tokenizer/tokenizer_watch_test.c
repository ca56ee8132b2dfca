/* The watch over a vocabulary, on a loop of its own: what is remembered of the words of texts goes
 * when its time has come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <unistd.h>

#include "../../unit/tokenizer/vocab_sample.h"
#include "tokenizer.h"
#include "tokenizer_encode.h"
#include "tokenizer_state.h"

#define LOOKS_MAX 2000

static struct tokenizer *tokenizer;
static struct host host;
static struct timer look;
static int looks;

static struct tokenizer *start(void)
{
    char path[] = "/tmp/tokenizer_watch_XXXXXX";
    struct tokenizer *started;
    struct gguf_write *write;
    struct error err = { 0 };

    close(mkstemp(path));
    write = gguf_write_start(path, NULL);
    vocab_sample_write(write, "qwen2", NULL);
    assert_int_equal(gguf_write_finish(write, &err), STATUS_OK);
    started = tokenizer_start(path, NULL, &err);
    assert_string_equal(err.text, "");
    unlink(path);
    return started;
}

static bool remembers(void)
{
    struct tokenizer_model *model = tokenizer_hold(tokenizer);
    struct tokenizer_pool *pool = &model->vocab->state->pool;
    bool is_used = false;

    for (unsigned i = 0; i < TOKENIZER_POOL_MAX; i++) {
        struct tokenizer_cache *cache = atomic_load(&pool->idle[i]);

        is_used = is_used || (cache != NULL && cache->is_used);
    }
    tokenizer_model_let_go(model);
    return is_used;
}

static void look_again(struct timer *timer)
{
    (void)timer;
    if (remembers() && ++looks < LOOKS_MAX)
        return;
    tokenizer_unwatch(tokenizer);
    timer_close(&look, NULL);
    loop_stop(&host.loop);
}

static void see_a_word(void)
{
    struct tokenizer_model *model = tokenizer_hold(tokenizer);
    size_t count;

    assert_int_equal(tokenizer_encode_count(model->vocab, SLICE("Abigail"), &count, NULL),
                     STATUS_OK);
    tokenizer_model_let_go(model);
}

static void forgets_the_words_of_texts_when_their_time_has_come(void **state)
{
    struct error err = { 0 };

    (void)state;
    tokenizer = start();
    assert_int_equal(loop_init(&host.loop, &host, NULL, &err), STATUS_OK);
    see_a_word();
    assert_true(remembers());
    tokenizer_watch(tokenizer, &host, 0, 20);
    timer_init(&look, &host.loop, look_again);
    timer_start(&look, 5, 5);
    loop_run(&host.loop);
    assert_false(remembers());
    loop_close(&host.loop);
    tokenizer_stop(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forgets_the_words_of_texts_when_their_time_has_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

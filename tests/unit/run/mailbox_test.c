#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "run/loop.h"

#define POSTERS 4
#define LETTERS_EACH 20000

struct post {
    struct letter letter;
    unsigned poster, index;
};

static struct loop loop;
static unsigned opened, out_of_order, next_index[POSTERS];

static void open_post(struct letter *letter)
{
    struct post *post = LIST_ITEM(letter, struct post, letter);

    if (post->index != next_index[post->poster])
        out_of_order++;
    next_index[post->poster] = post->index + 1;
    free(post);
    if (++opened == POSTERS * LETTERS_EACH)
        loop_stop(&loop);
}

static void post(unsigned poster, unsigned index)
{
    struct post *post = malloc(sizeof(*post));

    *post = (struct post){ { .open = open_post }, poster, index };
    mailbox_post(&loop.mailbox, &post->letter);
}

static void *poster_main(void *arg)
{
    unsigned i;

    for (i = 0; i < LETTERS_EACH; i++)
        post((unsigned)(uintptr_t)arg, i);
    return NULL;
}

static int reset(void **state)
{
    struct error err;

    (void)state;
    opened = out_of_order = 0;
    memset(next_index, 0, sizeof(next_index));
    return loop_init(&loop, NULL, NULL, &err) == STATUS_OK ? 0 : -1;
}

/* The loop stops in the very last letter, while its poster may still be on the way out: closing
 * waits for it. */
static void opens_each_letter_once_and_each_posters_in_order(void **state)
{
    pthread_t threads[POSTERS];
    unsigned i;

    (void)state;
    for (i = 0; i < POSTERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, poster_main, (void *)(uintptr_t)i), 0);
    loop_run(&loop);
    loop_close(&loop);
    for (i = 0; i < POSTERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(opened, POSTERS * LETTERS_EACH);
    assert_int_equal(out_of_order, 0);
}

static void opens_what_is_inside_when_it_closes(void **state)
{
    unsigned i;

    (void)state;
    for (i = 0; i < 3; i++)
        post(0, i);
    loop_stop(&loop);
    assert_int_equal(opened, 3);
    assert_int_equal(out_of_order, 0);
    loop_run(&loop);
    loop_close(&loop);
}

static void open_and_post(struct letter *letter)
{
    (void)letter;
    post(0, 0);
}

static void opens_what_a_letter_posts_while_it_closes(void **state)
{
    struct letter letter = { .open = open_and_post };

    (void)state;
    mailbox_post(&loop.mailbox, &letter);
    loop_stop(&loop);
    assert_int_equal(opened, 1);
    loop_run(&loop);
    loop_close(&loop);
}

static unsigned turns;

static void open_again(struct letter *letter)
{
    if (++turns < 1000)
        mailbox_post(&loop.mailbox, letter);
    else
        loop_stop(&loop);
}

static void opens_a_letter_that_posts_itself(void **state)
{
    struct letter letter = { .open = open_again };

    (void)state;
    turns = 0;
    mailbox_post(&loop.mailbox, &letter);
    loop_run(&loop);
    loop_close(&loop);
    assert_int_equal(turns, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(opens_each_letter_once_and_each_posters_in_order, reset),
        cmocka_unit_test_setup(opens_what_is_inside_when_it_closes, reset),
        cmocka_unit_test_setup(opens_what_a_letter_posts_while_it_closes, reset),
        cmocka_unit_test_setup(opens_a_letter_that_posts_itself, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

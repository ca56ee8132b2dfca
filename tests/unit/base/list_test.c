#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/list.h"

struct item {
    int number;
    struct list node;
};

static int numbers(struct list *head)
{
    struct list *node, *after;
    int all = 0;

    LIST_EACH(node, after, head)
    all = all * 10 + LIST_ITEM(node, struct item, node)->number;
    return all;
}

static void keeps_its_order(void **state)
{
    struct item a = { .number = 1 }, b = { .number = 2 }, c = { .number = 3 };
    struct list head, *node, *after;

    (void)state;
    list_init(&head);
    assert_true(list_is_empty(&head));
    assert_null(list_take_front(&head));
    list_push_back(&head, &b.node);
    list_push_back(&head, &c.node);
    list_push_front(&head, &a.node);
    assert_int_equal(numbers(&head), 123);
    list_remove(&b.node);
    list_remove(&b.node);
    assert_int_equal(numbers(&head), 13);
    list_insert_after(&c.node, &b.node);
    assert_int_equal(numbers(&head), 132);
    assert_ptr_equal(list_take_front(&head), &a.node);
    LIST_EACH(node, after, &head)
    list_remove(node);
    assert_true(list_is_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_its_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Letters are pushed on a stack with one compare-and-swap, and the loop takes the whole stack with
 * one exchange and reverses it. Nothing is ever popped singly, so a letter that comes back at the
 * same address does no harm.
 *
 * Whoever finds the stack empty wakes the loop. Between its push and its wake the loop may, woken
 * by an earlier letter, already have opened this one, and may be told by it to close the mailbox;
 * the count of posters lets the close wait for the wake, which would else reach a handle that is
 * gone. */
#include "run/mailbox.h"

#include <sched.h>
#include <stddef.h>

#include "base/check.h"

static struct letter *oldest_first(struct letter *newest)
{
    struct letter *oldest = NULL;

    while (newest != NULL) {
        struct letter *next = newest->next;

        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

/* Open all that is inside now. What these letters post waits for the next turn of the loop. */
static void open_letters(struct mailbox *mailbox)
{
    struct letter *letter, *next;

    letter = oldest_first(atomic_exchange_explicit(&mailbox->newest, NULL, memory_order_acquire));
    for (; letter != NULL; letter = next) {
        next = letter->next;
        letter->open(letter);
    }
}

static void on_wake(uv_async_t *wake)
{
    open_letters(wake->data);
}

void mailbox_init(struct mailbox *mailbox, uv_loop_t *uv)
{
    int rc = uv_async_init(uv, &mailbox->wake, on_wake);

    CHECK(rc == 0);
    mailbox->wake.data = mailbox;
    atomic_init(&mailbox->newest, NULL);
    atomic_init(&mailbox->posting, 0);
}

void mailbox_close(struct mailbox *mailbox, uv_close_cb closed)
{
    while (atomic_load_explicit(&mailbox->newest, memory_order_relaxed) != NULL)
        open_letters(mailbox);
    while (atomic_load_explicit(&mailbox->posting, memory_order_acquire) != 0)
        sched_yield();
    uv_close((uv_handle_t *)&mailbox->wake, closed);
}

void mailbox_post(struct mailbox *mailbox, struct letter *letter)
{
    struct letter *newest;

    atomic_fetch_add_explicit(&mailbox->posting, 1, memory_order_relaxed);
    newest = atomic_load_explicit(&mailbox->newest, memory_order_relaxed);
    do
        letter->next = newest;
    while (!atomic_compare_exchange_weak_explicit(&mailbox->newest, &newest, letter,
                                                  memory_order_acq_rel, memory_order_relaxed));
    /* From here on the letter is the loop's. */
    if (newest == NULL)
        uv_async_send(&mailbox->wake);
    atomic_fetch_sub_explicit(&mailbox->posting, 1, memory_order_release);
}

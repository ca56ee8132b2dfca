/* The one way to another thread: a letter is posted, changes owner, and is opened on the loop of
 * the mailbox in the order of posting. Posting takes no lock and wakes the loop only when the box
 * was empty, so letters cross in batches. */
#ifndef RUN_MAILBOX_H
#define RUN_MAILBOX_H

#include <stdatomic.h>
#include <uv.h>

/* Lives in whatever is sent. Must stay until it has been opened. */
struct letter {
    struct letter *next;
    void (*open)(struct letter *letter); /* on the loop; owns the letter from here on */
};

struct mailbox {
    _Atomic(struct letter *) newest;
    _Atomic unsigned posting; /* threads inside mailbox_post */
    uv_async_t wake;
};

/* The loop's thread, before anyone posts. Aborts only where libuv has no memory. */
void mailbox_init(struct mailbox *mailbox, uv_loop_t *uv);

/* The loop's thread. Nobody may begin to post any more; what is still inside is opened first.
 * @closed (may be NULL) is called when libuv has let go of the handle. */
void mailbox_close(struct mailbox *mailbox, uv_close_cb closed);

/* Any thread. Takes ownership of @letter. */
void mailbox_post(struct mailbox *mailbox, struct letter *letter);

#endif

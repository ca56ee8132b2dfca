/* What the handler is told while it has the call: a message is here, the queue has drained, the
 * caller has gone.
 *
 * Told at the method's place: the loop, or the home thread. While a worker has the call nothing is
 * told; what came meanwhile is told when the worker's function has returned. So a handler runs on
 * one thread at a time. */
#include "base/check.h"
#include "rpc/call_face.h"
#include "rpc/server_call.h"

void call_set_cancelled(struct server_call *sc)
{
    atomic_store_explicit(&sc->is_cancelled, true, memory_order_release);
    if (sc->is_ended || sc->served->row.place == METHOD_PLACE_WORKER)
        return;
    if (sc->on_cancel != NULL)
        sc->due |= CALL_DUE_CANCEL;
    else if (sc->on_message != NULL && !sc->is_reading)
        sc->due |= CALL_DUE_MESSAGE;
}

static bool is_due(const struct server_call *sc, enum call_due what)
{
    return (sc->due & what) != 0 && sc->away == 0 && !sc->is_ended;
}

/* The lock is held before and after, and not while the handler runs. */
static void tell_message(struct server_call *sc)
{
    void (*on_message)(struct call * call, const void *message) = sc->on_message;
    const void *message = sc->message;

    sc->due &= ~CALL_DUE_MESSAGE;
    sc->on_message = NULL;
    pthread_mutex_unlock(&sc->lock);
    if (on_message != NULL)
        on_message(&sc->call, message);
    pthread_mutex_lock(&sc->lock);
}

static void tell_writable(struct server_call *sc)
{
    void (*on_writable)(struct call * call) = sc->on_writable;

    sc->due &= ~CALL_DUE_WRITABLE;
    pthread_mutex_unlock(&sc->lock);
    on_writable(&sc->call);
    pthread_mutex_lock(&sc->lock);
}

static void tell_cancel(struct server_call *sc)
{
    void (*on_cancel)(struct call * call) = sc->on_cancel;

    sc->due &= ~CALL_DUE_CANCEL;
    sc->on_cancel = NULL;
    pthread_mutex_unlock(&sc->lock);
    if (on_cancel != NULL)
        on_cancel(&sc->call);
    pthread_mutex_lock(&sc->lock);
}

static void tell(struct op *op, bool is_ok)
{
    struct server_call *sc = LIST_ITEM(op, struct server_call, notice);

    (void)is_ok;
    pthread_mutex_lock(&sc->lock);
    sc->is_noticing = false;
    if (is_due(sc, CALL_DUE_MESSAGE))
        tell_message(sc);
    if (sc->on_writable != NULL && is_due(sc, CALL_DUE_WRITABLE))
        tell_writable(sc);
    if (is_due(sc, CALL_DUE_CANCEL))
        tell_cancel(sc);
    call_let_go_and_unlock(sc);
}

static void tell_on_loop(struct letter *letter)
{
    struct op *op = LIST_ITEM(letter, struct op, letter);

    tell(op, true);
}

void call_notice_init(struct server_call *sc)
{
    sc->notice.done = tell;
    sc->notice.letter.open = tell_on_loop;
}

/* False when there is nothing to tell now, or one is under way that will. */
static bool begin_notice(struct server_call *sc)
{
    unsigned due = sc->on_writable == NULL ? sc->due & ~CALL_DUE_WRITABLE : sc->due;

    if (due == 0 || sc->is_noticing || sc->away > 0 || sc->is_ended || !sc->is_begun)
        return false;
    sc->is_noticing = true;
    sc->holds++;
    return true;
}

void call_tell_soon_and_unlock(struct server_call *sc)
{
    bool is_due_now = begin_notice(sc);

    pthread_mutex_unlock(&sc->lock);
    if (!is_due_now)
        return;
    if (sc->served->row.place == METHOD_PLACE_LOOP)
        mailbox_post(&sc->served->server->options.loop->mailbox, &sc->notice.letter);
    else if (thread_is_here(sc->home->thread))
        thread_defer(sc->home->thread, &sc->notice);
    else
        thread_post(sc->home->thread, &sc->notice);
}

void call_tell_and_unlock(struct server_call *sc)
{
    if (sc->served->row.place == METHOD_PLACE_LOOP) {
        call_tell_soon_and_unlock(sc);
        return;
    }
    if (!begin_notice(sc)) {
        pthread_mutex_unlock(&sc->lock);
        return;
    }
    pthread_mutex_unlock(&sc->lock);
    tell(&sc->notice, true);
}

void call_on_cancel(struct call *call, void (*on_cancel)(struct call *call))
{
    struct server_call *sc = server_call_of(call);

    if (call->face != NULL) {
        call->face->on_cancel(call, on_cancel);
        return;
    }
    pthread_mutex_lock(&sc->lock);
    sc->on_cancel = on_cancel;
    if (atomic_load(&sc->is_cancelled) && sc->served->row.place != METHOD_PLACE_WORKER)
        sc->due |= CALL_DUE_CANCEL;
    call_tell_soon_and_unlock(sc);
}

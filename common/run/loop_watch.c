/* The loop's epoll descriptor is itself readable while one of those in it has an event. */
#include "run/loop_watch.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "base/fault.h"

struct loop_watch {
    int descriptor; /* of the loop */
    int stop;       /* readable: end */
    sem_t again;
    atomic_bool is_stopping;
    void (*wake)(void *arg);
    void *arg;
    pthread_t thread;
};

static void *watch_main(void *arg)
{
    struct loop_watch *watch = arg;
    struct pollfd descriptors[] = { { .fd = watch->descriptor, .events = POLLIN },
                                    { .fd = watch->stop, .events = POLLIN } };

    for (;;) {
        while (poll(descriptors, 2, -1) < 0)
            CHECK(errno == EINTR);
        if (atomic_load(&watch->is_stopping))
            return NULL;
        watch->wake(watch->arg);
        while (sem_wait(&watch->again) != 0)
            CHECK(errno == EINTR);
    }
}

/* Signals are the loop's business. */
static int start_thread(struct loop_watch *watch)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&watch->thread, NULL, watch_main, watch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc == 0)
        pthread_setname_np(watch->thread, "loop-watch");
    return rc;
}

static void free_watch(struct loop_watch *watch)
{
    close(watch->stop);
    sem_destroy(&watch->again);
    free(watch);
}

struct loop_watch *loop_watch_start(struct loop *loop, void (*wake)(void *arg), void *arg,
                                    struct error *err)
{
    struct loop_watch *watch = fault_is_due() ? NULL : calloc(1, sizeof(*watch));
    int rc;

    if (watch == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a watch of the loop");
        return NULL;
    }
    watch->descriptor = uv_backend_fd(&loop->uv);
    watch->wake = wake;
    watch->arg = arg;
    CHECK(sem_init(&watch->again, 0, 0) == 0);
    watch->stop = eventfd(0, EFD_CLOEXEC);
    rc = watch->stop < 0 ? errno : start_thread(watch);
    if (rc == 0)
        return watch;
    error_set_errno(err, rc, "cannot watch the loop");
    free_watch(watch);
    return NULL;
}

void loop_watch_again(struct loop_watch *watch)
{
    sem_post(&watch->again);
}

void loop_watch_stop(struct loop_watch *watch)
{
    atomic_store(&watch->is_stopping, true);
    CHECK(eventfd_write(watch->stop, 1) == 0);
    sem_post(&watch->again);
    pthread_join(watch->thread, NULL);
    free_watch(watch);
}

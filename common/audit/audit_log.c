/* Guarded by the lock: the queue, is_urgent and is_ending. The rest belongs to the writing thread
 * once it runs. */
#include "audit/audit_log.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "audit/audit_writer.h"
#include "base/fault.h"
#include "base/list.h"
#include "base/log.h"
#include "run/clock.h"

#define HOLD_MS 100
#define MEMBERS_ARENA_BYTES (4 * (size_t)AUDIT_LINE_BYTES_MAX)

struct entry {
    struct entry *next;
    struct letter letter;
    audit_done_cb done;
    void *arg;
    struct error error;
    struct slice members; /* behind this struct */
};

struct audit_log {
    struct audit_writer writer;
    struct mailbox *home;
    char source[AUDIT_TEXT_BYTES_MAX];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct entry *oldest, **end;
    unsigned waiting; /* in the queue and in the batch that is being written */
    bool is_urgent;   /* somebody waits for a record of the queue */
    bool is_ending;
};

static void open_entry(struct letter *letter)
{
    struct entry *entry = LIST_ITEM(letter, struct entry, letter);

    if (entry->done != NULL)
        entry->done(entry->arg, &entry->error);
    else if (entry->error.status != STATUS_OK)
        log_error("audit_lost", LOG_ERROR(&entry->error));
    free(entry);
}

/* As many entries as one write takes; what the disk does not take fails as a whole. */
static struct entry *write_batch(struct audit_log *log, struct entry *first)
{
    struct error err = { 0 };
    struct entry *entry = first;

    audit_writer_begin(&log->writer);
    while (entry != NULL && audit_writer_add(&log->writer, entry->members))
        entry = entry->next;
    audit_writer_end(&log->writer, &err);
    while (first != entry) {
        struct entry *next = first->next;

        first->error = err;
        first->letter.open = open_entry;
        mailbox_post(log->home, &first->letter);
        first = next;
    }
    return entry;
}

/* Records that nobody waits for go with the next that somebody does, or after HOLD_MS: one write
 * less. */
static void hold(struct audit_log *log)
{
    struct timespec until;
    int rc = 0;

    if (log->oldest == NULL)
        return;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += HOLD_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    while (!log->is_urgent && !log->is_ending && rc == 0)
        rc = pthread_cond_timedwait(&log->changed, &log->lock, &until);
}

static void *writer_main(void *arg)
{
    struct audit_log *log = arg;
    struct entry *batch;
    unsigned taken;

    pthread_mutex_lock(&log->lock);
    for (;;) {
        while (log->oldest == NULL && !log->is_ending)
            pthread_cond_wait(&log->changed, &log->lock);
        hold(log);
        batch = log->oldest;
        if (batch == NULL)
            break;
        log->is_urgent = false;
        log->oldest = NULL;
        log->end = &log->oldest;
        taken = log->waiting;
        pthread_mutex_unlock(&log->lock);
        while (batch != NULL)
            batch = write_batch(log, batch);
        pthread_mutex_lock(&log->lock);
        log->waiting -= taken;
    }
    pthread_mutex_unlock(&log->lock);
    return NULL;
}

/* Signals are the loop's business. */
static enum status start_thread(struct audit_log *log, struct error *err)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&log->thread, NULL, writer_main, log);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return error_set_errno(err, rc, "the audit log's thread cannot be started");
    pthread_setname_np(log->thread, "audit");
    return STATUS_OK;
}

struct audit_log *audit_open(const struct audit_options *options, struct error *err)
{
    struct audit_log *log = fault_is_due() ? NULL : calloc(1, sizeof(*log));

    if (log == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for the audit log");
        return NULL;
    }
    log->home = options->home;
    log->end = &log->oldest;
    snprintf(log->source, sizeof(log->source), "%s", options->source);
    if (audit_writer_open(&log->writer, options, err) != STATUS_OK) {
        free(log);
        return NULL;
    }
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->changed, NULL);
    if (start_thread(log, err) == STATUS_OK)
        return log;
    audit_writer_close(&log->writer);
    free(log);
    return NULL;
}

static struct entry *make_entry(struct audit_log *log, const struct audit_record *record,
                                struct error *err)
{
    struct entry *entry = NULL;
    struct buffer members;
    struct arena arena;

    arena_init(&arena, MEMBERS_ARENA_BYTES);
    buffer_init(&members, &arena);
    if (audit_record_format(record, clock_wall_ms(), log->source, &members, err) == STATUS_OK) {
        entry = fault_is_due() ? NULL : malloc(sizeof(*entry) + members.size);
        if (entry == NULL)
            error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for an audit record");
    }
    if (entry != NULL) {
        *entry = (struct entry){ .members = slice_of(entry + 1, members.size) };
        memcpy(entry + 1, members.data, members.size);
    }
    arena_close(&arena);
    return entry;
}

enum status audit_append(struct audit_log *log, const struct audit_record *record,
                         audit_done_cb done, void *arg, struct error *err)
{
    struct entry *entry = make_entry(log, record, err);
    bool is_full;

    if (entry == NULL)
        return err->status;
    entry->done = done;
    entry->arg = arg;
    pthread_mutex_lock(&log->lock);
    is_full = log->waiting == AUDIT_WAITING_MAX;
    if (!is_full) {
        *log->end = entry;
        log->end = &entry->next;
        log->waiting++;
        log->is_urgent |= done != NULL;
        if (log->is_urgent || log->waiting == 1)
            pthread_cond_signal(&log->changed);
    }
    pthread_mutex_unlock(&log->lock);
    if (!is_full)
        return STATUS_OK;
    free(entry);
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "%d audit records wait for the disk",
                     AUDIT_WAITING_MAX);
}

const struct audit_key *audit_log_key(const struct audit_log *log)
{
    return &log->writer.key;
}

void audit_close(struct audit_log *log)
{
    struct error err = { 0 };

    pthread_mutex_lock(&log->lock);
    log->is_ending = true;
    pthread_cond_signal(&log->changed);
    pthread_mutex_unlock(&log->lock);
    pthread_join(log->thread, NULL);
    if (audit_writer_say(&log->writer, log->source, AUDIT_ACTION_STOP, 0, NULL, &err) != STATUS_OK)
        log_error("audit_lost", LOG_ERROR(&err));
    audit_writer_close(&log->writer);
    pthread_cond_destroy(&log->changed);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

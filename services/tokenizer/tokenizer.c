#include "tokenizer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/list.h"
#include "base/log.h"

/* What a file is told apart by without reading it. */
struct stamp {
    uint64_t device, inode, size_bytes, mtime_ns;
};

struct tokenizer {
    char *path, *folder;
    pthread_mutex_t lock; /* of current */
    struct tokenizer_model *current;
    /* loop */
    struct host *host;
    struct timer timer, forgetting;
    struct stamp served, seen; /* of the file that was last read; of the last look */
    struct job job;
    bool is_loading, is_watching, is_held;
    /* the job's */
    struct error failure;
    enum status loaded;
};

static struct stamp stamp_of(const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return (struct stamp){ 0 };
    return (struct stamp){ info.st_dev, info.st_ino, (uint64_t)info.st_size,
                           (uint64_t)info.st_mtim.tv_sec * 1000000000u
                               + (uint64_t)info.st_mtim.tv_nsec };
}

static bool is_same(struct stamp a, struct stamp b)
{
    return a.device == b.device && a.inode == b.inode && a.size_bytes == b.size_bytes
           && a.mtime_ns == b.mtime_ns;
}

struct tokenizer_model *tokenizer_hold(struct tokenizer *tokenizer)
{
    struct tokenizer_model *model;

    pthread_mutex_lock(&tokenizer->lock);
    model = tokenizer->current;
    atomic_fetch_add(&model->holders, 1);
    pthread_mutex_unlock(&tokenizer->lock);
    return model;
}

enum status tokenizer_reload(struct tokenizer *tokenizer, struct error *err)
{
    struct tokenizer_model *model = tokenizer_model_open(tokenizer->path, tokenizer->folder, err),
                           *old;

    if (model == NULL)
        return err->status;
    pthread_mutex_lock(&tokenizer->lock);
    old = tokenizer->current;
    tokenizer->current = model;
    pthread_mutex_unlock(&tokenizer->lock);
    tokenizer_model_let_go(old);
    return STATUS_OK;
}

struct tokenizer *tokenizer_start(const char *path, const char *folder, struct error *err)
{
    struct tokenizer *tokenizer = calloc(1, sizeof(*tokenizer));

    if (tokenizer == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
        return NULL;
    }
    pthread_mutex_init(&tokenizer->lock, NULL);
    tokenizer->path = strdup(path);
    tokenizer->folder = folder == NULL ? NULL : strdup(folder);
    tokenizer->served = tokenizer->seen = stamp_of(path);
    if (tokenizer->path != NULL)
        tokenizer->current = tokenizer_model_open(path, folder, err);
    else
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory");
    if (tokenizer->current == NULL) {
        tokenizer_stop(tokenizer);
        return NULL;
    }
    return tokenizer;
}

void tokenizer_stop(struct tokenizer *tokenizer)
{
    if (tokenizer == NULL)
        return;
    tokenizer_model_let_go(tokenizer->current);
    pthread_mutex_destroy(&tokenizer->lock);
    free(tokenizer->path);
    free(tokenizer->folder);
    free(tokenizer);
}

/* Watching
 * ----------------------------------------------------------------------------------------- */

/* On a worker. */
static void load(struct job *job)
{
    struct tokenizer *tokenizer = LIST_ITEM(job, struct tokenizer, job);

    tokenizer->loaded = tokenizer_reload(tokenizer, &tokenizer->failure);
}

static void loaded(struct job *job)
{
    struct tokenizer *tokenizer = LIST_ITEM(job, struct tokenizer, job);

    tokenizer->is_loading = false;
    if (tokenizer->loaded != STATUS_OK)
        log_warn("vocabulary_refused", LOG_ERROR(&tokenizer->failure));
    if (tokenizer->host->server != NULL)
        server_set_health(tokenizer->host->server, "vocabulary", tokenizer->loaded == STATUS_OK);
    if (tokenizer->is_held)
        host_let_go(tokenizer->host);
    tokenizer->is_held = false;
}

static void look(struct timer *timer)
{
    struct tokenizer *tokenizer = LIST_ITEM(timer, struct tokenizer, timer);
    struct stamp now = stamp_of(tokenizer->path);
    bool is_still = is_same(now, tokenizer->seen);

    tokenizer->seen = now;
    if (!is_still || tokenizer->is_loading || is_same(now, tokenizer->served)
        || now.size_bytes == 0)
        return;
    tokenizer->served = now;
    tokenizer->job =
        (struct job){ .run = load, .done = loaded, .home = &tokenizer->host->loop.mailbox };
    tokenizer->is_loading =
        workers_post(tokenizer->host->workers, &tokenizer->job, NULL) == STATUS_OK;
    if (!tokenizer->is_loading)
        tokenizer->served = (struct stamp){ 0 }; /* the next look tries again */
}

static void forget_words(struct timer *timer)
{
    struct tokenizer *tokenizer = LIST_ITEM(timer, struct tokenizer, forgetting);
    struct tokenizer_model *model = tokenizer_hold(tokenizer);

    tokenizer_vocab_forget(model->vocab);
    tokenizer_model_let_go(model);
}

void tokenizer_watch(struct tokenizer *tokenizer, struct host *host, uint64_t watch_ms,
                     uint64_t words_ms)
{
    tokenizer->host = host;
    tokenizer->is_watching = true;
    timer_init(&tokenizer->timer, &host->loop, look);
    timer_init(&tokenizer->forgetting, &host->loop, forget_words);
    if (watch_ms > 0)
        timer_start(&tokenizer->timer, watch_ms, watch_ms);
    if (words_ms > 0)
        timer_start(&tokenizer->forgetting, words_ms, words_ms);
}

void tokenizer_unwatch(struct tokenizer *tokenizer)
{
    if (!tokenizer->is_watching)
        return;
    tokenizer->is_watching = false;
    timer_close(&tokenizer->timer, NULL);
    timer_close(&tokenizer->forgetting, NULL);
    tokenizer->is_held = tokenizer->is_loading;
    if (tokenizer->is_held)
        host_hold(tokenizer->host);
}

#include "inference_watch.h"

#include <sys/stat.h>

#include "base/list.h"

static struct inference_stamp stamp_of(const char *path)
{
    struct stat info;

    if (stat(path, &info) != 0)
        return (struct inference_stamp){ 0 };
    return (struct inference_stamp){ info.st_dev, info.st_ino, (uint64_t)info.st_size,
                                     (uint64_t)info.st_mtim.tv_sec * 1000000000u
                                         + (uint64_t)info.st_mtim.tv_nsec };
}

static bool is_same(struct inference_stamp a, struct inference_stamp b)
{
    return a.device == b.device && a.inode == b.inode && a.size_bytes == b.size_bytes
           && a.mtime_ns == b.mtime_ns;
}

/* A file that still changes from one look to the next is not whole yet. */
static void look(struct timer *timer)
{
    struct inference_watch *watch = LIST_ITEM(timer, struct inference_watch, timer);
    struct inference_stamp now = stamp_of(watch->inference->options.model);
    bool is_still = is_same(now, watch->seen);

    watch->seen = now;
    if (!is_still || is_same(now, watch->served) || now.size_bytes == 0)
        return;
    if (inference_reload(watch->inference, NULL) == STATUS_OK)
        watch->served = now; /* else the next look tries again */
}

void inference_watch_start(struct inference_watch *watch, struct inference *inference,
                           uint64_t watch_ms)
{
    watch->inference = inference;
    watch->served = watch->seen = stamp_of(inference->options.model);
    watch->is_watching = true;
    timer_init(&watch->timer, inference->loop, look);
    if (watch_ms > 0)
        timer_start(&watch->timer, watch_ms, watch_ms);
}

void inference_watch_stop(struct inference_watch *watch)
{
    if (watch->is_watching)
        timer_close(&watch->timer, NULL);
    watch->is_watching = false;
}

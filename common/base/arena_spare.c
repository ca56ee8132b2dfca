#include "base/arena_spare.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/limits.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *spare[ARENA_SPARE_BLOCKS_MAX]; /* the one that is still in caches last */
static unsigned count;

void *arena_spare_take(void)
{
    void *block = NULL;

    pthread_mutex_lock(&lock);
    if (count > 0)
        block = spare[--count];
    pthread_mutex_unlock(&lock);
    return block;
}

void arena_spare_give(void *block)
{
    pthread_mutex_lock(&lock);
    if (count < ARENA_SPARE_BLOCKS_MAX) {
        spare[count++] = block;
        block = NULL;
    }
    pthread_mutex_unlock(&lock);
    free(block);
}

#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena_spare.h"
#include "base/check.h"
#include "base/fault.h"
#include "base/limits.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(at, size) ASAN_POISON_MEMORY_REGION(at, size)
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
/* A gap after each allocation, so that one byte too far is seen. */
#define GAP_BYTES 16
#else
#define POISON(at, size) ((void)(at), (void)(size))
#define UNPOISON(at, size) ((void)(at), (void)(size))
#define GAP_BYTES 0
#endif

#define ALIGN_BYTES 16

struct arena_block {
    struct arena_block *older;
    size_t size_bytes; /* with this header */
};

static_assert(sizeof(struct arena_block) % ALIGN_BYTES == 0, "the first allocation is aligned");

static char *block_start(struct arena_block *block)
{
    return (char *)(block + 1);
}

static char *block_end(struct arena_block *block)
{
    return (char *)block + block->size_bytes;
}

void arena_init(struct arena *arena, size_t limit_bytes)
{
    *arena =
        (struct arena){ .limit_bytes = limit_bytes, .block_bytes_next = ARENA_BLOCK_BYTES_MIN };
}

static void free_newest(struct arena *arena)
{
    struct arena_block *block = arena->blocks;

    arena->blocks = block->older;
    arena->used_bytes -= block->size_bytes;
    if (arena->block_bytes_next > ARENA_BLOCK_BYTES_MIN)
        arena->block_bytes_next /=
            2; /* else an arena that is rewound often would come to take a large block each time */
    UNPOISON(block, block->size_bytes);
    if (ARENA_REUSES && block->size_bytes == ARENA_BLOCK_BYTES_MAX)
        arena_spare_give(block);
    else
        free(block);
}

void arena_close(struct arena *arena)
{
    while (arena->blocks != NULL)
        free_newest(arena);
    arena_init(arena, arena->limit_bytes);
}

void arena_reuse(struct arena *arena, size_t limit_bytes)
{
    struct arena_block *first;

    while (arena->blocks != NULL && arena->blocks->older != NULL)
        free_newest(arena);
    first = arena->blocks;
    if (!ARENA_REUSES || first == NULL || first->size_bytes != ARENA_BLOCK_BYTES_MIN
        || first->size_bytes > limit_bytes) {
        arena_close(arena);
        arena_init(arena, limit_bytes);
        return;
    }
    arena->at = block_start(first);
    arena->end = block_end(first);
    arena->limit_bytes = limit_bytes;
    arena->block_bytes_next = 2 * ARENA_BLOCK_BYTES_MIN;
}

/* A new block with room for @size bytes; the rest of the old one stays unused until a rewind. */
static int add_block(struct arena *arena, size_t size)
{
    size_t want = arena->block_bytes_next;
    struct arena_block *block;

    if (size > SIZE_MAX - sizeof(*block) || arena->used_bytes > arena->limit_bytes)
        return -1;
    if (want < size + sizeof(*block))
        want = size + sizeof(*block);
    if (want > arena->limit_bytes - arena->used_bytes)
        want = size + sizeof(*block);
    if (want > arena->limit_bytes - arena->used_bytes || fault_is_due())
        return -1;
    block = want == ARENA_BLOCK_BYTES_MAX ? arena_spare_take() : NULL;
    if (block == NULL)
        block = malloc(want);
    if (block == NULL)
        return -1;
    block->older = arena->blocks;
    block->size_bytes = want;
    arena->blocks = block;
    arena->used_bytes += want;
    arena->at = block_start(block);
    arena->end = block_end(block);
    POISON(arena->at, (size_t)(arena->end - arena->at));
    if (arena->block_bytes_next < ARENA_BLOCK_BYTES_MAX)
        arena->block_bytes_next *= 2;
    return 0;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t taken;
    char *at;

    if (size > SIZE_MAX - GAP_BYTES - ALIGN_BYTES)
        return NULL;
    taken = (size + GAP_BYTES + ALIGN_BYTES - 1) & ~(size_t)(ALIGN_BYTES - 1);
    if (taken == 0)
        taken = ALIGN_BYTES; /* else an arena without a block would give NULL */
    if (taken > (size_t)(arena->end - arena->at) && add_block(arena, taken) != 0)
        return NULL;
    at = arena->at;
    arena->at += taken;
    UNPOISON(at, size);
    return at;
}

void *arena_alloc_zero(struct arena *arena, size_t count, size_t size)
{
    void *at;

    if (size != 0 && count > SIZE_MAX / size)
        return NULL;
    at = arena_alloc(arena, count * size);
    if (at != NULL)
        memset(at, 0, count * size);
    return at;
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
    char *at = arena_string(arena, bytes);

    return (struct slice){ at, at == NULL ? 0 : bytes.size };
}

char *arena_string(struct arena *arena, struct slice bytes)
{
    char *at = bytes.size == SIZE_MAX ? NULL : arena_alloc(arena, bytes.size + 1);

    if (at == NULL)
        return NULL;
    if (bytes.size > 0)
        memcpy(at, bytes.data, bytes.size);
    at[bytes.size] = '\0';
    return at;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    char *at;
    int size;

    va_start(args, format);
    size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0)
        return NULL;
    at = arena_alloc(arena, (size_t)size + 1);
    if (at == NULL)
        return NULL;
    va_start(args, format);
    vsnprintf(at, (size_t)size + 1, format, args);
    va_end(args);
    return at;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){ arena->blocks, arena->at };
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    while (arena->blocks != mark.block) {
        CHECK(arena->blocks != NULL);
        free_newest(arena);
    }
    arena->at = mark.at;
    arena->end = mark.block == NULL ? NULL : block_end(mark.block);
    if (mark.block != NULL)
        POISON(arena->at, (size_t)(arena->end - arena->at));
}

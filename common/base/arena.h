/* An arena: memory that lives as long as one call (or one record, or one job) and goes back all at
 * once.
 *
 * It has a limit, so that a hostile request is that request's problem. What it has not given out is
 * poisoned under AddressSanitizer. One thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    char *at, *end;             /* what is free in the newest block */
    size_t used_bytes;          /* taken from the system */
    size_t limit_bytes;
    size_t block_bytes_next;
};

/* A place in an arena to go back to. */
struct arena_mark {
    struct arena_block *block;
    char *at;
};

/* Nothing is allocated yet. @limit_bytes bounds what is taken from the system. */
void arena_init(struct arena *arena, size_t limit_bytes);

/* Give everything back. The arena may be used again. */
void arena_close(struct arena *arena);

/* Like arena_init, for an arena that was initialised (or is zero): what it held goes back, but a
 * first block of the usual size stays for what comes next. */
void arena_reuse(struct arena *arena, size_t limit_bytes);

/* Not where every allocation is to be seen: under AddressSanitizer, and where tests let allocations
 * fail. */
#if defined(__SANITIZE_ADDRESS__) || defined(CONSILIUM_FAULTS)
#define ARENA_REUSES 0
#else
#define ARENA_REUSES 1
#endif

/* @size bytes aligned to 16, not zeroed, or NULL when the limit (or the system) does not allow
 * them. A size of 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);

/* The same, zeroed; NULL also when @count * @size overflows. */
void *arena_alloc_zero(struct arena *arena, size_t count, size_t size);

#define ARENA_NEW(arena, type) ((type *)arena_alloc_zero((arena), 1, sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_alloc_zero((arena), (count), sizeof(type)))

/* A copy of @bytes, terminated with a NUL that is not counted. {NULL, 0} when there is no room. */
struct slice arena_copy(struct arena *arena, struct slice bytes);

/* A terminated copy of @bytes, or NULL. */
char *arena_string(struct arena *arena, struct slice bytes);

/* printf into the arena; NULL when there is no room. */
__attribute__((format(printf, 2, 3))) char *arena_format(struct arena *arena, const char *format,
                                                         ...);

struct arena_mark arena_mark(const struct arena *arena);

/* Give back everything that was allocated since @mark. */
void arena_rewind(struct arena *arena, struct arena_mark mark);

#endif

/* The largest blocks of arenas that were given back, kept for the next: from the system each of
 * their pages would come anew, and cleared, which is an eighth of what a large record takes to
 * compile. Any thread. */
#ifndef BASE_ARENA_SPARE_H
#define BASE_ARENA_SPARE_H

/* ARENA_BLOCK_BYTES_MAX bytes of any content, or NULL: none is kept. They are the caller's. */
void *arena_spare_take(void);

/* @block of ARENA_BLOCK_BYTES_MAX bytes, from malloc: it is kept, or freed where
 * ARENA_SPARE_BLOCKS_MAX are. */
void arena_spare_give(void *block);

#endif

/* Which of a cluster's 16,384 slots a key lies in: CRC-16/XMODEM of the key, or of what stands
 * between its first '{' and the next '}', if anything does
 * (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/). */
#ifndef STORE_REDIS_SLOT_H
#define STORE_REDIS_SLOT_H

#include <stdint.h>

#include "base/slice.h"

#define REDIS_SLOTS 16384

uint16_t redis_slot(struct slice key);

/* The key that decides where @words go: the first of a script's, else the word after the command.
 * Empty where there is none (PING): any node will do. */
struct slice redis_slot_key(const struct slice *words, size_t words_count);

#endif

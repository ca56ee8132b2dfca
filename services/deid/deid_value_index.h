/* The values of deid_value, found by their letters and digits: as they are, and with one edit. Used
 * by the deid_value files alone. */
#ifndef DEID_VALUE_INDEX_H
#define DEID_VALUE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "deid_span.h"

#define DEID_VALUE_KEY_BYTES 4       /* of a value's first or last letters and digits */
#define DEID_VALUE_NEAR_BYTES_MIN 8  /* then the key at one end is free of the edit at the other */
#define DEID_VALUE_NEAR_BYTES_MAX 39 /* a longer one is not told with an edit */

struct deid_value {
    struct slice squeezed; /* letters and digits alone, lower case */
    uint64_t hash;         /* deid_value_hash of them */
    enum deid_class class;
    bool is_place; /* a town: only with a capital */
    bool is_near;  /* may be written with one edit */
};

struct deid_value_index {
    struct deid_value *items;
    uint32_t count, capacity;
    struct deid_value_table {
        uint32_t *slots; /* index + 1 */
        uint32_t size, used;
    } exact, near;
    struct deid_value_keys {
        struct deid_value_key {
            uint32_t letters; /* 0: free */
            uint32_t sizes;   /* of the values, in order: index + 1 of the shortest's */
            uint64_t near;    /* sizes of those that are near, as bits */
        } * slots;
        uint32_t size, used;
        uint64_t letters; /* that a key begins with, or ends with, as bits: most words have none */
    } first, last;
    struct deid_value_size {
        size_t size;
        uint32_t next; /* index + 1 */
    } * sizes;
    uint32_t sizes_count, sizes_capacity;
};

/* Of @size letters, each as many from the end: letters are added one by one. */
static inline uint64_t deid_value_hash_add(uint64_t hash, char letter)
{
    return hash * 0x9e3779b97f4a7c15u + (unsigned char)letter + 1;
}

/* The letters of a key, which are DEID_VALUE_KEY_BYTES. */
static inline uint32_t deid_value_letters(const char *key)
{
    uint32_t letters;

    memcpy(&letters, key, sizeof(letters));
    return letters;
}

static inline uint64_t deid_value_letter_bit(char letter)
{
    return 1ull << ((letter >= 'A' && letter <= 'Z' ? letter | 32 : letter) & 63);
}

/* @value, whose hash is set here, is put in, if it is not there under its class. False: no room. */
bool deid_value_index_put(struct deid_value_index *index, struct deid_value value,
                          struct arena *arena);

/* What begins with a key, or ends with it. NULL: nothing does. */
const struct deid_value_key *deid_value_keys_find(const struct deid_value_keys *keys,
                                                  uint32_t letters);

/* Told of a value that may be the one: it is to be compared. */
typedef void (*deid_value_cb)(void *data, const struct deid_value *value);

/* Values of @size whose hash is @hash. */
void deid_value_index_exact(const struct deid_value_index *index, uint64_t hash, size_t size,
                            deid_value_cb take, void *data);

/* Values that @letters, at most DEID_VALUE_NEAR_BYTES_MAX + 1, are with one edit, a letter for
 * another, one too few, one too many, two in the wrong order, and that have as many letters as
 * @size says. */
void deid_value_index_near(const struct deid_value_index *index, struct slice letters, size_t size,
                           deid_value_cb take, void *data);

/* Whether @a is @b, or is it with one edit. */
bool deid_value_is_near(struct slice a, struct slice b);

#endif

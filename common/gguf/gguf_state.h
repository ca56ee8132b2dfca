/* What an opened file holds. Only for files of common/gguf. */
#ifndef GGUF_STATE_H
#define GGUF_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "gguf/gguf.h"

struct gguf_entry {
    struct slice key;
    enum gguf_type type;
    enum gguf_type element_type; /* of an array */
    uint64_t count;              /* of an array's elements */
    struct slice value;          /* a string's bytes, an array's elements, a number's bytes */
};

struct gguf {
    struct arena arena;
    struct slice bytes;
    bool is_mapped;
    uint64_t alignment;
    uint32_t version;
    uint64_t entries_count, tensors_count;
    struct gguf_entry *entries;         /* sorted by key */
    struct gguf_tensor *tensors;        /* in the file's order */
    const struct gguf_tensor **by_name; /* sorted */
    uint64_t *offsets;                  /* of tensors, relative to the data */
    char digest[65];                    /* hex */
    pthread_t digesting;                /* the thread that computes it */
    bool is_digesting;
    atomic_bool is_closing; /* it is not wanted any more */
};

/* gguf_digest.c: wait for its thread, if there is one. */
void gguf_digest_end(struct gguf *gguf);

/* Bytes of a value of fixed width; 0 for strings, arrays and unknown types. */
unsigned gguf_entry_width(uint32_t type);

/* For qsort and bsearch: entries by key, pointers to tensors by name. */
int gguf_entry_compare(const void *a, const void *b);
int gguf_tensor_compare(const void *a, const void *b);

#endif

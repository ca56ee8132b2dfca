/* Quantised matrices are copied into the form that is multiplied fast while they serve already. A
 * thread of low priority, with others on every processor that it may use, packs a stretch, says so,
 * and lets go of the file's pages of it: the file and the copy are never in memory together. What
 * is not packed yet is multiplied from the file's rows, to the same bits (kernels.h). */
#ifndef INFERENCE_PACKER_H
#define INFERENCE_PACKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"
#include "kernels.h"

struct inference_packed {
    struct table table;
    struct matrix *matrix;
    void *memory;
    _Atomic(uint32_t) groups; /* that are packed */
};

/* One thread, but for the groups, which any thread reads. */
struct inference_packer {
    struct inference_packed *list;
    size_t count, max, bytes;
    void *memory; /* the copies, in the order of the list */
    bool is_file; /* the tables are pages of a file */
    pthread_t thread;
    bool has_thread;
    atomic_bool is_stopping;
};

/* Zeros are a packer with nothing to do. Waits for the thread's last stretch. */
void inference_packer_close(struct inference_packer *packer);

/* *matrix, which stays where it is, will be that of @table; its shape it has at once. Float types
 * are multiplied as they lie. RESOURCE_EXHAUSTED. */
enum status inference_packer_add(struct inference_packer *packer, const struct table *table,
                                 struct matrix *matrix, struct error *err);

/* From here on the matrices can be multiplied. @is_mapped: nothing will be packed.
 * RESOURCE_EXHAUSTED.
 */
enum status inference_packer_start(struct inference_packer *packer, bool is_mapped, bool is_file,
                                   struct error *err);

/* Until all is packed. */
void inference_packer_wait(struct inference_packer *packer);

#endif

/* The file of examples that prepare writes and train reads: a header, the names of the kinds of
 * question, then the examples one after the other. Native byte order: it is made and used on one
 * machine. Reading checks every count and every token. */
#ifndef TRAIN_DATA_H
#define TRAIN_DATA_H

#include "base/arena.h"
#include "base/error.h"
#include "train_example.h"

#define DATA_KINDS_MAX 128
#define DATA_KIND_BYTES 48

struct data {
    uint32_t vocabulary_size;
    uint32_t kinds_count;
    char kinds[DATA_KINDS_MAX][DATA_KIND_BYTES];
    size_t examples_count;
    struct example *examples; /* views into the file */
    uint64_t tokens_count;
    void *mapped;
    size_t mapped_bytes;
};

/* Read @path. NOT_FOUND, DATA_LOSS (cut or inconsistent), RESOURCE_EXHAUSTED. The examples hold
 * until data_close. */
enum status data_open(struct data *data, const char *path, struct arena *arena, struct error *err);
void data_close(struct data *data);

struct data_writer;

/* NULL and @err when the file cannot be made. It has its name only after data_writer_finish. */
struct data_writer *data_writer_start(const char *path, uint32_t vocabulary_size,
                                      struct arena *arena, struct error *err);

/* The index of the kind @name, which is cut to DATA_KIND_BYTES - 1; the last index when there are
 * too many. */
uint32_t data_writer_kind(struct data_writer *writer, struct slice name);

/* Failures are kept for finish. */
void data_writer_put(struct data_writer *writer, const struct example *example);

enum status data_writer_finish(struct data_writer *writer, struct error *err);

#endif

/* Writes the folded text and remembers where each part of it came from, in stretches: a run of
 * bytes that stand in the original as they are is one, a character that became another is one.
 * Shared by the ways to read a text (deid_normal, deid_markup). */
#ifndef DEID_WRITER_H
#define DEID_WRITER_H

#include "deid_normal.h"

struct deid_writer {
    struct arena *arena;
    char *folded;
    size_t size;
    struct deid_stretch *stretches;
    uint32_t count, capacity;
    uint32_t opening; /* where a run of opening controls began; UINT32_MAX: none */
    bool is_joined;   /* control characters are read as nothing; false until set */
    bool is_full;
};

/* INVALID_ARGUMENT for what is not UTF-8 or is too long. */
enum status deid_writer_open(struct deid_writer *writer, struct slice original, struct arena *arena,
                             struct error *err);

/* The character @c that stands at [@at, @end) of the original. */
void deid_writer_put(struct deid_writer *writer, uint32_t c, uint32_t at, uint32_t end);

/* The character at the front of @text, or the one that a reference ("&#74;", "&amp;") there stands
 * for; its size in the text. */
size_t deid_writer_next(struct slice text, uint32_t *c);

/* The same at @at of @text, written. */
size_t deid_writer_put_next(struct deid_writer *writer, struct slice text, size_t at);

/* ASCII bytes that begin at @at of @text, as many as stand there without a "&"; how many. */
size_t deid_writer_put_run(struct deid_writer *writer, struct slice text, size_t at);

enum status deid_writer_close(struct deid_writer *writer, struct slice original,
                              struct deid_text *text, struct error *err);

#endif

/* What the fuzz targets of de-identification share: a map that is the same for the same input, a
 * patient who is known, and where that patient must not show. */
#ifndef FUZZ_DEID_WORK_H
#define FUZZ_DEID_WORK_H

#include "deid_redact.h"

/* Bits of an input's first byte that both targets read alike; the two highest are the style. */
#define FUZZ_SAFE_HARBOR 1
#define FUZZ_KNOWN 8   /* a patient is known, whose name is the first line */
#define FUZZ_STREAM 16 /* in small pieces, not at once */

/* What no list has and no error may hold: the name and the number of the patient who is known. */
#define FUZZ_NAME "Zxqvodal"
#define FUZZ_NUMBER "7714029386"

struct fuzz_work {
    struct arena arena;
    struct deid_map map;
    struct deid_redactor redactor;
    unsigned flags;
};

/* A redactor over a new map. */
void fuzz_work_open(struct fuzz_work *work, unsigned flags);
void fuzz_work_close(struct fuzz_work *work);

/* Take the first line off @input and learn it as the patient's name and number, where FUZZ_KNOWN is
 * set. */
struct slice fuzz_work_learn(struct fuzz_work *work, struct slice input);

/* The patient stands nowhere in @output as a word. */
void fuzz_work_check_gone(const struct fuzz_work *work, struct slice output);

/* @err says something, and nothing of the patient. */
void fuzz_work_check_error(const struct error *err);

/* Give @input to @stream in pieces of one to 61 bytes, as its first byte has it. */
struct deid_stream;
enum status fuzz_work_feed(struct deid_stream *stream, struct slice input,
                           enum status (*give)(struct deid_stream *stream, struct slice bytes,
                                               struct error *err),
                           struct error *err);

#endif

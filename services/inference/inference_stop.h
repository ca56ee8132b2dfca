/* Texts that end an answer, wherever the borders of its ids are. An id whose text may be the
 * beginning of such a text is held back until that is known, so that nobody ever sees a part of
 * one. */
#ifndef INFERENCE_STOP_H
#define INFERENCE_STOP_H

#include "inference_text.h"

#define INFERENCE_STOP_TEXTS_MAX 16
#define INFERENCE_STOP_BYTES_MAX 64

/* What a request stops at. */
struct inference_stops {
    const struct inference_text *text; /* the engine's; NULL: there are none */
    uint32_t count;
    struct {
        uint8_t size, bytes[INFERENCE_STOP_BYTES_MAX];
        uint8_t back[INFERENCE_STOP_BYTES_MAX]; /* Knuth, Morris, Pratt: where to go on */
    } texts[INFERENCE_STOP_TEXTS_MAX];
};

/* How much of each text the end of one answer is. All 0 at its start. */
struct inference_stopper {
    uint8_t matched[INFERENCE_STOP_TEXTS_MAX];
    uint32_t held;                            /* ids held back, each of one byte at least */
    uint16_t sizes[INFERENCE_STOP_BYTES_MAX]; /* [held] their bytes */
};

/* INVALID_ARGUMENT: more texts than are taken, an empty one or one that is too long. */
enum status inference_stop_add(struct inference_stops *stops, struct slice text, struct error *err);

/* The answer goes on with @id. False: the last @stopper->held ids, this one among them, are to be
 * held back. True: the answer ends; those held are no part of it, and of the text of the last id
 * that is, *cut_bytes at the end are not. */
bool inference_stop_put(const struct inference_stops *stops, struct inference_stopper *stopper,
                        uint32_t id, uint32_t *cut_bytes);

#endif

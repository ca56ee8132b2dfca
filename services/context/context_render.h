/* A fact as a line of text. The form is described in context_fact.h; the default model is trained
 * on it. */
#ifndef CONTEXT_RENDER_H
#define CONTEXT_RENDER_H

#include "context_fact.h"

/* Append the line of @fact, without an id and without a note's excerpt. */
void render_line(const struct fact *fact, struct buffer *buffer);

/* The same in @arena; {NULL, 0} when there is no room. */
struct slice render_in(const struct fact *fact, struct arena *arena);

/* Append a date to the day, or as far as it goes. */
void render_day(const struct fhir_date *date, struct buffer *buffer);

/* Bytes of a note's excerpt at most. */
#define RENDER_EXCERPT_BYTES_MAX 280

/* Append ": "…"" with the sentences of @text that say most about the question: @weigh gives the
 * weight of a word's hash (0: none). Without a word of the question the first sentences. */
void render_excerpt(struct slice text, float (*weigh)(const void *arg, uint32_t word),
                    const void *arg, struct buffer *buffer);

#endif

/* What a request may ask its answers to be, as masks for the engine: text by a grammar or a JSON
 * Schema, or text whose citations name facts of the prompt. What is compiled is kept by its text,
 * so that a schema that every request brings is compiled once. Any thread. */
#ifndef INFERENCE_CONSTRAINT_H
#define INFERENCE_CONSTRAINT_H

#include "inference_mask.h"
#include "inference_text.h"

/* Grammars that are kept: so many, and so many bytes, the lately used. */
#define INFERENCE_CONSTRAINTS_KEPT_MAX 32
#define INFERENCE_CONSTRAINTS_BYTES_MAX ((size_t)256 << 20)

enum inference_constraint_kind {
    INFERENCE_CONSTRAINT_NONE,
    INFERENCE_CONSTRAINT_GRAMMAR,   /* grammar_parse.h */
    INFERENCE_CONSTRAINT_SCHEMA,    /* grammar_schema.h */
    INFERENCE_CONSTRAINT_CITATIONS, /* inference_cite.h */
};

struct inference_constraint {
    enum inference_constraint_kind kind;
    struct slice text;     /* of a grammar or a schema */
    const uint32_t *facts; /* [facts_count] ids that can be cited */
    size_t facts_count;
};

/* What a model's vocabulary is to constraints, and what has been compiled for it. */
struct inference_constraints;

/* @text may be destroyed afterwards. NULL: RESOURCE_EXHAUSTED. */
struct inference_constraints *inference_constraints_create(const struct inference_text *text,
                                                           struct error *err);

/* When every mask has been released. */
void inference_constraints_destroy(struct inference_constraints *constraints);

/* A mask for the answers to one request, of a constraint that is not NONE. INVALID_ARGUMENT: what
 * is wrong with the grammar, the schema or the ids; RESOURCE_EXHAUSTED. Compiling takes some
 * hundred milliseconds: on a worker. */
enum status inference_constraints_mask(struct inference_constraints *constraints,
                                       const struct inference_constraint *constraint,
                                       struct inference_mask *mask, struct error *err);

/* The same where nothing has to be compiled, which takes microseconds. False: it has. */
bool inference_constraints_find(struct inference_constraints *constraints,
                                const struct inference_constraint *constraint,
                                struct inference_mask *mask);

#endif

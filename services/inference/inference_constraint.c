#include "inference_constraint.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "inference_cite.h"
#include "inference_grammar.h"

/* Ids of facts that are sorted at once, wherever that is. */
#define FACTS_QUICK_MAX 4096

struct kept {
    enum inference_constraint_kind kind;
    struct slice text; /* its own */
    struct inference_grammar *grammar;
};

struct inference_constraints {
    struct grammar_vocab *vocab;
    struct inference_cite_vocab *cite_vocab;
    pthread_mutex_t lock;                             /* guards what is below */
    struct kept kept[INFERENCE_CONSTRAINTS_KEPT_MAX]; /* [count] the last used first */
    uint32_t count;
};

struct inference_constraints *inference_constraints_create(const struct inference_text *text,
                                                           struct error *err)
{
    struct inference_constraints *constraints = calloc(1, sizeof(*constraints));

    if (constraints == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for constraints");
        return NULL;
    }
    pthread_mutex_init(&constraints->lock, NULL);
    constraints->vocab = grammar_vocab_create(text, err);
    if (constraints->vocab != NULL)
        constraints->cite_vocab = inference_cite_vocab_create(constraints->vocab, err);
    if (constraints->cite_vocab != NULL)
        return constraints;
    inference_constraints_destroy(constraints);
    return NULL;
}

static void forget(struct kept *kept)
{
    inference_grammar_drop(kept->grammar);
    free((char *)(uintptr_t)kept->text.data);
}

void inference_constraints_destroy(struct inference_constraints *constraints)
{
    if (constraints == NULL)
        return;
    for (uint32_t i = 0; i < constraints->count; i++)
        forget(&constraints->kept[i]);
    inference_cite_vocab_destroy(constraints->cite_vocab);
    grammar_vocab_destroy(constraints->vocab);
    pthread_mutex_destroy(&constraints->lock);
    free(constraints);
}

/* What is kept, with the lock held
 * ---------------------------------------------------------------------- */

static void move_first(struct inference_constraints *constraints, uint32_t at)
{
    struct kept first = constraints->kept[at];

    memmove(&constraints->kept[1], &constraints->kept[0], at * sizeof(first));
    constraints->kept[0] = first;
}

/* The last used stays, however large it is. */
static void trim(struct inference_constraints *constraints)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < constraints->count; i++) {
        bytes += inference_grammar_bytes(constraints->kept[i].grammar);
        if (i == 0 || bytes <= INFERENCE_CONSTRAINTS_BYTES_MAX)
            continue;
        while (constraints->count > i)
            forget(&constraints->kept[--constraints->count]);
    }
}

static struct inference_grammar *find(struct inference_constraints *constraints,
                                      const struct inference_constraint *constraint)
{
    for (uint32_t i = 0; i < constraints->count; i++) {
        const struct kept *kept = &constraints->kept[i];

        if (kept->kind != constraint->kind || !slice_equal(kept->text, constraint->text))
            continue;
        move_first(constraints, i);
        trim(constraints);
        return constraints->kept[0].grammar;
    }
    return NULL;
}

/* Takes @grammar. Where there is no memory to remember it by, it serves once. */
static void keep(struct inference_constraints *constraints,
                 const struct inference_constraint *constraint, struct inference_grammar *grammar)
{
    char *text = malloc(constraint->text.size + 1);

    if (text == NULL || find(constraints, constraint) != NULL) {
        free(text);
        inference_grammar_drop(grammar);
        return;
    }
    memcpy(text, constraint->text.data, constraint->text.size);
    if (constraints->count == INFERENCE_CONSTRAINTS_KEPT_MAX)
        forget(&constraints->kept[--constraints->count]);
    constraints->kept[constraints->count++] =
        (struct kept){ constraint->kind, slice_of(text, constraint->text.size), grammar };
    move_first(constraints, constraints->count - 1);
    trim(constraints);
}

/* Masks
 * ------------------------------------------------------------------------------------------- */

static bool find_mask(struct inference_constraints *constraints,
                      const struct inference_constraint *constraint, struct inference_mask *mask)
{
    struct inference_grammar *grammar;
    bool is_found;

    pthread_mutex_lock(&constraints->lock);
    grammar = find(constraints, constraint);
    is_found = grammar != NULL && inference_grammar_mask(grammar, mask, NULL) == STATUS_OK;
    pthread_mutex_unlock(&constraints->lock);
    return is_found;
}

bool inference_constraints_find(struct inference_constraints *constraints,
                                const struct inference_constraint *constraint,
                                struct inference_mask *mask)
{
    if (constraint->kind != INFERENCE_CONSTRAINT_CITATIONS)
        return find_mask(constraints, constraint, mask);
    return constraint->facts_count <= FACTS_QUICK_MAX
           && inference_cite_init(mask, constraints->cite_vocab, constraint->facts,
                                  constraint->facts_count, NULL)
                  == STATUS_OK;
}

enum status inference_constraints_mask(struct inference_constraints *constraints,
                                       const struct inference_constraint *constraint,
                                       struct inference_mask *mask, struct error *err)
{
    struct inference_grammar *grammar;
    enum status status;

    if (constraint->kind == INFERENCE_CONSTRAINT_CITATIONS)
        return inference_cite_init(mask, constraints->cite_vocab, constraint->facts,
                                   constraint->facts_count, err);
    if (find_mask(constraints, constraint, mask))
        return STATUS_OK;
    grammar = inference_grammar_create(constraint->kind == INFERENCE_CONSTRAINT_SCHEMA,
                                       constraint->text, constraints->vocab, err);
    if (grammar == NULL)
        return err->status;
    status = inference_grammar_mask(grammar, mask, err);
    pthread_mutex_lock(&constraints->lock);
    keep(constraints, constraint, grammar);
    pthread_mutex_unlock(&constraints->lock);
    return status;
}

#include "inference_grammar.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "grammar_compile.h"
#include "grammar_mask.h"
#include "grammar_parse.h"
#include "grammar_schema.h"

/* The largest machine there can be has 16 MiB of moves. */
#define MACHINE_BYTES_MAX (24 * MIB)
#define SCRATCH_BYTES_MAX (192 * MIB)

struct inference_grammar {
    atomic_uint users;
    struct arena arena;
    struct grammar_machine machine;
    struct grammar_masks *masks;
};

struct answer {
    struct inference_grammar *grammar;
    struct grammar_run run;
    bool is_begun;
};

/* The grammar
 * ------------------------------------------------------------------------------------ */

static enum status compile(struct inference_grammar *made, bool is_schema, struct slice text,
                           struct error *err)
{
    struct grammar grammar;
    struct arena scratch;
    enum status status;
    uint32_t root;

    arena_init(&scratch, SCRATCH_BYTES_MAX);
    grammar_init(&grammar, &scratch);
    status = is_schema ? grammar_schema(text, &grammar, &root, err)
                       : grammar_parse(text, &grammar, &root, err);
    if (status == STATUS_OK)
        status = grammar_compile(&grammar, root, &scratch, &made->arena, &made->machine, err);
    arena_close(&scratch);
    return status;
}

struct inference_grammar *inference_grammar_create(bool is_schema, struct slice text,
                                                   const struct grammar_vocab *vocab,
                                                   struct error *err)
{
    struct inference_grammar *grammar = calloc(1, sizeof(*grammar));

    if (grammar == NULL) {
        error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a grammar");
        return NULL;
    }
    atomic_init(&grammar->users, 1);
    arena_init(&grammar->arena, MACHINE_BYTES_MAX);
    if (compile(grammar, is_schema, text, err) == STATUS_OK)
        grammar->masks = grammar_masks_create(&grammar->machine, vocab, err);
    if (grammar->masks != NULL) {
        grammar_masks_warm(grammar->masks);
        return grammar;
    }
    inference_grammar_drop(grammar);
    return NULL;
}

void inference_grammar_drop(struct inference_grammar *grammar)
{
    if (grammar == NULL || atomic_fetch_sub(&grammar->users, 1) != 1)
        return;
    grammar_masks_destroy(grammar->masks);
    arena_close(&grammar->arena);
    free(grammar);
}

size_t inference_grammar_bytes(const struct inference_grammar *grammar)
{
    return grammar->arena.used_bytes + grammar_masks_bytes(grammar->masks);
}

/* The mask
 * --------------------------------------------------------------------------------------- */

static enum status fill(void *of, uint32_t *bits, struct error *err)
{
    struct answer *answer = of;

    return grammar_masks_fill(answer->grammar->masks, &answer->run, !answer->is_begun, bits, err);
}

static void take(void *of, uint32_t id)
{
    struct answer *answer = of;

    CHECK(grammar_masks_accept(answer->grammar->masks, &answer->run, !answer->is_begun, id));
    answer->is_begun = true;
}

static uint32_t follow(void *of, const uint32_t *ids, uint32_t count)
{
    struct answer *answer = of;

    return grammar_masks_follow(answer->grammar->masks, &answer->run, !answer->is_begun, ids,
                                count);
}

static bool may_end(void *of)
{
    return grammar_run_set(&((struct answer *)of)->run)->is_complete;
}

static struct answer *create_answer(struct inference_grammar *grammar)
{
    struct answer *answer = calloc(1, sizeof(*answer));

    if (answer == NULL)
        return NULL;
    answer->grammar = grammar;
    atomic_fetch_add(&grammar->users, 1);
    return answer;
}

static void release(void *of)
{
    struct answer *answer = of;

    grammar_run_close(&answer->run);
    inference_grammar_drop(answer->grammar);
    free(answer);
}

static void *copy(const void *of)
{
    const struct answer *answer = of;
    struct answer *other = create_answer(answer->grammar);

    if (other == NULL)
        return NULL;
    other->is_begun = answer->is_begun;
    if (grammar_run_copy(&other->run, &answer->run, NULL) == STATUS_OK)
        return other;
    release(other);
    return NULL;
}

enum status inference_grammar_mask(struct inference_grammar *grammar, struct inference_mask *mask,
                                   struct error *err)
{
    struct answer *answer = create_answer(grammar);

    if (answer == NULL)
        return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a grammar");
    if (grammar_run_init(&answer->run, &grammar->machine, err) != STATUS_OK) {
        release(answer);
        return err == NULL ? STATUS_RESOURCE_EXHAUSTED : err->status;
    }
    *mask = (struct inference_mask){ answer, fill, take, follow, may_end, copy, release };
    return STATUS_OK;
}

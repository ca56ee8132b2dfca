#include "grammar_mask.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

/* A walk over a large vocabulary takes about two million steps where a grammar follows several
 * ways. */
#define FILL_STEPS_MAX 20000000u
/* Some hundred milliseconds, where nobody waits for them but the one who brought the grammar: later
 * every answer in the batch would. */
#define WARM_STATES_MAX 2048
#define WARM_STEPS_MAX 16000000u

/* What a state says. */
struct mask {
    uint32_t sure_count, doubtful_count;
    uint32_t *sure;     /* ids that go on; NULL: they are in bits */
    uint32_t *bits;     /* [words] */
    uint32_t *doubtful; /* places in vocab->order, ascending */
    uint8_t *taken;     /* [size] of a counted rule's state: how often its item is taken by an id */
};

struct grammar_masks {
    const struct grammar_machine *machine;
    const struct grammar_vocab *vocab;
    uint32_t words;
    atomic_size_t kept_bytes; /* of the arena */
    pthread_mutex_t lock;     /* guards what is below */
    struct arena arena;
    struct mask **masks; /* [states] NULL: not found yet */
    struct grammar_run sample;
    uint32_t *sure, *doubtful; /* [vocab->count] of the walk */
    uint8_t *taken;            /* [vocab->size] of the walk */
    uint32_t *first;           /* [words] for the first piece; NULL: not found yet */
};

static void set_bit(uint32_t *bits, uint32_t id)
{
    bits[id / 32] |= UINT32_C(1) << id % 32;
}

static bool has_bit(const uint32_t *bits, uint32_t id)
{
    return (bits[id / 32] >> id % 32 & 1) != 0;
}

struct grammar_masks *grammar_masks_create(const struct grammar_machine *machine,
                                           const struct grammar_vocab *vocab, struct error *err)
{
    struct grammar_masks *masks = calloc(1, sizeof(*masks));

    if (masks == NULL)
        goto failed;
    masks->machine = machine;
    masks->vocab = vocab;
    masks->words = (vocab->size + 31) / 32;
    pthread_mutex_init(&masks->lock, NULL);
    arena_init(&masks->arena, GRAMMAR_MASKS_BYTES_MAX);
    masks->masks = calloc(machine->states_count, sizeof(struct mask *));
    masks->sure = calloc((size_t)vocab->count + 1, sizeof(*masks->sure));
    masks->doubtful = calloc((size_t)vocab->count + 1, sizeof(*masks->doubtful));
    masks->taken = calloc((size_t)vocab->size + 1, sizeof(*masks->taken));
    if (masks->masks != NULL && masks->sure != NULL && masks->doubtful != NULL
        && masks->taken != NULL && grammar_run_init(&masks->sample, machine, err) == STATUS_OK)
        return masks;
    grammar_masks_destroy(masks);
failed:
    error_set(err, STATUS_RESOURCE_EXHAUSTED, "no memory for a grammar's masks");
    return NULL;
}

void grammar_masks_destroy(struct grammar_masks *masks)
{
    if (masks == NULL)
        return;
    if (masks->sample.machine != NULL)
        grammar_run_close(&masks->sample);
    arena_close(&masks->arena);
    pthread_mutex_destroy(&masks->lock);
    free(masks->masks);
    free(masks->sure);
    free(masks->doubtful);
    free(masks->taken);
    free(masks->first);
    free(masks);
}

size_t grammar_masks_bytes(const struct grammar_masks *masks)
{
    return atomic_load(&masks->kept_bytes) + (size_t)masks->vocab->size * 9;
}

/* Sampling
 * --------------------------------------------------------------------------------------- */

/* The sure item for which the first state's rule must have been taken least; false: none is sure.
 */
static bool least_taken(const struct grammar_run *run, uint32_t *taken)
{
    const struct grammar_set *set = grammar_run_set(run);
    bool is_any = false;

    *taken = UINT32_MAX;
    for (uint32_t i = 0; i < set->items_count; i++) {
        const struct grammar_item *item = &run->items[set->items_start + i];
        uint32_t own;

        if (!grammar_run_is_sure(run, item))
            continue;
        own = grammar_run_taken(run, item);
        is_any = true;
        if (own < *taken)
            *taken = own;
    }
    return is_any;
}

/* The pieces that end at this node. */
static void classify(struct grammar_masks *masks, struct mask *mask, uint32_t from, uint32_t to)
{
    bool is_doubtful = grammar_run_set(&masks->sample)->is_doubtful;
    uint32_t taken;
    bool is_sure = least_taken(&masks->sample, &taken);

    for (uint32_t i = from; i < to; i++) {
        uint32_t id = masks->vocab->order[i];

        if (!is_sure || is_doubtful) {
            masks->doubtful[mask->doubtful_count++] = i;
            continue;
        }
        masks->taken[id] = taken > UINT8_MAX ? UINT8_MAX : (uint8_t)taken;
        masks->sure[mask->sure_count++] = id;
    }
}

static bool is_lost(const struct grammar_run *run)
{
    uint32_t taken;

    return grammar_run_set(run)->is_unknown && !least_taken(run, &taken);
}

/* Fill @mask's counts and the lists of @masks for @state. False: too many steps. */
static bool walk(struct grammar_masks *masks, uint32_t state, struct mask *mask)
{
    const struct grammar_vocab *vocab = masks->vocab;
    struct grammar_run *run = &masks->sample;

    grammar_run_sample(run, state);
    grammar_run_bound(run, FILL_STEPS_MAX);
    for (uint32_t at = 0; at < vocab->nodes_count && !run->is_full;) {
        const struct grammar_node *node = &vocab->nodes[at];
        uint32_t pieces_end = node[1].pieces;

        grammar_run_back(run, node->depth);
        if (!grammar_run_try(run, node->byte)) {
            at = node->skip;
            continue;
        }
        if (is_lost(run)) {
            for (uint32_t i = node->pieces; i < vocab->nodes[node->skip].pieces; i++)
                masks->doubtful[mask->doubtful_count++] = i;
            at = node->skip;
            continue;
        }
        if (node->pieces < pieces_end)
            classify(masks, mask, node->pieces, pieces_end);
        at++;
    }
    return !run->is_full;
}

static void *keep(struct grammar_masks *masks, const void *items, size_t size)
{
    void *copy = arena_alloc(&masks->arena, size);

    if (copy != NULL && size > 0)
        memcpy(copy, items, size);
    return copy;
}

static bool keep_sure(struct grammar_masks *masks, struct mask *mask)
{
    if (mask->sure_count <= masks->words) {
        mask->sure = keep(masks, masks->sure, mask->sure_count * sizeof(*mask->sure));
        return mask->sure != NULL;
    }
    mask->bits = ARENA_ARRAY(&masks->arena, uint32_t, masks->words);
    for (uint32_t i = 0; mask->bits != NULL && i < mask->sure_count; i++)
        set_bit(mask->bits, masks->sure[i]);
    return mask->bits != NULL;
}

static struct mask *keep_mask(struct grammar_masks *masks, uint32_t state, const struct mask *found)
{
    struct mask *mask = keep(masks, found, sizeof(*found));
    bool is_counted = (masks->machine->flags[state] & GRAMMAR_STATE_COUNTED) != 0;

    if (mask == NULL || !keep_sure(masks, mask))
        return NULL;
    mask->doubtful = keep(masks, masks->doubtful, mask->doubtful_count * sizeof(*mask->doubtful));
    if (is_counted)
        mask->taken = keep(masks, masks->taken, masks->vocab->size);
    return mask->doubtful == NULL || (is_counted && mask->taken == NULL) ? NULL : mask;
}

static void forget(struct grammar_masks *masks)
{
    arena_close(&masks->arena);
    arena_init(&masks->arena, GRAMMAR_MASKS_BYTES_MAX);
    memset(masks->masks, 0, masks->machine->states_count * sizeof(struct mask *));
}

/* NULL: too many steps, or no memory. */
static const struct mask *mask_of(struct grammar_masks *masks, uint32_t state)
{
    struct mask found = { 0 };

    if (masks->masks[state] != NULL)
        return masks->masks[state];
    if (!walk(masks, state, &found))
        return NULL;
    masks->masks[state] = keep_mask(masks, state, &found);
    if (masks->masks[state] == NULL) {
        forget(masks);
        masks->masks[state] = keep_mask(masks, state, &found);
    }
    atomic_store(&masks->kept_bytes, masks->arena.used_bytes);
    return masks->masks[state];
}

/* Filling
 * ---------------------------------------------------------------------------------------- */

static void put_sure(const struct grammar_masks *masks, const struct mask *mask, uint32_t left,
                     uint32_t *bits)
{
    bool is_near = mask->taken != NULL && left < UINT8_MAX;

    if (mask->bits != NULL && !is_near) {
        for (uint32_t i = 0; i < masks->words; i++)
            bits[i] |= mask->bits[i];
        return;
    }
    for (uint32_t i = 0; mask->bits != NULL && i < masks->vocab->size; i++) {
        if (mask->taken[i] <= left && has_bit(mask->bits, i))
            set_bit(bits, i);
    }
    for (uint32_t i = 0; mask->sure != NULL && i < mask->sure_count; i++) {
        if (!is_near || mask->taken[mask->sure[i]] <= left)
            set_bit(bits, mask->sure[i]);
    }
}

/* Try each doubtful piece against the text; neighbours share their beginnings. */
static void put_doubtful(const struct grammar_masks *masks, const struct mask *mask,
                         struct grammar_run *run, uint32_t *bits)
{
    struct slice before = { NULL, 0 };

    for (uint32_t i = 0; i < mask->doubtful_count && !run->is_full; i++) {
        uint32_t id = masks->vocab->order[mask->doubtful[i]];
        struct slice piece = grammar_vocab_piece(masks->vocab, id);
        uint32_t depth = 0;

        if (has_bit(bits, id))
            continue;
        while (depth < run->depth && depth < piece.size && piece.data[depth] == before.data[depth])
            depth++;
        /* The byte that the piece before failed at would fail again. */
        if (depth == run->depth && depth < before.size && depth < piece.size
            && piece.data[depth] == before.data[depth])
            continue;
        grammar_run_back(run, depth);
        while (depth < piece.size && grammar_run_try(run, (uint8_t)piece.data[depth]))
            depth++;
        if (depth == piece.size)
            set_bit(bits, id);
        before = piece;
    }
    grammar_run_back(run, 0);
}

/* Where the walk would be if the answer had begun one byte earlier. */
static bool try_nodes(const struct grammar_masks *masks, struct grammar_run *run, uint32_t from,
                      uint32_t to, uint32_t dropped, uint32_t *bits)
{
    const struct grammar_vocab *vocab = masks->vocab;

    while (from < to && !run->is_full) {
        const struct grammar_node *node = &vocab->nodes[from];

        grammar_run_back(run, node->depth - dropped);
        if (!grammar_run_try(run, node->byte)) {
            from = node->skip;
            continue;
        }
        for (uint32_t i = node->pieces; i < node[1].pieces; i++)
            set_bit(bits, vocab->order[i]);
        from++;
    }
    return !run->is_full;
}

static uint32_t find_blank(const struct grammar_vocab *vocab)
{
    uint32_t at = 0;

    while (at < vocab->nodes_count && vocab->nodes[at].byte != ' ')
        at = vocab->nodes[at].skip;
    return at;
}

/* A blank that begins the first piece is dropped from the answer: what follows it is tried without
 * it. A piece of a blank alone would say nothing. */
static bool find_first(struct grammar_masks *masks, struct grammar_run *run)
{
    const struct grammar_vocab *vocab = masks->vocab;
    uint32_t blank = find_blank(vocab), after = blank;

    if (blank < vocab->nodes_count)
        after = vocab->nodes[blank].skip;
    masks->first = calloc(masks->words, sizeof(*masks->first));
    if (masks->first == NULL || !try_nodes(masks, run, 0, blank, 0, masks->first)
        || !try_nodes(masks, run, after, vocab->nodes_count, 0, masks->first)
        || !try_nodes(masks, run, blank + 1, after, 1, masks->first)) {
        free(masks->first);
        masks->first = NULL;
        return false;
    }
    grammar_run_back(run, 0);
    return true;
}

static bool fill_first(struct grammar_masks *masks, struct grammar_run *run, uint32_t *bits)
{
    if (masks->first == NULL && !find_first(masks, run))
        return false;
    memcpy(bits, masks->first, masks->words * sizeof(*bits));
    return true;
}

static uint32_t left_of(const struct grammar_machine *machine, const struct grammar_item *item)
{
    const struct grammar_machine_rule *rule = &machine->rules[machine->state_rules[item->state]];

    return rule->max == GRAMMAR_FOREVER ? UINT32_MAX : rule->max - item->count;
}

/* Items that begin a rule here are within the mask of the item that calls it. */
static bool begins_here(const struct grammar_run *run, const struct grammar_item *item)
{
    return run->frames[item->frame].set == grammar_run_set(run)->number;
}

static bool fill(struct grammar_masks *masks, struct grammar_run *run, uint32_t *bits)
{
    const struct grammar_set *set = &run->sets[0];

    for (uint32_t i = 0; i < set->items_count && !run->is_full; i++) {
        struct grammar_item item = run->items[i];
        const struct mask *mask;

        if (begins_here(run, &item)
            || (masks->machine->flags[item.state] & GRAMMAR_STATE_LAST) != 0)
            continue;
        mask = mask_of(masks, item.state);
        if (mask == NULL)
            return false;
        put_sure(masks, mask, left_of(masks->machine, &item), bits);
        put_doubtful(masks, mask, run, bits);
    }
    return !run->is_full;
}

enum status grammar_masks_fill(struct grammar_masks *masks, struct grammar_run *run, bool is_first,
                               uint32_t *bits, struct error *err)
{
    bool is_filled;

    grammar_run_bound(run, FILL_STEPS_MAX);
    pthread_mutex_lock(&masks->lock);
    is_filled = is_first && masks->vocab->drops_first_blank ? fill_first(masks, run, bits)
                                                            : fill(masks, run, bits);
    pthread_mutex_unlock(&masks->lock);
    if (is_filled)
        return STATUS_OK;
    return error_set(err, STATUS_RESOURCE_EXHAUSTED,
                     "the grammar can be read in too many ways at this place of the answer");
}

void grammar_masks_warm(struct grammar_masks *masks)
{
    uint64_t start = masks->sample.steps;

    for (uint32_t state = 0; state < masks->machine->states_count && state < WARM_STATES_MAX;
         state++) {
        pthread_mutex_lock(&masks->lock);
        if (mask_of(masks, state) == NULL || masks->sample.steps - start > WARM_STEPS_MAX
            || masks->arena.used_bytes > GRAMMAR_MASKS_BYTES_MAX / 2)
            state = WARM_STATES_MAX;
        pthread_mutex_unlock(&masks->lock);
    }
}

/* False: the piece cannot come, and some of its bytes have been tried. */
static bool try_piece(const struct grammar_masks *masks, struct grammar_run *run, bool is_first,
                      uint32_t id)
{
    struct slice piece = grammar_vocab_piece(masks->vocab, id);

    if (is_first && masks->vocab->drops_first_blank && piece.size > 0 && piece.data[0] == ' ')
        piece = slice_cut(piece, 1, piece.size);
    for (size_t i = 0; i < piece.size; i++) {
        if (!grammar_run_try(run, (uint8_t)piece.data[i]))
            return false;
    }
    return piece.size > 0;
}

bool grammar_masks_accept(const struct grammar_masks *masks, struct grammar_run *run, bool is_first,
                          uint32_t id)
{
    bool is_taken;

    grammar_run_bound(run, FILL_STEPS_MAX);
    is_taken = try_piece(masks, run, is_first, id);
    if (is_taken)
        grammar_run_settle(run);
    else
        grammar_run_back(run, 0);
    return is_taken;
}

uint32_t grammar_masks_follow(const struct grammar_masks *masks, struct grammar_run *run,
                              bool is_first, const uint32_t *ids, uint32_t count)
{
    uint32_t followed = 0;

    grammar_run_bound(run, FILL_STEPS_MAX);
    while (followed < count
           && run->depth + grammar_vocab_piece(masks->vocab, ids[followed]).size < GRAMMAR_TRIED_MAX
           && try_piece(masks, run, is_first && followed == 0, ids[followed]))
        followed++;
    grammar_run_back(run, 0);
    return followed;
}

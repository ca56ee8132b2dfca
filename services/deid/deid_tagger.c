#include "deid_tagger.h"

#include <pthread.h>

#include <string.h>

#include "base/check.h"
#include "deid_tagger_view.h"

#define LANES 8
#define AHEAD 4        /* tokens whose weights are on their way from memory */
#define SCORE_MAX 4000 /* of a token alone */
#define LEAST (-12000) /* of a path, against the best one: sums of these stay within 16 bits */

/* header · steps[8][8], int16 · weights[1 << bits][8], int8 */
struct tagger_header {
    uint32_t magic, bits;
};

extern const char deid_tagger_start[], deid_tagger_end[];

enum status deid_tagger_open(struct deid_tagger *tagger, struct slice packed, struct error *err)
{
    struct tagger_header header;
    size_t at = sizeof(header);
    unsigned from, to;

    if (packed.size < sizeof(header) + sizeof(tagger->steps) || (uintptr_t)packed.data % 8 != 0)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the tagger's weights are cut short");
    memcpy(&header, packed.data, sizeof(header));
    if (header.magic != DEID_TAGGER_MAGIC || header.bits < 1 || header.bits > 24)
        return error_set(err, STATUS_INVALID_ARGUMENT, "the tagger's weights are of another kind");
    memcpy(tagger->steps, packed.data + at, sizeof(tagger->steps));
    at += sizeof(tagger->steps);
    if (packed.size != at + ((size_t)LANES << header.bits))
        return error_set(err, STATUS_INVALID_ARGUMENT, "the tagger's weights have %zu bytes",
                         packed.size);
    for (from = 0; from < LANES; from++)
        for (to = 0; to < LANES; to++)
            tagger->back[to][from] = tagger->steps[from][to];
    tagger->bits = header.bits;
    tagger->weights = (const int8_t(*)[LANES])(packed.data + at);
    return STATUS_OK;
}

enum status deid_tagger_init(struct deid_tagger *tagger, struct error *err)
{
    struct slice linked =
        slice_of(deid_tagger_start, (size_t)(deid_tagger_end - deid_tagger_start));

    if (deid_tagger_open(tagger, linked, err) != STATUS_OK)
        return error_set(err, STATUS_INTERNAL, "the tagger's weights were not made for this");
    return STATUS_OK;
}

static struct deid_tagger ours;

static void open_ours(void)
{
    CHECK(deid_tagger_init(&ours, NULL) == STATUS_OK);
}

const struct deid_tagger *deid_tagger_ours(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, open_ours);
    return &ours;
}

/* The scores of the tags beside each other: one register. */
struct lanes {
    int16_t at __attribute__((vector_size(LANES * sizeof(int16_t))));
};

static inline struct lanes lanes_all(int16_t value)
{
    struct lanes lanes = { (struct lanes){ { 0 } }.at + value };

    return lanes;
}

static inline struct lanes lanes_max(struct lanes a, struct lanes b)
{
    __typeof__(a.at) is_more = a.at > b.at;

    return (struct lanes){ (a.at & is_more) | (b.at & ~is_more) };
}

/* The features of a token, and their weights called from memory before they are needed. */
static void token_look(const struct deid_tagger *tagger, const struct deid_view *view,
                       uint32_t features[DEID_VIEW_FEATURES])
{
    unsigned i;

    deid_view_features(view, tagger->bits, features);
#pragma GCC unroll 38
    for (i = 0; i < DEID_VIEW_FEATURES; i++)
        __builtin_prefetch(tagger->weights[features[i]]);
}

/* The weights of one feature. Each byte is put twice and shifted down again, which keeps its sign.
 */
static inline struct lanes weights_of(const int8_t row[LANES])
{
    int8_t twice __attribute__((vector_size(2 * LANES)));
    int8_t once __attribute__((vector_size(LANES)));

    memcpy(&once, row, sizeof(once));
    twice = __builtin_shufflevector(once, once, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    return (struct lanes){ (__typeof__(((struct lanes *)0)->at))twice >> 8 };
}

/* The sum of the weights of the features that are there, by tag. */
static struct lanes token_score(const struct deid_tagger *tagger,
                                const uint32_t features[DEID_VIEW_FEATURES])
{
    struct lanes sum = { { 0 } };
    unsigned i;

#pragma GCC unroll 38
    for (i = 0; i < DEID_VIEW_FEATURES; i++)
        sum.at += weights_of(tagger->weights[features[i]]).at;
    sum = lanes_max(sum, lanes_all(-SCORE_MAX));
    sum.at = -lanes_max((struct lanes){ -sum.at }, lanes_all(-SCORE_MAX)).at;
    sum.at[DEID_TAG_COUNT] = LEAST; /* the lane that is no tag */
    return sum;
}

/* The best of all paths is 0, and none is below LEAST. */
static struct lanes lanes_level(struct lanes lanes)
{
    struct lanes best = lanes;

    best = lanes_max(
        best, (struct lanes){ __builtin_shufflevector(best.at, best.at, 4, 5, 6, 7, 0, 1, 2, 3) });
    best = lanes_max(
        best, (struct lanes){ __builtin_shufflevector(best.at, best.at, 2, 3, 0, 1, 6, 7, 4, 5) });
    best = lanes_max(
        best, (struct lanes){ __builtin_shufflevector(best.at, best.at, 1, 0, 3, 2, 5, 4, 7, 6) });
    lanes.at -= best.at;
    return lanes_max(lanes, lanes_all(LEAST));
}

/* To each tag the best over all tags of @from and the step to it. */
static struct lanes lanes_step(struct lanes from, const int16_t steps[LANES][LANES])
{
    struct lanes best = { { 0 } };

    for (unsigned tag = 0; tag < DEID_TAG_COUNT; tag++) {
        struct lanes value;

        memcpy(&value, steps[tag], sizeof(value));
        value.at += from.at[tag];
        best = tag == 0 ? value : lanes_max(best, value);
    }
    return best;
}

static struct deid_tagged token_tagged(struct lanes ahead, struct lanes behind)
{
    struct deid_tagged tagged = { .likely = DEID_TAG_NAME_BEGIN };
    int best = ahead.at[1] + behind.at[1], outside = ahead.at[0] + behind.at[0];
    unsigned tag;

    for (tag = 2; tag < DEID_TAG_COUNT; tag++)
        if (ahead.at[tag] + behind.at[tag] > best) {
            best = ahead.at[tag] + behind.at[tag];
            tagged.likely = (uint8_t)tag;
        }
    tagged.tag = best > outside ? tagged.likely : (uint8_t)DEID_TAG_OUTSIDE;
    tagged.margin = (int16_t)(best - outside);
    return tagged;
}

/* Best paths from the front (with the token's own score) and from the end (without it); where their
 * sum is largest goes the best path through all. */
void deid_tagger_tag(const struct deid_tagger *tagger, const struct deid_view *views,
                     unsigned count, struct deid_tagged *tagged)
{
    struct lanes scores[DEID_TAGGER_CHUNK], ahead[DEID_TAGGER_CHUNK];
    struct lanes before = { { 0, LEAST, LEAST, LEAST, LEAST, LEAST, LEAST, LEAST } };
    struct lanes behind = { { 0 } };
    uint32_t features[AHEAD][DEID_VIEW_FEATURES];
    unsigned i;

    CHECK(count <= DEID_TAGGER_CHUNK);
    for (i = 0; i < count && i < AHEAD - 1; i++)
        token_look(tagger, &views[i], features[i]);
    for (i = 0; i < count; i++) {
        if (i + AHEAD - 1 < count)
            token_look(tagger, &views[i + AHEAD - 1], features[(i + AHEAD - 1) % AHEAD]);
        scores[i] = token_score(tagger, features[i % AHEAD]);
        before = lanes_step(before, tagger->steps);
        before.at += scores[i].at;
        ahead[i] = before = lanes_level(before);
    }
    for (i = count; i-- > 0;) {
        tagged[i] = token_tagged(ahead[i], behind);
        behind.at += scores[i].at;
        behind = lanes_level(lanes_step(lanes_level(behind), tagger->back));
    }
}

unsigned deid_tagger_chunk(const struct deid_tokens *tokens, unsigned first, unsigned end)
{
    unsigned at;

    if (end - first <= DEID_TAGGER_CHUNK)
        return end;
    for (at = first + DEID_TAGGER_CHUNK; at > first + DEID_TAGGER_CHUNK / 2; at--) {
        struct slice gap = deid_tokens_gap(tokens, at - 1);
        if (slice_find_byte(gap, '\n') < gap.size || slice_starts_with(gap, SLICE(". ")))
            return at;
    }
    return first + DEID_TAGGER_CHUNK;
}

void deid_tagger_run(const struct deid_tagger *tagger, const struct deid_tokens *tokens,
                     unsigned first, unsigned end, struct deid_tagged *tagged)
{
    struct deid_view views[DEID_TAGGER_CHUNK + 2 * DEID_VIEW_AROUND];

    while (first < end) {
        unsigned stop = deid_tagger_chunk(tokens, first, end);

        deid_view_read(tokens, first, stop, views);
        deid_tagger_tag(tagger, views + DEID_VIEW_AROUND, stop - first, tagged);
        tagged += stop - first;
        first = stop;
    }
}

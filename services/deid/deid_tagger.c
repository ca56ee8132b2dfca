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

/* The features of a token, and their weights called from memory before they are needed. */
static void token_look(const struct deid_tagger *tagger, const struct deid_view *view,
                       uint32_t features[DEID_VIEW_FEATURES])
{
    unsigned i;

    deid_view_features(view, tagger->bits, features);
    for (i = 0; i < DEID_VIEW_FEATURES; i++)
        __builtin_prefetch(tagger->weights[features[i]]);
}

/* scores[tag]: the sum of the weights of the features that are there. */
static void token_score(const struct deid_tagger *tagger,
                        const uint32_t features[DEID_VIEW_FEATURES], int16_t scores[LANES])
{
    int16_t sum __attribute__((vector_size(LANES * sizeof(int16_t)))) = { 0 };
    unsigned i;

    for (i = 0; i < DEID_VIEW_FEATURES; i++) {
        int8_t row __attribute__((vector_size(LANES)));

        memcpy(&row, tagger->weights[features[i]], sizeof(row));
        sum += __builtin_convertvector(row, __typeof__(sum));
    }
    for (i = 0; i < LANES; i++)
        scores[i] = sum[i] > SCORE_MAX ? SCORE_MAX : sum[i] < -SCORE_MAX ? -SCORE_MAX : sum[i];
    scores[DEID_TAG_COUNT] = LEAST; /* the lane that is no tag */
}

/* The best of all paths is 0, and none is below LEAST. */
static void lanes_level(int16_t lanes[LANES])
{
    int16_t best = lanes[0];
    unsigned tag;

    for (tag = 1; tag < LANES; tag++)
        best = lanes[tag] > best ? lanes[tag] : best;
    for (tag = 0; tag < LANES; tag++) {
        int16_t value = (int16_t)(lanes[tag] - best);
        lanes[tag] = value < LEAST ? LEAST : value;
    }
}

/* next[to]: the best over all tags of @from and the step to @to. */
static void lanes_step(const int16_t from[LANES], const int16_t steps[LANES][LANES],
                       int16_t next[LANES])
{
    int16_t best[LANES];
    unsigned tag, to;

    for (to = 0; to < LANES; to++)
        best[to] = (int16_t)(from[0] + steps[0][to]);
    for (tag = 1; tag < DEID_TAG_COUNT; tag++)
        for (to = 0; to < LANES; to++) {
            int16_t value = (int16_t)(from[tag] + steps[tag][to]);
            best[to] = value > best[to] ? value : best[to];
        }
    memcpy(next, best, sizeof(best));
}

static void lanes_add(int16_t lanes[LANES], const int16_t more[LANES])
{
    unsigned tag;

    for (tag = 0; tag < LANES; tag++)
        lanes[tag] = (int16_t)(lanes[tag] + more[tag]);
    lanes_level(lanes);
}

static struct deid_tagged token_tagged(const int16_t ahead[LANES], const int16_t behind[LANES])
{
    struct deid_tagged tagged = { .likely = DEID_TAG_NAME_BEGIN };
    int best = ahead[1] + behind[1], outside = ahead[0] + behind[0];
    unsigned tag;

    for (tag = 2; tag < DEID_TAG_COUNT; tag++)
        if (ahead[tag] + behind[tag] > best) {
            best = ahead[tag] + behind[tag];
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
    int16_t scores[DEID_TAGGER_CHUNK][LANES], ahead[DEID_TAGGER_CHUNK][LANES];
    int16_t start[LANES] = { 0, LEAST, LEAST, LEAST, LEAST, LEAST, LEAST, LEAST };
    int16_t behind[LANES] = { 0 };
    uint32_t features[AHEAD][DEID_VIEW_FEATURES];
    unsigned i;

    CHECK(count <= DEID_TAGGER_CHUNK);
    for (i = 0; i < count && i < AHEAD - 1; i++)
        token_look(tagger, &views[i], features[i]);
    for (i = 0; i < count; i++) {
        if (i + AHEAD - 1 < count)
            token_look(tagger, &views[i + AHEAD - 1], features[(i + AHEAD - 1) % AHEAD]);
        token_score(tagger, features[i % AHEAD], scores[i]);
        lanes_step(i == 0 ? start : ahead[i - 1], tagger->steps, ahead[i]);
        lanes_add(ahead[i], scores[i]);
    }
    for (i = count; i-- > 0;) {
        tagged[i] = token_tagged(ahead[i], behind);
        lanes_add(behind, scores[i]);
        lanes_step(behind, tagger->back, behind);
        lanes_level(behind);
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

#include "tagger_score.h"

#include <stdio.h>
#include <time.h>

#define KINDS 4 /* name, place, house, any */
#define LOWER 4 /* thresholds of the margin */

static const int lower[LOWER] = { 0, -16, -32, -48 };

struct count {
    unsigned gold, found, tagged, right; /* tokens */
    unsigned marks, covered;             /* whole identifiers, every token of them tagged somehow */
};

struct score {
    struct count kinds[KINDS];
    struct {
        unsigned tagged, right, covered;
    } lower[LOWER];
    unsigned tokens;
};

static unsigned kind_of(unsigned tag)
{
    return (tag - 1) / 2;
}

static void token_count(struct score *score, unsigned gold, struct deid_tagged tagged)
{
    unsigned tag = tagged.tag, i;

    score->tokens++;
    if (gold != DEID_TAG_OUTSIDE) {
        score->kinds[kind_of(gold)].gold++;
        score->kinds[KINDS - 1].gold++;
        score->kinds[kind_of(gold)].found += tag != DEID_TAG_OUTSIDE;
        score->kinds[KINDS - 1].found += tag != DEID_TAG_OUTSIDE;
    }
    if (tag != DEID_TAG_OUTSIDE) {
        score->kinds[kind_of(tag)].tagged++;
        score->kinds[KINDS - 1].tagged++;
        score->kinds[kind_of(tag)].right +=
            gold != DEID_TAG_OUTSIDE && kind_of(gold) == kind_of(tag);
        score->kinds[KINDS - 1].right += gold != DEID_TAG_OUTSIDE;
    }
    for (i = 0; i < LOWER; i++)
        if (tagged.margin > lower[i]) {
            score->lower[i].tagged++;
            score->lower[i].right += gold != DEID_TAG_OUTSIDE;
        }
}

static void marks_count(struct score *score, const struct tagger_example *example,
                        const struct deid_tagged *tagged)
{
    unsigned at = 0, i;

    while (at < example->count) {
        unsigned end = at + 1, kind;
        int least;

        if (!deid_tag_is_begin(example->gold[at])) {
            at++;
            continue;
        }
        kind = kind_of(example->gold[at]);
        while (end < example->count && example->gold[end] == example->gold[at] + 1)
            end++;
        for (least = tagged[at].margin, i = at; i < end; i++)
            least = tagged[i].margin < least ? tagged[i].margin : least;
        score->kinds[kind].marks++;
        score->kinds[KINDS - 1].marks++;
        score->kinds[kind].covered += least > 0;
        score->kinds[KINDS - 1].covered += least > 0;
        for (i = 0; i < LOWER; i++)
            score->lower[i].covered += least > lower[i];
        at = end;
    }
}

static void example_tag(const struct deid_tagger *tagger, const struct tagger_example *example,
                        struct deid_tagged *tagged)
{
    unsigned at, size;

    for (at = 0; at < example->count; at += size) {
        size = example->count - at < DEID_TAGGER_CHUNK ? example->count - at : DEID_TAGGER_CHUNK;
        deid_tagger_tag(tagger, example->views + DEID_VIEW_AROUND + at, size, tagged + at);
    }
}

static double share(unsigned part, unsigned whole)
{
    return whole == 0 ? 1 : (double)part / whole;
}

static void score_print(const char *what, const struct score *score)
{
    static const char *const names[KINDS] = { "name", "place", "house", "any" };
    unsigned i;

    printf("%s: %u tokens\n", what, score->tokens);
    for (i = 0; i < KINDS; i++)
        printf("  %-6s tokens %6u  recall %.4f  precision %.4f   whole %5u of %5u  %.4f\n",
               names[i], score->kinds[i].gold, share(score->kinds[i].found, score->kinds[i].gold),
               share(score->kinds[i].right, score->kinds[i].tagged), score->kinds[i].covered,
               score->kinds[i].marks, share(score->kinds[i].covered, score->kinds[i].marks));
    for (i = 1; i < LOWER; i++)
        printf("  margin over %3d: recall %.4f  precision %.4f   whole %.4f\n", lower[i],
               share(score->lower[i].right, score->kinds[KINDS - 1].gold),
               share(score->lower[i].right, score->lower[i].tagged),
               share(score->lower[i].covered, score->kinds[KINDS - 1].marks));
}

void tagger_score_print(const char *what, const struct deid_tagger *tagger,
                        const struct tagger_examples *examples)
{
    struct arena arena = { 0 };
    struct score score = { .tokens = 0 };
    unsigned i, t;

    arena_init(&arena, (size_t)64 << 20);
    for (i = 0; i < examples->count; i++) {
        const struct tagger_example *example = &examples->items[i];
        struct arena_mark mark = arena_mark(&arena);
        struct deid_tagged *tagged = ARENA_ARRAY(&arena, struct deid_tagged, example->count);

        if (tagged == NULL)
            break;
        example_tag(tagger, example, tagged);
        for (t = 0; t < example->count; t++)
            token_count(&score, example->gold[t], tagged[t]);
        marks_count(&score, example, tagged);
        arena_rewind(&arena, mark);
    }
    arena_close(&arena);
    score_print(what, &score);
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double tagger_score_speed(const struct deid_tagger *tagger, const struct tagger_examples *examples)
{
    struct deid_tagged tagged[DEID_TAGGER_CHUNK];
    double start = seconds();
    uint64_t tokens = 0;
    unsigned i;

    for (i = 0; i < examples->count; i++) {
        unsigned count = examples->items[i].count < DEID_TAGGER_CHUNK ? examples->items[i].count
                                                                      : DEID_TAGGER_CHUNK;
        deid_tagger_tag(tagger, examples->items[i].views + DEID_VIEW_AROUND, count, tagged);
        tokens += count;
    }
    return (double)tokens / (seconds() - start + 1e-9);
}

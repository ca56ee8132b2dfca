/* rank → a line for each course, more of it the better its rank, while the budget holds → what is
 * left goes into more dates and values of the best → sorted for reading → ids and headings. */
#include "context_slice.h"

#include <stdlib.h>

#include "context_line.h"

#define HEADING_BYTES 16 /* of a kind's heading, at most, with its line's end */
#define ID_BYTES 8       /* "[1234] " and the line's end */

/* How many dates or values a line shows: of the best few, of the next, of the others. */
static const struct {
    uint32_t ranks;
    uint32_t shown;
} levels[] = { { 8, 16 }, { 40, 6 }, { UINT32_MAX, 3 } };

#define SHOWN_MAX 64

struct packed {
    uint32_t course;
    uint32_t rank;
    uint32_t shown;
    struct slice text;
    uint32_t *facts;
    uint32_t count, told;
    bool bears;
};

struct packing {
    const struct record *record;
    const struct courses *courses;
    const struct period *period;
    const struct ranking *ranking;
    struct arena *arena;
    struct packed *items;
    uint32_t count;
    uint32_t kinds; /* that have a heading */
    size_t left;    /* bytes */
    struct buffer scratch;
};

static uint32_t shown_at(uint32_t rank)
{
    size_t i = 0;

    while (rank >= levels[i].ranks)
        i++;
    return levels[i].shown;
}

static bool make_line(struct packing *packing, struct packed *item)
{
    const struct course *course = &packing->courses->items[item->course];
    struct course narrow;
    struct line line;

    packing->scratch.size = 0;
    if (packing->period->is_asked) {
        narrow = course_narrow(packing->record, course, packing->period->from, packing->period->to);
        course = narrow.count > 0 ? &narrow : course;
    }
    if (!line_of_course(packing->record, course, packing->ranking, item->shown, &packing->scratch,
                        packing->arena, &line))
        return false;
    item->facts = line.facts;
    item->count = line.count;
    item->told = line.told;
    item->text = buffer_slice(&packing->scratch);
    return true;
}

static bool keep_text(struct packing *packing, struct packed *item)
{
    item->text = arena_copy(packing->arena, item->text);
    return item->text.data != NULL;
}

static size_t heading_cost(const struct packing *packing, enum fact_kind kind)
{
    return packing->kinds >> kind & 1 ? 0 : HEADING_BYTES;
}

static enum status no_room(struct error *err)
{
    return error_set(err, STATUS_RESOURCE_EXHAUSTED, "no room for the slice");
}

/* A long line that does not fit does not keep a shorter one out. */
static bool pack(struct packing *packing)
{
    const struct ranked *ranked = packing->ranking->items;

    for (uint32_t rank = 0; rank < packing->courses->count; rank++) {
        struct packed *item = &packing->items[packing->count];
        enum fact_kind kind = packing->courses->items[ranked[rank].course].kind;
        size_t cost;

        if (packing->left < 24)
            break;
        *item = (struct packed){ .course = ranked[rank].course,
                                 .rank = rank,
                                 .shown = shown_at(rank),
                                 .bears = ranked[rank].bears };
        if (!make_line(packing, item))
            return false;
        cost = item->text.size + ID_BYTES + heading_cost(packing, kind);
        if (cost > packing->left)
            continue;
        if (!keep_text(packing, item))
            return false;
        packing->left -= cost;
        packing->kinds |= 1u << kind;
        packing->count++;
    }
    return true;
}

/* Twice as much of each, from the best down, until the budget is used. */
static bool unfold(struct packing *packing)
{
    for (uint32_t shown = 8; shown <= SHOWN_MAX; shown *= 2)
        for (uint32_t i = 0; i < packing->count && packing->left > 64; i++) {
            struct packed *item = &packing->items[i], more = *item;

            if (item->shown >= shown || packing->courses->items[item->course].count <= item->shown)
                continue;
            more.shown = shown;
            if (!make_line(packing, &more))
                return false;
            if (more.text.size > item->text.size + packing->left)
                continue;
            packing->left -= more.text.size - item->text.size;
            if (!keep_text(packing, &more))
                return false;
            *item = more;
        }
    return true;
}

/* Who, problems, medications, allergies; then what was found and done. */
static int compare_for_reading(const void *a, const void *b, void *arg)
{
    const struct packed *x = a, *y = b;
    const struct courses *courses = arg;
    const struct course *p = &courses->items[x->course], *q = &courses->items[y->course];
    static const uint8_t groups[FACT_KINDS] = {
        [FACT_DEMOGRAPHICS] = 1, [FACT_CONDITION] = 2,   [FACT_MEDICATION] = 3,
        [FACT_ALLERGY] = 4,      [FACT_OBSERVATION] = 5, [FACT_PROCEDURE] = 6,
        [FACT_IMMUNIZATION] = 7, [FACT_ENCOUNTER] = 8,   [FACT_REPORT] = 9,
        [FACT_NOTE] = 10,        [FACT_CARE_PLAN] = 11,  [FACT_DEVICE] = 12,
        [FACT_IMAGING] = 13,     [FACT_OTHER] = 14
    };

    if (groups[p->kind] != groups[q->kind])
        return groups[p->kind] - groups[q->kind];
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static void render(const struct packing *packing, struct buffer *buffer, struct slice_text *out)
{
    enum fact_kind heading = FACT_DEMOGRAPHICS;

    for (uint32_t i = 0; i < packing->count; i++) {
        const struct packed *item = &packing->items[i];
        enum fact_kind kind = packing->courses->items[item->course].kind;

        if (kind != heading) {
            buffer_put_string(buffer, line_heading(kind));
            buffer_put_byte(buffer, '\n');
            heading = kind;
        }
        buffer_format(buffer, "[%u] ", i + 1);
        buffer_put(buffer, item->text);
        buffer_put_byte(buffer, '\n');
        out->lines[i] = (struct slice_line){ i + 1,       item->text, item->facts,
                                             item->count, item->told, item->bears };
    }
}

static enum status finish(struct packing *packing, struct slice_text *out, struct error *err)
{
    struct buffer buffer;

    qsort_r(packing->items, packing->count, sizeof(packing->items[0]), compare_for_reading,
            (void *)packing->courses);
    out->lines = ARENA_ARRAY(packing->arena, struct slice_line, packing->count);
    out->count = packing->count;
    if (out->lines == NULL)
        return no_room(err);
    buffer_init(&buffer, packing->arena);
    render(packing, &buffer, out);
    out->text = buffer_slice(&buffer);
    return buffer.is_full ? no_room(err) : STATUS_OK;
}

static enum status slice_in_bytes(const struct record *record, const struct courses *courses,
                                  const struct ranking *ranking, const struct period *period,
                                  size_t bytes, struct arena *arena, struct slice_text *out,
                                  struct error *err)
{
    struct packing packing = { record, courses, period, ranking, arena, .left = bytes };

    packing.kinds = 1u << FACT_DEMOGRAPHICS; /* needs no heading */
    packing.items = ARENA_ARRAY(arena, struct packed, courses->count + 1);
    buffer_init(&packing.scratch, arena);
    if (packing.items == NULL || !pack(&packing) || !unfold(&packing))
        return no_room(err);
    return finish(&packing, out, err);
}

static size_t count_characters(struct slice text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

enum status context_slice(const struct record *record, const struct courses *courses,
                          struct slice question, uint32_t budget_tokens,
                          const struct slice_measure *measure, uint32_t without,
                          struct arena *arena, struct slice_text *out, struct error *err)
{
    return context_slice_near(record, courses, question, NULL, budget_tokens, measure, without,
                              arena, out, err);
}

enum status context_slice_near(const struct record *record, const struct courses *courses,
                               struct slice question, const struct rank_nearness *near,
                               uint32_t budget_tokens, const struct slice_measure *measure,
                               uint32_t without, struct arena *arena, struct slice_text *out,
                               struct error *err)
{
    struct period period =
        without >> RANK_TIME & 1 ? (struct period){ 0 } : period_find(question, courses->end);
    struct ranking *ranking =
        context_rank(record, courses, question, near, &period, without, arena);
    double per_token = measure->bytes_per_token > 0 ? (double)measure->bytes_per_token : 3.0;
    struct arena_mark mark = arena_mark(arena);
    enum status status;

    *out = (struct slice_text){ 0 };
    if (ranking == NULL)
        return no_room(err);
    for (unsigned tries = 0; tries < 8; tries++) {
        arena_rewind(arena, mark);
        *out = (struct slice_text){ 0 };
        status = slice_in_bytes(record, courses, ranking, &period,
                                (size_t)(budget_tokens * per_token), arena, out, err);
        if (status != STATUS_OK)
            return status;
        if (measure->bytes_per_token > 0) {
            out->tokens =
                (size_t)(((double)count_characters(out->text) + per_token - 1) / per_token);
            return STATUS_OK;
        }
        out->tokens = measure->count(measure->arg, out->text);
        if (out->tokens <= budget_tokens)
            return STATUS_OK;
        /* A model's tokens are shorter than was thought: again, with what they are. */
        per_token = per_token * 0.98 * budget_tokens / (double)out->tokens;
    }
    *out = (struct slice_text){ 0 };
    return STATUS_OK;
}

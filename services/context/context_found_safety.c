#include "context_found_safety.h"

#include <ctype.h>

/* Of one answer; more stand as they came. */
#define SENTENCES_MAX 64

void found_sentence_begin(struct found_sentence *sentence, struct finding *finding)
{
    sentence->finding = finding;
    sentence->start = finding->out->size;
    sentence->count = 0;
}

void found_sentence_rest_on(struct found_sentence *sentence, uint32_t fact)
{
    const uint32_t *ids = sentence->finding->ids;
    uint32_t at;

    for (uint32_t i = 0; i < sentence->count; i++)
        if (ids[sentence->facts[i]] == ids[fact])
            return;
    if (sentence->count == FOUND_CITED_MAX)
        return;
    for (at = sentence->count++; at > 0 && ids[sentence->facts[at - 1]] > ids[fact]; at--)
        sentence->facts[at] = sentence->facts[at - 1];
    sentence->facts[at] = fact;
}

void found_sentence_end(struct found_sentence *sentence)
{
    struct buffer *out = sentence->finding->out;

    buffer_put_byte(out, ' ');
    for (uint32_t i = 0; i < sentence->count; i++)
        buffer_format(out, "[%u]", sentence->finding->ids[sentence->facts[i]]);
    buffer_put_string(out, ".\n");
    if (out->size > sentence->finding->end_max)
        out->size = sentence->start;
}

void found_put_drug(struct buffer *out, uint32_t drug, bool is_first)
{
    struct slice name = slice_from(thing_name(drug)), kind = SLICE(" drug");

    /* A vitamin that is also a test's name has the word behind its own. */
    if (slice_ends_with(name, kind))
        name = slice_cut(name, 0, name.size - kind.size);
    if (is_first && name.size > 0)
        buffer_put_byte(out, (char)toupper((unsigned char)name.data[0]));
    buffer_put(out, slice_cut(name, is_first, name.size));
}

uint32_t found_newest(const struct finding *finding, const struct course *course)
{
    uint32_t newest = UINT32_MAX;

    for (uint32_t i = course->count; i-- > 0;) {
        uint32_t fact = course->facts[i];

        if (finding->ids[fact] == 0)
            continue;
        if (!fact_lasts(found_fact(finding, fact)) || found_fact(finding, fact)->is_active)
            return fact;
        if (newest == UINT32_MAX)
            newest = fact;
    }
    return newest;
}

void found_put_day(struct buffer *out, const char *before, const struct fhir_date *date)
{
    char text[FHIR_DATE_TEXT_BYTES];
    size_t size = fhir_date_format(date, text);

    buffer_put_string(out, before);
    buffer_put(out, slice_of(text, size));
}

/* ---- in the order of the lines that they cite ---- */

struct told {
    struct slice text; /* with its line's end */
    struct slice cited;
};

/* "[3][12]", the end of a sentence. */
static struct slice cited_in(struct slice line)
{
    size_t begin = line.size, end = line.size - 2;

    while (begin > 0 && line.data[begin - 1] != ' ')
        begin--;
    return slice_cut(line, begin, end);
}

static uint32_t take_id(struct slice *cited)
{
    uint32_t id = 0;
    size_t i = 1;

    for (; i < cited->size && cited->data[i] != ']'; i++)
        id = id * 10 + (uint32_t)(cited->data[i] - '0');
    *cited = slice_cut(*cited, i + 1, cited->size);
    return id;
}

static bool is_before(struct slice a, struct slice b)
{
    while (a.size > 0 && b.size > 0) {
        uint32_t x = take_id(&a), y = take_id(&b);

        if (x != y)
            return x < y;
    }
    return a.size < b.size;
}

static void sort_sentences(struct finding *finding, size_t start)
{
    struct slice rest = slice_cut(buffer_slice(finding->out), start, finding->out->size);
    struct told told[SENTENCES_MAX];
    size_t count = 0, at;

    rest = arena_copy(finding->arena, rest);
    while (rest.size > 0 && count < SENTENCES_MAX) {
        size_t size = slice_find_byte(rest, '\n') + 1;
        struct slice line = slice_cut(rest, 0, size), cited = cited_in(line);

        for (at = count++; at > 0 && is_before(cited, told[at - 1].cited); at--)
            told[at] = told[at - 1];
        told[at] = (struct told){ line, cited };
        rest = slice_cut(rest, size, rest.size);
    }
    if (count < 2 || rest.size > 0)
        return;
    finding->out->size = start;
    for (at = 0; at < count; at++)
        buffer_put(finding->out, told[at].text);
}

void found_tell_safety(struct finding *finding, const struct safety_question *asked)
{
    size_t start = finding->out->size;

    switch (asked->asks) {
    case SAFETY_INTERACTION:
        found_tell_interactions(finding, asked);
        break;
    case SAFETY_RENAL:
        found_tell_renal(finding, asked);
        break;
    case SAFETY_SCREENING:
        found_tell_screenings(finding, asked);
        break;
    case SAFETY_NONE:
        break;
    }
    sort_sentences(finding, start);
    if (finding->out->size == start)
        buffer_put_string(finding->out, "nothing\n");
}

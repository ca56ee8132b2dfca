#include "context_found_safety.h"

#include <ctype.h>

void found_sentence_begin(struct found_sentence *sentence, struct finding *finding)
{
    sentence->finding = finding;
    sentence->start = finding->out->size;
    sentence->count = 0;
}

void found_sentence_rest_on(struct found_sentence *sentence, uint32_t fact)
{
    const uint32_t *ids = sentence->finding->ids;

    for (uint32_t i = 0; i < sentence->count; i++)
        if (ids[sentence->facts[i]] == ids[fact])
            return;
    if (sentence->count < FOUND_CITED_MAX)
        sentence->facts[sentence->count++] = fact;
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
    struct slice name = slice_from(thing_name(drug));

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
    if (finding->out->size == start)
        buffer_put_string(finding->out, "nothing\n");
}

#include "consilium_timeline_answer.h"

#include <math.h>

#include "consilium_paint.h"
#include "context_line.h"

static const char *const flags[] = { "", "low", "high", "abnormal" };

static void put_date(struct buffer *out, const struct fhir_date *date)
{
    char text[FHIR_DATE_TEXT_BYTES];

    buffer_put(out, slice_of(text, fhir_date_format(date, text)));
}

static void put_member(struct buffer *out, const char *name, struct slice text)
{
    if (text.size == 0)
        return;
    buffer_format(out, ",\"%s\":", name);
    buffer_put_json(out, text);
}

static void put_date_member(struct buffer *out, const char *name, const struct fhir_date *date)
{
    char text[FHIR_DATE_TEXT_BYTES];

    put_member(out, name, slice_of(text, fhir_date_format(date, text)));
}

/* The fact's own resource, then those that say the same. */
static void put_sources(struct buffer *out, const struct fact *fact)
{
    struct slice also = fact->also;

    buffer_put_string(out, "{\"sources\":[");
    buffer_put_json(out, fact->reference);
    while (also.size > 0) {
        size_t end = slice_find_byte(also, '\n');

        buffer_put_byte(out, ',');
        buffer_put_json(out, slice_cut(also, 0, end));
        also = slice_cut(also, end + 1, also.size);
    }
    buffer_put_byte(out, ']');
}

static void put_number(struct buffer *out, const char *name, double number)
{
    buffer_format(out, ",\"%s\":%.15g", name, number);
}

static void put_item(struct buffer *out, const struct timeline_item *item)
{
    const struct fact *fact = item->fact;

    put_sources(out, fact);
    put_member(out, "path", fact->path);
    put_member(out, "kind", fact->noun);
    put_date_member(out, "date", &fact->date);
    put_date_member(out, "end", &fact->end);
    put_member(out, "label", fact->label);
    put_member(out, "value", fact->value);
    put_member(out, "status", fact->status);
    put_member(out, "who", fact->who);
    if (!isnan(item->number)) {
        put_number(out, "number", item->number);
        put_member(out, "bound", slice_from(measure_bound_text(item->measure->bound)));
    }
    put_member(out, "flag", slice_from(flags[fact->flag]));
    buffer_format(out, ",\"certain\":%s}", item->is_certain ? "true" : "false");
}

static void put_trend(struct buffer *out, const struct timeline_answer *answer)
{
    const struct timeline_trend *trend = &answer->trend;

    buffer_format(out, ",\"trend\":{\"direction\":\"%s\",\"points\":%u", trend->direction,
                  trend->points);
    if (trend->points > 0) {
        put_number(out, "slope_a_year", trend->slope_a_year);
        put_number(out, "change", trend->change);
        put_number(out, "low", trend->least);
        put_number(out, "high", trend->most);
        put_number(out, "last", trend->last);
    }
    buffer_put_byte(out, '}');
}

void timeline_answer_put_json(struct buffer *out, struct slice text,
                              const struct timeline_question *question,
                              const struct timeline_answer *answer)
{
    buffer_put_string(out, "{\"question\":");
    buffer_put_json(out, text);
    buffer_format(out, ",\"count\":%u,\"certain\":%u,\"undated\":%u,\"other_units\":%u",
                  answer->count, answer->certain, answer->undated, answer->other_units);
    put_member(out, "unit", answer->unit);
    if (question->verb == TIMELINE_TREND)
        put_trend(out, answer);
    buffer_put_string(out, ",\"items\":[");
    for (uint32_t i = 0; i < answer->count; i++) {
        if (i > 0)
            buffer_put_byte(out, ',');
        put_item(out, &answer->items[i]);
    }
    buffer_put_string(out, "]}\n");
}

/* ---- for people ---- */

static void put_item_line(struct buffer *out, const struct timeline_item *item, struct slice unit)
{
    const struct fact *fact = item->fact;
    size_t start = out->size;

    buffer_put_string(out, "  ");
    put_date(out, &fact->date);
    while (!out->is_full && out->size - start < 14)
        buffer_put_byte(out, ' ');
    buffer_format(out, "%s%.*s%s", paint(PAINT_BOLD), SLICE_FORMAT(fact->label),
                  paint(PAINT_PLAIN));
    if (!isnan(item->number))
        buffer_format(out, "  %s%s%.6g%s%.*s%s",
                      fact->flag == FACT_FLAG_NONE ? "" : paint(PAINT_BAD),
                      measure_bound_text(item->measure->bound), item->number,
                      unit.size > 0 ? " " : "", SLICE_FORMAT(unit), paint(PAINT_PLAIN));
    else if (fact->value.size > 0)
        buffer_format(out, "  %.*s", SLICE_FORMAT(fact->value));
    if (fact->flag != FACT_FLAG_NONE)
        buffer_format(out, " (%s)", flags[fact->flag]);
    if (fact_lasts(fact) && fact->status.size > 0)
        buffer_format(out, ", %.*s", SLICE_FORMAT(fact->status));
    if (fact->end.precision != FHIR_PRECISION_NONE) {
        buffer_put_string(out, ", until ");
        put_date(out, &fact->end);
    }
    buffer_format(out, "%s%s  %.*s", item->is_certain ? "" : "  (not certain)", paint(PAINT_DIM),
                  SLICE_FORMAT(fact->reference));
    if (fact->also.size > 0)
        buffer_put_string(out, " and copies");
    buffer_format(out, "%s\n", paint(PAINT_PLAIN));
}

static void put_heading(struct buffer *out, struct slice text,
                        const struct timeline_question *question,
                        const struct timeline_answer *answer)
{
    buffer_format(out, "%.*s: ", SLICE_FORMAT(text));
    if (question->verb == TIMELINE_TREND && answer->trend.points > 1) {
        buffer_format(out, "%s, %u values", answer->trend.direction, answer->trend.points);
        buffer_format(out, ", %+.3g %.*s a year, low %.6g, high %.6g, last %.6g",
                      answer->trend.slope_a_year, SLICE_FORMAT(answer->unit), answer->trend.least,
                      answer->trend.most, answer->trend.last);
    } else if (answer->count == 0) {
        buffer_put_string(out, "none");
    } else {
        buffer_format(out, "%u", answer->count);
    }
    if (answer->certain < answer->count)
        buffer_format(out, ", %u of them certain", answer->certain);
    if (answer->undated > 0)
        buffer_format(out, "; %u more without a date", answer->undated);
    if (answer->other_units > 0)
        buffer_format(out, "; %u in a unit that cannot be compared", answer->other_units);
    buffer_put_byte(out, '\n');
}

void timeline_answer_put_text(struct buffer *out, struct slice text,
                              const struct timeline_question *question,
                              const struct timeline_answer *answer)
{
    put_heading(out, text, question, answer);
    for (uint32_t i = 0; i < answer->count && question->verb != TIMELINE_COUNT; i++)
        put_item_line(out, &answer->items[i], answer->unit);
}

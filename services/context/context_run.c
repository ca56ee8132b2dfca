/* Numbers are told as they were written, in the unit of the newest: what was measured in another is
 * converted, where there is a way, and else stands with its own unit and counts for no extreme. */
#include "context_run.h"

#include "base/utf8.h"
#include "context_analyte.h"
#include "context_render.h"

/* Bytes of an old value, and of what is said of the newest. */
#define VALUE_BYTES_MAX 40
#define DETAIL_BYTES_MAX 60

void run_tell(struct run *run, uint32_t place)
{
    if (place >= run->course->count - run->newest)
        return;
    for (uint32_t i = 0; i < run->others_count; i++)
        if (run->others[i] == place)
            return;
    run->others[run->others_count++] = place;
}

const struct fact *run_fact(const struct run *run, uint32_t place, struct fact *room)
{
    return record_fact(run->record, run->course->facts[place], room);
}

/* "7.2" of "7.2 %" as a number; of "120/80 mmHg" the first. Digits and a point, as values are
 * rendered: strtod would be most of what a long run takes. */
static bool number_of(const struct fact *fact, double *number)
{
    struct slice text = fact->value;
    size_t at = text.size > 0 && text.data[0] == '-';
    double value = 0, tenth = 1;
    bool is_fraction = false, has_digit = false;

    for (; at < text.size; at++) {
        char c = text.data[at];

        if (c == '.' && !is_fraction) {
            is_fraction = true;
            continue;
        }
        if (c < '0' || c > '9')
            break;
        has_digit = true;
        value = value * 10 + (c - '0');
        tenth *= is_fraction ? 10 : 1;
    }
    *number = (text.size > 0 && text.data[0] == '-' ? -value : value) / tenth;
    return has_digit;
}

static struct slice short_value(const struct fact *fact)
{
    struct slice value = slice_cut(fact->value, 0, VALUE_BYTES_MAX);

    return slice_cut(value, 0, utf8_whole_prefix(value));
}

/* The number without its unit. */
static struct slice bare_value(const struct fact *fact)
{
    double number;
    struct slice value = short_value(fact);

    if (!number_of(fact, &number))
        return value;
    return slice_cut(value, 0, slice_find_byte(value, ' '));
}

static struct slice unit_of(const struct fact *fact)
{
    return slice_cut(fact->value, slice_find_byte(fact->value, ' ') + 1, fact->value.size);
}

static void read_unit(struct run *run)
{
    struct measure measures[FACT_MEASURES_MAX];
    struct fact room;
    const struct fact *last =
        record_measured(run->record, run->course->facts[run->course->count - 1], &room, measures);

    run->unit_text = unit_of(last);
    run->has_unit = last->measures_count == 1 && unit_parse(last->measures[0].unit, &run->unit);
}

/* From its own unit. False: there is no way. */
static bool convert(const struct run *run, uint32_t place, double *number)
{
    struct measure measures[FACT_MEASURES_MAX];
    struct fact room;
    const struct fact *fact =
        record_measured(run->record, run->course->facts[place], &room, measures);
    struct unit own;

    return run->has_unit && fact->measures_count == 1 && unit_parse(fact->measures[0].unit, &own)
           && unit_convert(decimal_value(&fact->measures[0].value), &own, &run->unit,
                           analyte_find(fact->codes), number);
}

/* The number of @fact, at @place, in the run's unit. */
static bool number_at(const struct run *run, uint32_t place, const struct fact *fact,
                      double *number, bool *is_converted)
{
    *is_converted = false;
    if (!number_of(fact, number))
        return false;
    if (slice_equal(unit_of(fact), run->unit_text))
        return true;
    *is_converted = true;
    return convert(run, place, number);
}

/* As it was written, without the unit that all have; in another unit converted, or else with it. */
static void put_number_at(struct buffer *buffer, const struct run *run, uint32_t place,
                          const struct fact *fact)
{
    bool is_converted;
    double number;

    if (!number_at(run, place, fact, &number, &is_converted))
        buffer_put(buffer, short_value(fact));
    else if (is_converted)
        buffer_format(buffer, "%.4g", number);
    else
        buffer_put(buffer, bare_value(fact));
}

static void find_extremes(struct run *run)
{
    double low = 0, high = 0, number;
    bool is_converted;
    struct fact room;

    read_unit(run);
    run->low = run->high = UINT32_MAX;
    for (uint32_t i = 0; i < run->course->count; i++) {
        if (!number_at(run, i, run_fact(run, i, &room), &number, &is_converted))
            continue;
        if (run->low == UINT32_MAX || number < low) {
            low = number;
            run->low = i;
        }
        if (run->high == UINT32_MAX || number >= high) {
            high = number;
            run->high = i;
        }
    }
}

static void put_valued(struct buffer *buffer, const char *before, const struct run *run,
                       uint32_t place)
{
    struct fact room;
    const struct fact *fact = run_fact(run, place, &room);

    buffer_put_string(buffer, before);
    put_number_at(buffer, run, place, fact);
    buffer_put_string(buffer, " (");
    render_day(&fact->date, buffer);
    buffer_put_byte(buffer, ')');
}

/* Of words: each other word once, newest first. */
static void put_other_words(struct buffer *buffer, struct run *run, uint32_t shown_max)
{
    struct slice told[RUN_WORDS_MAX];
    struct fact room;
    uint32_t count = 1;

    told[0] = run_fact(run, run->course->count - 1, &room)->value;
    for (uint32_t i = run->course->count - 1;
         i-- > 0 && count < RUN_WORDS_MAX && count < shown_max;) {
        const struct fact *fact = run_fact(run, i, &room);
        bool is_told = fact->value.size == 0;

        for (uint32_t j = 0; j < count && !is_told; j++)
            is_told = slice_equal(told[j], fact->value);
        if (is_told)
            continue;
        buffer_put_string(buffer, count == 1 ? "; before " : ", ");
        buffer_put(buffer, short_value(fact));
        run_tell(run, i);
        told[count++] = fact->value;
    }
}

static void put_numbers(struct buffer *buffer, struct run *run, uint32_t shown_max)
{
    uint32_t last = run->course->count - 1;
    struct fact room;

    run->newest = last < shown_max ? last + 1 : shown_max;
    for (uint32_t i = last; i-- > 0 && last - i < shown_max;) {
        if (shown_max > 6) {
            put_valued(buffer, i + 1 == last ? "; before " : ", ", run, i);
        } else {
            buffer_put_string(buffer, i + 1 == last ? "; before " : " ");
            put_number_at(buffer, run, i, run_fact(run, i, &room));
        }
    }
    if (last < shown_max)
        return;
    put_valued(buffer, "; low ", run, run->low);
    put_valued(buffer, ", high ", run, run->high);
    run_tell(run, run->low);
    run_tell(run, run->high);
}

void run_put(struct run *run, uint32_t shown_max, struct buffer *buffer)
{
    static const char *const flags[] = { "", " (low)", " (high)", " (abnormal)" };
    struct fact first_room, last_room;
    const struct fact *first = run_fact(run, 0, &first_room),
                      *last = run_fact(run, run->course->count - 1, &last_room);

    buffer_put(buffer, run->course->label);
    buffer_format(buffer, " x%u, ", run->course->count);
    render_day(&first->date, buffer);
    buffer_put_string(buffer, " to ");
    render_day(&last->date, buffer);
    run->newest = 1;
    if (last->value.size == 0) {
        run_tell(run, 0);
        return;
    }
    buffer_put_string(buffer, ": last ");
    buffer_put(buffer, last->value);
    buffer_put_string(buffer, flags[last->flag]);
    if (last->detail.size > 0) {
        struct slice words = slice_cut(last->detail, 0, DETAIL_BYTES_MAX);

        buffer_format(buffer, " (%.*s)", (int)utf8_whole_prefix(words), words.data);
    }
    find_extremes(run);
    if (run->low == UINT32_MAX)
        put_other_words(buffer, run, shown_max);
    else
        put_numbers(buffer, run, shown_max);
    run_tell(run, 0);
}
